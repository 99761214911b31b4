import { parseFacts, type HostFacts } from '../../../lib/host/facts.ts'

/** What a host says of itself, as its script prints it. */
export interface Said {
  readonly facts?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

/** A host that can be changed: Debian's docker.io, running. */
const GOOD: Readonly<Record<string, string>> = {
  uid: '0',
  user: 'root',
  kernel: 'Linux',
  systemd: 'yes',
  dockerd: '/usr/sbin/dockerd',
  service: 'LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=212\nUnitFileState=enabled',
  socket: 'LoadState=loaded\nActiveState=active',
  dockerds: '212 0 /usr/sbin/dockerd',
  'writable:/etc/systemd/system': 'yes',
  'writable:/etc/docker': 'yes',
  'writable:/var/lib/docker-mtls': 'yes',
  'room:/etc/docker': '1000000',
  'room:/var/lib/docker-mtls': '1000000',
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The facts of a good host, but for what is given. */
export function factsOf({ facts = {}, files = {} }: Said = {}): HostFacts {
  const lines = [
    ...Object.entries({ ...GOOD, ...facts }).map(([name, value]) => `fact ${base64(name)} ${base64(value)}`),
    ...Object.entries(files).map(([path, text]) => `file ${base64(path)} 644 root:root ${base64(text)}`),
  ]
  return parseFacts(lines.join('\n'))
}
