import { command, ours, sentence, type CommandPart, type Sentence } from '../../base/sentence.ts'
import { wrap } from '../../base/wrap.ts'
import { lifeInDays, type CrlState, type FolderList } from '../../keystore/crl/state.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { untilOf } from './time-left.ts'

/** Where `gateway render` expects the policy and the list. */
export const ON_GATEWAY = 'USER@GATEWAY:/etc/docker-mtls/'

/** The lists as JSON. */
export function crlData({ path, lists, nextUpdate, faults, keptAside }: CrlState): object {
  const aside = keptAside !== undefined && { keptAside }
  return { path, ...(lists[0] && { number: lists[0].number }), nextUpdate, lists, faults, ...aside }
}

/** A line for each list. */
export function crlLines({ lists }: CrlState): string[] {
  return lists.map(listLine)
}

function listLine({ ca, number, nextUpdate, serials, endsWithCa }: FolderList): string {
  const count = serials.length === 1 ? '1 revoked certificate' : `${serials.length} revoked certificates`
  return `of the CA ${ca.name}: ${count}, number ${number}, ${untilOf(nextUpdate, endsWithCa)}`
}

/** The command that writes lists with the same lifetime. */
export function writeAgain({ lists }: Pick<CrlState, 'lists'>, dir: string): CommandPart {
  const limited = lists.find(({ endsWithCa }) => !endsWithCa)
  return ours('cert', 'crl', ...(limited ? ['--for', `${lifeInDays(limited)}d`] : []), ...folderFlags(dir))
}

/** What brings the lists to gateways. */
export const COPY_TO_GATEWAYS = 'copy it to each gateway on another machine; setup --gateway copies it to its own hosts'

/** What happens once they have expired, and what delivers the next ones; nothing for lists that are valid as long as their CAs. */
export function deliveryLines(state: CrlState, dir: string, { typed, width }: Context): string[] {
  if (state.lists.every(({ endsWithCa }) => endsWithCa)) return []
  const what = 'Once a list has expired, gateways refuse every client of its CA. Deliver the next one before:'
  const steps = [writeAgain(state, dir), command('scp', state.path, `${ON_GATEWAY}crl.pem`)]
  const asCa = ours('cert', 'crl', ...folderFlags(dir))
  const lines = (...typing: CommandPart[]): string[] => typing.map((one) => `  ${typed([one])}`)
  return [wrap(what, width), ...lines(...steps), 'Or write a list that is valid as long as the CA:', ...lines(asCa)]
}

/** What is wrong with the lists, and the command that mends it. */
export function crlWarnings(state: CrlState, dir: string): Sentence[] {
  const { path, faults } = state
  const mend = writeAgain(state, dir)
  return faults.map((fault) => sentence`The revocation list ${path}: ${fault}. Write it again:  ${mend}`)
}

/** The new list may lack revocations of a file that could not be read. */
export function keptAsideWarnings({ keptAside }: Pick<CrlState, 'keptAside'>): Sentence[] {
  if (keptAside === undefined) return []
  return [
    `The old revocation list could not be read, and is now ${keptAside}. If the new one lacks a revoked certificate, a gateway that gets it accepts that certificate again.`,
  ]
}
