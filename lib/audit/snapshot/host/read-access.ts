import { posix } from 'node:path'
import { flagValues, startWords } from '../../../daemon-config/gateway-unit.ts'
import { settingsIn } from '../../../daemon-config/unit/parse-unit.ts'
import { hostAndPort } from '../../../daemon-config/listener-target.ts'
import { LOAD_PATH } from '../../../daemon-config/unit/installed-unit.ts'
import { parseSockets, type TcpSocket } from '../../../host/sockets.ts'
import { certificatesIn } from '../../../identity/certificate.ts'
import { newestList, readRevocationLists } from '../../../identity/crl.ts'
import type { Part } from '../snapshot.ts'
import { named, type Values } from './named.ts'
import type { Configuration } from './read-settings.ts'
import { OF_SOCKET_UNIT, type AccessFacts, type HostFacts, type ServiceFacts } from './schema.ts'

/** Reads which services of docker-mtls limit clients, and what could be around them. */
export function readAccess(values: Values, { settings }: Configuration): AccessFacts {
  const texts = new Map(named(values, 'text '))
  return {
    services: unitsIn(texts).flatMap(({ name, text }) => serviceOf(name, text, values) ?? []),
    listeners: listenersOf(settings, texts, parseSockets(values.get('sockets') ?? '')),
    arePluginsHidden: values.get('plugins-hidden') === 'yes',
  }
}

interface UnitText {
  readonly name: string
  /** That of the unit file and of its drop-ins. */
  readonly text: string
}

/** The units called docker-mtls*, each as systemd reads it: of several files with one name, the first folder's counts. */
function unitsIn(texts: ReadonlyMap<string, string>, pattern = /^docker-mtls.*\.service$/): UnitText[] {
  const names = [...texts.keys()].map((path) => posix.basename(path)).filter((name) => pattern.test(name))
  return [...new Set(names)].map((name) => ({ name, text: unitText(name, texts) }))
}

/** The place of a unit's folder in systemd's order. */
const folderOf = (path: string): number => LOAD_PATH.indexOf(posix.dirname(path).slice(1))

function unitText(name: string, texts: ReadonlyMap<string, string>): string {
  const paths = [...texts.keys()].toSorted((one, other) => folderOf(one) - folderOf(other))
  const main = paths.find((path) => posix.basename(path) === name)
  const dropIns = new Map<string, string>()
  for (const path of paths) {
    if (posix.basename(posix.dirname(path)) === `${name}.d` && !dropIns.has(posix.basename(path)))
      dropIns.set(posix.basename(path), path)
  }
  const inOrder = [...dropIns].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
  return [...(main === undefined ? [] : [main]), ...inOrder].map((path) => texts.get(path) ?? '').join('\n')
}

const NO_POLICY = 'the policy could not be read'

/** Undefined: it starts neither a gateway nor a plugin. */
function serviceOf(unit: string, text: string, values: Values): ServiceFacts | undefined {
  const words = startWords(text)
  const kind = words.includes('authz-plugin')
    ? 'plugin'
    : words.some((word, at) => word === 'gateway' && words[at + 1] === 'run')
      ? 'gateway'
      : undefined
  if (kind === undefined) return undefined
  const one = (flag: string): string | null => flagValues(words, flag).at(-1) ?? null
  const user = settingsIn(text, 'Service', 'User').at(-1) ?? 'root'
  const folder = one('from')
  const given = flagValues(words, 'crl')
  const lists = given.length > 0 ? given : folder === null ? [] : [`${folder}/crl.pem`]
  return {
    unit,
    kind,
    user,
    groups: [user, ...settingsIn(text, 'Service', 'Group').slice(-1)],
    sharedWith: user === 'root' ? [] : sharedWith(user, values),
    policy: one('policy'),
    folder,
    lists,
    lostLists: given.filter((path) => isGone(path, values)),
    log: one('log'),
    daemon: one('host'),
    revocation: kind === 'plugin' ? { value: [] } : revocationOf(folder, lists, values),
    powerful: { unknown: NO_POLICY },
    builders: { unknown: NO_POLICY },
  }
}

/** `GID NAME,NAME` of its group, and `NAME,` of users with its number. */
function sharedWith(user: string, values: Values): string[] {
  const [members = '', twins = ''] = [values.get(`group ${user}`)?.replace(/^\S* /, ''), values.get(`twins ${user}`)]
  const names = `${twins},${members}`.split(',').filter((name) => name !== '' && name !== user)
  return [...new Set(names)]
}

const isGone = (path: string, values: Values): boolean => values.get(`look crl ${path}`) === 'missing'

function revocationOf(folder: string | null, paths: readonly string[], values: Values): ServiceFacts['revocation'] {
  const there = paths.filter((path) => !isGone(path, values))
  if (folder !== null && there.length === 0) return { value: [] }
  const pem = folder === null ? undefined : values.get(`certificates ${folder}/ca.pem`)
  const texts = there.map((path) => values.get(`text ${path}`))
  if (pem === undefined) return { unknown: `the CAs of the gateway could not be read` }
  if (texts.some((text) => text === undefined)) return { unknown: `could not be read: ${there.join(', ')}` }
  try {
    const lists = texts.flatMap((text) => readRevocationLists(text ?? ''))
    return {
      value: certificatesIn(pem, 'ca.pem').map((ca) => ({
        ca: ca.subject.replaceAll('\n', ', '),
        nextUpdate: newestList(lists, ca)?.nextUpdate?.toISOString() ?? null,
      })),
    }
  } catch {
    return { unknown: `no valid revocation list, or no valid CA: ${there.join(', ')}` }
  }
}

/** A local socket, or one that systemd passes on. */
const LOCAL = /^(?:unix|npipe|fd):/
const PASSED_ON = /^fd:/

function listenersOf(
  settings: HostFacts['settings'],
  texts: ReadonlyMap<string, string>,
  sockets: readonly TcpSocket[] | undefined,
): Part<string[]> {
  if ('unknown' in settings) return settings
  const { hosts } = settings.value
  if (hosts === undefined) return { unknown: 'the hosts of dockerd could not be read' }
  const own = (hosts ?? []).filter((host) => !LOCAL.test(host))
  if (hosts?.some((host) => PASSED_ON.test(host)) !== true) return { value: own }
  const passed = (sockets ?? []).filter(({ isPassed }) => isPassed)
  const isOpen = (where: string): boolean =>
    passed.some(({ port }) => where.endsWith(`:${port}`) || where === `${port}`)
  // A port that docker.socket has only in its files opens at its next start.
  const later = settingsIn(unitText('docker.socket', texts), 'Socket', 'ListenStream').filter(
    (where) => !/^[/%@]/.test(where) && !isOpen(where),
  )
  const all = [...passed.map(({ address, port }) => hostAndPort({ host: address, port })), ...later]
  const value = [...own, ...all.map((where) => `${where}${OF_SOCKET_UNIT}`)]
  if (value.length > 0 || sockets !== undefined) return { value }
  return { unknown: 'only root can see the sockets of dockerd' }
}
