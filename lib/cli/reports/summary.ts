import type { Sentence } from '../../base/sentence.ts'
import { printableLines } from '../../base/text.ts'
import type { Context } from '../command.ts'
import type { NamedCertificate } from './data.ts'
import type { Style } from '../../base/terminal/colours.ts'
import { wrap } from '../../base/wrap.ts'

/** A file or folder in a report: whether it was created, its path, and details. */
export interface FileSummary {
  readonly action: 'created' | 'kept' | 'replaced'
  readonly path: string
  readonly about: readonly Sentence[]
}

const STYLES: Readonly<Record<FileSummary['action'], Style>> = { created: 'green', kept: 'dim', replaced: 'yellow' }

export function summaryText({ action, path, about }: FileSummary, { typed, paint, width }: Context): string {
  const indent = ' '.repeat(10)
  // Names in certificates may come from others.
  const lines = about.map((line) => wrap(printableLines(typed(line)), width, indent))
  return [`${paint(STYLES[action], action.padEnd(8))}  ${paint('bold', path)}`, ...lines].join('\n')
}

/** The CAs that a client trusts, for comparison. */
export function trustedCas(authorities: readonly NamedCertificate[]): string[] {
  return authorities.map(({ subject, fingerprint256 }) => `trusts servers of ${subject}, SHA-256 ${fingerprint256}`)
}

/** A warning about a file that the user will send. */
export const KEY_CARE =
  'It contains a private key: send it over a channel that nobody else can read, and delete it afterwards.'

/** The paths of the old files, which are kept. */
export function oldFiles(keptAside: readonly string[]): string[] {
  return keptAside.map((path) => `old: ${path}`)
}
