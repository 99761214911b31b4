import { renderSentence, type Sentence } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { FileResult } from '../../base/rendered-file.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import { daysLeft } from './dates.ts'

/** A certificate for --json: its facts, with dates in ISO 8601, and the number of days left. */
export function certificateData<Facts extends CertificateFacts>(facts: Facts): Facts & { daysLeft: number } {
  return { ...facts, daysLeft: daysLeft(facts.validTo) }
}

/** Absolute paths, for programs that may run in another folder. */
export function absolutePaths<Paths extends object>(paths: Paths): Paths {
  const entries = Object.entries(paths).map(([name, path]) => [name, resolve(String(path))])
  return Object.fromEntries(entries) as Paths
}

/** Old files that are kept, for --json. */
export function keptData(keptAside: readonly string[]): string[] {
  return keptAside.map((path) => resolve(path))
}

/** A written file, for --json. */
export function fileData({ path, keptAside, ...rest }: FileResult): object {
  return { path: resolve(path), ...rest, keptAside: keptData(keptAside) }
}

/** By what a person recognizes a certificate. */
export type NamedCertificate = Pick<CertificateFacts, 'subject' | 'fingerprint256'>

/** The CAs that a client trusts, for --json. */
export function authoritiesData(authorities: readonly NamedCertificate[]): object[] {
  return authorities.map(({ subject, fingerprint256 }) => ({ subject, fingerprint256 }))
}

/** A certificate with its files, for --json. */
export function issuedData(issued: {
  readonly action: string
  readonly paths: object
  readonly facts: CertificateFacts
  readonly keptAside: readonly string[]
  readonly notes: readonly string[]
}): object {
  return {
    action: issued.action,
    paths: absolutePaths(issued.paths),
    certificate: certificateData(issued.facts),
    keptAside: keptData(issued.keptAside),
    notes: issued.notes,
  }
}

/** Warnings for --json. */
export function textsOf(warnings: readonly Sentence[]): string[] {
  return warnings.map((warning) => renderSentence(warning))
}
