import { plainTexts, sentencesIn } from '../../base/sentence.ts'
import type { FolderLeafOptions, FolderLeafResult, PkiFolder } from '../../keystore/keystore.ts'
import type { Answer, Context } from '../command.ts'
import { issuedData } from '../reports/data.ts'
import { certificateOptions, keyTypeWarnings, type CertificateFlags } from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { withFolder, type FolderFlags } from './key-folder.ts'

/** The flags of `cert server` and `cert client`. */
export interface LeafFlags extends PassphraseFlags, CertificateFlags, FolderFlags {
  readonly force?: true
  readonly renew?: true
  readonly json?: true
}

/** Issues a certificate for a server or client, or keeps the existing one. */
export async function issueLeaf(
  flags: LeafFlags,
  context: Context,
  ensure: (folder: PkiFolder, options: FolderLeafOptions) => Promise<FolderLeafResult>,
): Promise<FolderLeafResult> {
  const { PkiFolder } = await import('../../keystore/keystore.ts')
  const { dir, days, force = false, renew = false } = await withFolder(flags, context)
  const folder = new PkiFolder(dir)
  const options = { force, renew, ...(await certificateOptions(flags)) }
  const run = (passphrase: string | undefined): Promise<FolderLeafResult> =>
    ensure(folder, { ...options, ...(passphrase !== undefined && { passphrase }) })
  const result = await withPassphrase({ folder: dir, flags, run }, context)
  return days === undefined || result.action !== 'kept'
    ? result
    : { ...result, notes: plainTexts([...sentencesIn(result.notes), keptDays(result, days)]) }
}

function keptDays({ facts }: FolderLeafResult, days: string): string {
  return `It is kept, ${until(facts.validTo)}. To change how long it is valid:  --renew --days ${days}`
}

/** The answer of `cert server` and `cert client`. */
export function leafAnswer(
  what: string,
  result: FolderLeafResult,
  { keyType }: LeafFlags,
  context: Context,
): Answer & { readonly text: string } {
  const { action, paths, facts, keptAside, notes } = result
  const names = [...facts.names.dns, ...facts.names.ip]
  const about = [
    `${what}, ${keyName(facts)}, ${until(facts.validTo)}`,
    ...(names.length === 0 ? [] : [`for ${names.join(', ')}`]),
    ...oldFiles(keptAside),
    ...sentencesIn(notes),
  ]
  const text = summaryText({ action, path: `${paths.folder}/`, about }, context)
  return { data: issuedData(result), text: `${text}\n`, warnings: keyTypeWarnings(keyType) }
}
