import { posix } from 'node:path'
import { command, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { renderLocal } from '../../daemon-config/render-local.ts'
import type { SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import { hidesOverride, type FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { Conflict } from '../conflicts.ts'
import { GATEWAY_FOLDER } from '../gateway/files.ts'
import { openListeners } from '../plaintext-before.ts'
import { isOwn, type Originals } from './originals.ts'
import { UNDO_FIRST, writeAgain, type Secured } from './targets.ts'

export type Rendered = Secured['rendered']
export type Known = Omit<Secured, 'rendered'>

/** The folders in which an apply has written TLS files for dockerd, the last one first. */
export function foldersOf({ written }: Originals): string[] {
  const folders = [...written.keys()].map((path) => posix.dirname(path))
  return [...new Set(folders)].filter((folder) => folder !== GATEWAY_FOLDER && written.has(tlsFilesIn(folder).cert))
}

/** Of the known applies, has only `gateway apply` changed something? */
export function isGatewayAlone(originals: Originals): boolean {
  const isGateway = [...originals.written.keys()].some((path) => posix.dirname(path) === GATEWAY_FOLDER)
  return isGateway && foldersOf(originals).length === 0
}

/** Is any file of dockerd still as an apply has written it? */
function hasOwnFile({ facts, originals, ownDirs }: Known): boolean {
  const paths = [DROP_IN, DAEMON_JSON, ...ownDirs.flatMap((folder) => Object.values(tlsFilesIn(folder)))]
  return paths.some((path) => {
    const file = facts.file(path)
    return file !== undefined && isOwn(file, originals)
  })
}

/**
 * What `gateway apply` would write for dockerd, whose place a gateway has, or had.
 *
 * @returns undefined if no apply has configured dockerd or put a gateway in front of it. The path of the file because of which dockerd
 *   listens on the network, or has other TLS files
 */
export function renderLeft(known: Known, found: FoundUnit): Rendered | string | undefined {
  const { facts, originals, ownDirs } = known
  const isAlone = isGatewayAlone(originals)
  if (ownDirs.length === 0 && !isAlone && !hasOwnFile(known)) return undefined
  const rendered = renderLocal({
    found,
    daemonJson: facts.file(DAEMON_JSON)?.text,
    existingDropIn: facts.file(DROP_IN)?.text,
    hasSocketUnit: facts.property('socket', 'LoadState') === 'loaded',
  })
  // An apply has written the drop-in with a whole command: somebody has changed or removed that one.
  if (rendered.changesCommand) return originals.written.has(DROP_IN) ? DROP_IN : commandFile(found, facts)
  return isAlone && rendered.daemonJson !== undefined ? DAEMON_JSON : rendered
}

/** The file whose ExecStart= counts: systemd reads it last. */
function commandFile({ paths }: FoundUnit, { file }: HostFacts): string {
  return paths.findLast((path) => /^\s*ExecStart\s*=/m.test(file(path)?.text ?? '')) ?? DROP_IN
}

/** The file by which somebody has configured dockerd in another way since, although files of docker-mtls are still there. */
export function takenOver(
  known: Known,
  found: FoundUnit,
  inForce: SettingsInForce,
  rendered: Rendered | string | undefined,
): Conflict | undefined {
  const [later] = found.later
  const what = later ?? (typeof rendered === 'string' ? rendered : undefined)
  if (what === undefined || !hasOwnFile(known)) return undefined
  const open = openListeners(found, inForce)
  const why =
    later === undefined
      ? `somebody has ${known.facts.file(what) === undefined ? 'removed' : 'changed'} it since, and dockerd no longer has the settings of docker-mtls`
      : hidesOverride(later)
        ? 'systemd reads it instead of the drop-in of docker-mtls'
        : 'it sets ExecStart=, and systemd reads it after the drop-in of docker-mtls'
  const where = `dockerd listens on ${enumerate(open)}, where everybody gets in without a certificate`
  return {
    code: 'ERR_APPLY_CONFLICT',
    kind: 'changed-since',
    what,
    got: open.length === 0 ? why : `${why}: ${where}`,
    todo:
      later === undefined
        ? isGatewayAlone(known.originals)
          ? UNDO_FIRST
          : writeAgain(known)
        : sentence`Move it away:  ${command('mv', later, `${later}.off`)}  Then run this again.`,
  }
}
