import { parseFacts, type HostFacts } from '../../../lib/host/facts.ts'

/** What a host says of itself, as its script prints it. */
export interface Said {
  readonly facts?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const record = (kind: string, ...words: readonly string[]): string => [kind, ...words.map(base64)].join(' ')

/** A host that can be changed: Debian's docker.io, running. */
const GOOD: Readonly<Record<string, string>> = {
  uid: '0',
  user: 'root',
  kernel: 'Linux',
  systemd: 'yes',
  dockerd: '/usr/sbin/dockerd',
  service: 'LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=212\nUnitFileState=enabled',
  socket: 'LoadState=loaded\nActiveState=active',
  sockets: 'x86_64\nown 11',
  dockerds: `212 0 ${base64('/usr/sbin/dockerd')}`,
  'writable:/etc/systemd/system': 'yes',
  'writable:/etc/docker': 'yes',
  'writable:/var/lib/docker-mtls': 'yes',
  'room:/etc/docker': '1000000',
  'room:/var/lib/docker-mtls': '1000000',
}

/** What a good host prints, but for what is given. */
export function recordsOf({ facts = {}, files = {} }: Said = {}): string {
  return [
    ...Object.entries({ ...GOOD, ...facts }).map(([name, value]) => record('fact', name, value)),
    ...Object.entries(files).map(([path, text]) => record('file', path, '644', 'root:root', text)),
  ].join('\n')
}

/** The facts of a good host, but for what is given. */
export function factsOf(said: Said = {}): HostFacts {
  return parseFacts(recordsOf(said))
}
