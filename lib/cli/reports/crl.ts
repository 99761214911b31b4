import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import type { CrlState, FolderList } from '../../keystore/crl/state.ts'
import { folderFlags } from '../command-line/options.ts'
import { until } from './time-left.ts'

/** The lists as JSON. */
export function crlData({ path, lists, nextUpdate, faults, keptAside }: CrlState): object {
  const aside = keptAside !== undefined && { keptAside }
  return { path, ...(lists[0] && { number: lists[0].number }), nextUpdate, lists, faults, ...aside }
}

/** A line for each list. */
export function crlLines({ lists }: CrlState): string[] {
  return lists.map(listLine)
}

function listLine({ ca, number, nextUpdate, serials }: FolderList): string {
  const count = serials.length === 1 ? '1 revoked certificate' : `${serials.length} revoked certificates`
  return `of the CA ${ca.name}: ${count}, number ${number}, ${until(nextUpdate)}`
}

/** What is wrong with the lists, and the command that mends it. */
export function crlWarnings({ path, faults }: CrlState, dir: string): Sentence[] {
  const mend = ours('cert', 'crl', ...folderFlags(dir))
  return faults.map((fault) => sentence`The revocation list ${path}: ${fault}. Write it again:  ${mend}`)
}

/** The new list may lack revocations of a file that could not be read. */
export function keptAsideWarnings({ keptAside }: Pick<CrlState, 'keptAside'>): Sentence[] {
  if (keptAside === undefined) return []
  return [
    `The old revocation list could not be read, and is now ${keptAside}. If the new one lacks a revoked certificate, a gateway that gets it accepts that certificate again.`,
  ]
}
