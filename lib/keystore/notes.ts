import { isOpenToOthers } from '../base/replace-files.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

// Remarks about certificates and keys, for the results of several functions: sentences without a full stop.

/** The last day of a certificate's validity: `2026-11-25`. */
export function lastDay({ validTo }: CertificateFacts): string {
  return validTo.toISOString().slice(0, 10)
}

/** The remark about a key that other users can read; none if they can't. */
export async function openKeyNotes(path: string): Promise<Sentence[]> {
  if (!(await isOpenToOthers(path))) return []
  return [sentence`Other users can read ${path}. Restrict it:  ${command('chmod', '600', path)}`]
}

/** The remark about a certificate whose lifetime was shortened; none if it wasn't. */
export function cutNotes(facts: CertificateFacts, isCut: boolean): string[] {
  return isCut ? [`It expires with its CA, on ${lastDay(facts)}`] : []
}
