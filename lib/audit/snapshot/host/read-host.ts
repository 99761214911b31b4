import { posix } from 'node:path'
import { isDockerMtlsError } from '../../../base/errors.ts'
import { unitAmong } from '../../../daemon-config/unit/installed-unit.ts'
import { parseRecords } from '../../../host/fact-records.ts'
import { lines } from '../../../host/facts.ts'
import { readParents } from '../../../host/parents.ts'
import type { Part } from '../snapshot.ts'
import { named, withEntries, type Values } from './named.ts'
import { readAccess } from './read-access.ts'
import { readAuditRules } from './read-audit-rules.ts'
import { readKeys } from './read-keys.ts'
import { readConfiguration, type Configuration } from './read-settings.ts'
import { HOST, type HostFacts, type HostFile } from './schema.ts'

const NO_DOCKERD = 'the process of dockerd was not found'

/** What the script printed, before it is judged whose host it is. */
export interface PrintedHost {
  readonly hostname: string
  readonly facts: HostFacts
  /** The texts of policies by their paths. They are parsed only if there are any, since that loads YAML. */
  readonly policies: ReadonlyMap<string, string>
}

/**
 * Parses the output of the script that looks at a host.
 *
 * @returns undefined if it is truncated, or was printed by something else
 */
export function parseHost(printed: string, dataRoot: string): PrintedHost | undefined {
  const values = withEntries(parseRecords(printed, 'the host').values)
  const uid = numberIn(values.get('uid'))
  if (values.get('end') !== 'yes' || uid === undefined) return undefined
  const files = named(values, 'look ').flatMap(([name, state]) => fileOf(name, state) ?? [])
  const configuration = readConfiguration(argvIn(values), daemonJsonIn(values, files))
  const parsed = HOST.safeParse({
    uid,
    daemonUid: partOf(numberIn(values.get('daemon_uid')), NO_DOCKERD),
    files,
    settings: configuration.settings,
    insecureRaw:
      values.get('environ') === 'yes'
        ? { value: values.get('insecure_raw') === 'yes' }
        : { unknown: values.has('argv') ? 'only root can read the environment of dockerd' : NO_DOCKERD },
    start: startOf(values, configuration),
    group: groupIn(values, configuration),
    auditRules: readAuditRules(values),
    keys: readKeys(values),
    registriesUnread: named(values, 'registries-unread ').map(([path]) => path),
    data: dataOf(values, dataRoot),
    parents: parentsIn(values, uid),
    access: { value: readAccess(values, configuration) },
    sshKeys: sshKeysIn(values),
  })
  if (!parsed.success) return undefined
  const paths = new Set(files.flatMap(({ role, path }) => (role === 'policy' ? path : [])))
  const policies = new Map(named(values, 'text ').filter(([path]) => paths.has(path)))
  return { hostname: values.get('hostname') ?? '', facts: parsed.data, policies }
}

function partOf<Type>(value: Type | undefined, reason: string): Part<Type> {
  return value === undefined ? { unknown: reason } : { value }
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

/** `ROLE PATH`, and `missing`, `hidden`, or `KIND LINK MODE UID GID OWNER:GROUP`. */
function fileOf(name: string, printed: string): { role: string; path: string; state: object } | undefined {
  const [, role = '', path = ''] = /^([a-z-]+) (.*)$/s.exec(name) ?? []
  if (role === '') return undefined
  if (printed === 'missing') return { role, path, state: { kind: 'missing' } }
  const found = /^(file|folder|socket|other) (link|-) ([0-7]+) (\d+) (\d+) ([^:]*):(.*)$/s.exec(printed)
  // It was removed in between, or its file system does not answer.
  if (found === null) return { role, path, state: { kind: 'hidden' } }
  const [, kind, link, mode = '', uid, gid, owner, group] = found
  const ids = { uid: Number(uid), gid: Number(gid), owner, group }
  return { role, path, state: { kind, isLink: link === 'link', mode: Number.parseInt(mode, 8), ...ids } }
}

function argvIn(values: Values): Part<readonly string[]> {
  const argv = values.get('argv')
  return argv === undefined || argv === '' ? { unknown: NO_DOCKERD } : { value: argv.replace(/\0$/, '').split('\0') }
}

function daemonJsonIn(values: Values, files: ReturnType<typeof fileOf>[]): Part<string> {
  const path = values.get('config_file') ?? ''
  if (!path.startsWith('/')) return { unknown: 'dockerd reads a daemon.json whose path is relative' }
  const text = values.get(`text ${path}`)
  if (text !== undefined) return { value: text }
  const file = files.find((one) => one?.role === 'daemon-json' && one.path === path) as HostFile | undefined
  return file?.state.kind === 'missing' ? { value: '' } : { unknown: `${path} could not be read` }
}

function startOf(values: Values, { fault, conflicts }: Configuration): HostFacts['start'] {
  return { fault, conflicts: [...conflicts], unit: unitOf(values), later: laterDropIns(values) }
}

function unitOf(values: Values): HostFacts['start']['unit'] {
  if (values.get('systemd') !== 'yes') return null
  const property = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(values.get('state') ?? '')?.[1] ?? ''
  const loadState = property('LoadState')
  if (loadState === '') return { unknown: 'systemd did not say whether it loads the unit' }
  const needsReload = property('NeedDaemonReload') === 'yes'
  return { value: { loadState, needsReload, complaints: complaintsIn(values) } }
}

const MOST_COMPLAINTS = 5

/** What systemd-analyze says of this unit. It also says things of units that this one needs. */
function complaintsIn(values: Values): string[] {
  const unit = values.get('unit') ?? ''
  const found = lines(values.get('verify') ?? '').filter((line) => line.includes(`/${unit}`) || line.startsWith(unit))
  return found.slice(0, MOST_COMPLAINTS)
}

/** None if the unit can't be parsed: what systemd says of it counts. */
function laterDropIns(values: Values): string[] {
  try {
    return [...(unitAmong(new Map(named(values, 'text ')))?.later ?? [])]
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/** Unless a setting names another group, dockerd gives its socket to this one. */
const USUAL_GROUP = 'docker'

function groupIn(values: Values, { settings }: Configuration): HostFacts['group'] {
  const name = ('value' in settings ? settings.value.group : null) ?? USUAL_GROUP
  const found = values.get(`group ${name}`)
  if (found === undefined) return null
  const [, members = ''] = /^\S* (.*)$/s.exec(found) ?? []
  return { name, members: [...new Set(members.split(',').filter((member) => member !== ''))] }
}

/** A folder on the same device as its parent shares its disk, even if it is mounted on itself. */
function dataOf(values: Values, dataRoot: string): HostFacts['data'] {
  const deviceOf = (path: string): string => values.get(`device ${path}`) ?? ''
  let path = dataRoot
  // Only root sees the folder of a user namespace, which is on the disk of its parent.
  if (deviceOf(path) === '') path = posix.dirname(path)
  if (deviceOf(path) === '') return { unknown: 'the data folder of the daemon could not be looked at' }
  let mount = path
  while (mount !== '/' && deviceOf(posix.dirname(mount)) === deviceOf(path)) mount = posix.dirname(mount)
  return { value: { path: dataRoot, mount } }
}

/** One that is open is enough, whatever the others are. */
function sshKeysIn(values: Values): HostFacts['sshKeys'] {
  const open = named(values, 'ssh-key ').map(([path]) => path)
  return open.length === 0 && values.get('ssh-hidden') === 'yes'
    ? { unknown: "only root can see all SSH keys of dockerd's user" }
    : { value: open }
}

function parentsIn(values: Values, uid: number): HostFacts['parents'] {
  const asked = named(values, 'parents:')
  const steps = asked.map(([folder, printed]) => ({
    folder,
    steps: readParents(printed).map(({ path, mode, uid: owner }) => ({ path, mode, uid: owner })),
  }))
  const isSeen = steps.every(({ folder, steps: seen }) => uid === 0 || seen.some(({ path }) => path === folder))
  if (asked.length === 0 || !isSeen)
    return { unknown: 'only root can look at all folders above the files of the daemon' }
  return { value: [...new Map(steps.flatMap((one) => one.steps).map((step) => [step.path, step])).values()] }
}
