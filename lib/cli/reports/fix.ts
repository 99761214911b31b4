import { isEmpty, proposedDaemonJson, type DaemonProposal } from '../../audit/fix/propose.ts'
import { CHECK_FACTS } from '../../audit/facts.ts'
import { command, ours, type CommandPart } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { Context } from '../command.ts'

/** A file that `audit --fix` writes. */
export interface FixFile {
  readonly name: string
  readonly text: string
}

/** The file with the changes, as `daemon apply --settings` reads it. */
const SETTINGS = 'daemon-settings.json'

/** The files for a daemon: the changes, and how the daemon.json differs that the user has named. */
export async function daemonFiles(proposal: DaemonProposal, daemonJson: string | undefined): Promise<FixFile[]> {
  const hasSettings = Object.keys(proposal.settings).length > 0
  const diff = daemonJson === undefined ? undefined : await diffOf(proposal, daemonJson)
  return [
    ...(hasSettings ? [{ name: SETTINGS, text: `${JSON.stringify(proposal.settings, undefined, 2)}\n` }] : []),
    ...(diff === undefined ? [] : [{ name: 'daemon.json.diff', text: diff }]),
  ]
}

const PATH = 'etc/docker/daemon.json'

/** For `patch -p1` in the root folder. Undefined if nothing differs. */
async function diffOf(proposal: DaemonProposal, before: string): Promise<string | undefined> {
  const after = proposedDaemonJson(before, proposal)
  if (after === before) return undefined
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff')
  const options = { headerOptions: FILE_HEADERS_ONLY }
  return createTwoFilesPatch(`a/${PATH}`, `b/${PATH}`, before, after, undefined, undefined, options)
}

/** What is proposed for one daemon, as text. `folder` is where its files are. */
export function fixText(
  target: string,
  proposal: DaemonProposal,
  { folder, files }: { readonly folder: string; readonly files: readonly FixFile[] },
  { typed, width, paint }: Context,
): string {
  const list = (texts: readonly string[]): string[] => texts.map((text) => wrap(`- ${text}`, width, '  '))
  const containers = files.filter(({ name }) => name.endsWith('.create.json')).map(({ name }) => name)
  const lines = [
    `Proposed for ${paint('bold', printable(target))}, in ${printable(folder)}. Nothing was changed.`,
    ...(isEmpty(proposal)
      ? ['No setting of the daemon mends any of its findings.']
      : [
          `Mends ${[...new Set(proposal.mends.map(({ check }) => check))].join(', ')}:`,
          `  ${typed([commandOf(proposal, files)])}`,
          wrap(proposal.isByHand ? BY_HAND : WITH_APPLY, width),
        ]),
    ...list(proposal.traps.map(({ check, text }) => `${check}: ${text}`)),
    ...(proposal.left.length > 0 ? ['No setting alone mends:'] : []),
    ...list([...new Set(proposal.left.map(({ check }) => check))].map((check) => `${check}: ${remedyOf(check)}`)),
    ...(containers.length > 0 ? [wrap(`Hardened requests: ${containers.map(printable).join(', ')}`, width, '  ')] : []),
  ]
  return lines.join('\n')
}

const WITH_APPLY =
  'Run it on the host, with the files of this folder. It shows the changes; without --dry-run it makes them.'
const BY_HAND =
  `Run it on the host, as root, after you have merged ${SETTINGS} into /etc/docker/daemon.json (null removes a key), and ` +
  'dockerd --validate  has found no mistake. Behind a gateway, daemon apply refuses.'

function commandOf({ isByHand, options }: DaemonProposal, files: readonly FixFile[]): CommandPart {
  if (isByHand) return command('systemctl', 'restart', 'docker')
  const settings = files.some(({ name }) => name === SETTINGS) ? ['--settings', SETTINGS] : []
  return ours('daemon', 'apply', ...settings, ...options, '--dry-run')
}

function remedyOf(check: string): string {
  return CHECK_FACTS.find(({ id }) => id === check)?.remedy ?? ''
}
