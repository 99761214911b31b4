import type { FileRole, HostFacts, HostFile, HostSettings } from '../../../lib/audit/snapshot/host/schema.ts'
import type { Change } from './daemon-snapshot.ts'

type Found = Extract<HostFile['state'], { readonly mode: number }>

/** A file of root's. */
export function file(role: FileRole, path: string, more: Partial<Found> = {}): HostFile {
  const root = { uid: 0, gid: 0, owner: 'root', group: 'root' }
  return { role, path, state: { kind: 'file', isLink: false, mode: 0o644, ...root, ...more } }
}

/** What is not there, or not to be seen. */
export function no(role: FileRole, path: string, kind: 'missing' | 'hidden' = 'missing'): HostFile {
  return { role, path, state: { kind } }
}

const folder = { kind: 'folder', mode: 0o755 } as const
const socket = { kind: 'socket', mode: 0o660 } as const

/** The socket of its authorization plugin. */
const PLUGIN = '/run/docker/plugins/policy.sock'

/** Each file of a well configured host, by its path. */
const FILES: Readonly<Record<string, HostFile>> = Object.fromEntries(
  [
    file('config-folder', '/etc/docker', folder),
    file('daemon-json', '/etc/docker/daemon.json'),
    file('unit', '/usr/lib/systemd/system/docker.service'),
    file('unit', '/etc/systemd/system/docker.service.d/override.conf'),
    file('unit', '/usr/lib/systemd/system/docker.socket'),
    file('defaults', '/etc/default/docker'),
    no('sysconfig', '/etc/sysconfig/docker'),
    file('tlscacert', '/etc/docker/tls/ca.pem', { mode: 0o444 }),
    file('tlscert', '/etc/docker/tls/server-cert.pem'),
    file('tlskey', '/etc/docker/tls/server-key.pem', { mode: 0o600 }),
    file('registry-folder', '/etc/docker/certs.d', folder),
    file('registry-folder', '/etc/docker/certs.d/hub:5000', folder),
    file('registry-file', '/etc/docker/certs.d/hub:5000/ca.crt', { mode: 0o444 }),
    file('registry-file', '/etc/docker/certs.d/hub:5000/client.key', { mode: 0o400 }),
    file('api-socket', '/run/docker.sock', { ...socket, gid: 990, group: 'docker' }),
    file('containerd-socket', '/run/containerd/containerd.sock', socket),
    no('containerd-socket', '/run/docker/containerd/containerd.sock'),
    file('containerd-config', '/etc/containerd/config.toml'),
    file('containerd-folder', '/run/containerd', { ...folder, mode: 0o711 }),
    file('program', '/usr/bin/dockerd', { mode: 0o755 }),
    file('program', '/usr/bin/containerd', { mode: 0o755 }),
    file('program', '/usr/bin/runc', { mode: 0o755 }),
    file('plugin', PLUGIN, { ...socket, mode: 0o600 }),
  ].map((one) => [one.path, one]),
)

export const SETTINGS: HostSettings = {
  group: null,
  'log-level': 'info',
  'bridge-accept-fwmark': null,
  tlscacert: '/etc/docker/tls/ca.pem',
  tlscert: '/etc/docker/tls/server-cert.pem',
  tlskey: '/etc/docker/tls/server-key.pem',
  tls: null,
  tlsverify: true,
  iptables: null,
  ip6tables: null,
  'userland-proxy': false,
  'allow-direct-routing': null,
  hosts: ['fd://'],
  'authorization-plugins': ['policy'],
}

export const WATCHED = [
  '/usr/bin',
  '/etc/docker',
  '/lib/systemd/system/docker.service',
  '/usr/lib/systemd/system/docker.socket',
  '/etc/systemd/system',
  '/run/containerd/',
  '/var/lib/docker',
  '/etc/default/docker',
  '/etc/containerd/config.toml',
]

/** A host on which nothing is wrong, as root has read it. */
export const GOOD_HOST: HostFacts = {
  uid: 0,
  daemonUid: { value: 0 },
  files: Object.values(FILES),
  settings: { value: SETTINGS },
  insecureRaw: { value: false },
  start: {
    fault: null,
    conflicts: [],
    unit: { value: { loadState: 'loaded', needsReload: false, complaints: [] } },
    later: [],
  },
  group: { name: 'docker', members: [] },
  auditRules: { value: { isInstalled: true, from: 'kernel', watched: WATCHED } },
  keys: { ofCas: [], notCompared: [], unread: [] },
  registriesUnread: [],
  data: { value: { path: '/var/lib/docker/100000.100000', mount: '/var/lib/docker' } },
  parents: { value: [{ path: '/etc/docker', mode: 0o755, uid: 0 }] },
  access: { value: { services: [], listeners: { value: [] }, arePluginsHidden: false } },
  sshKeys: { value: [] },
}

/** The host with other facts. */
export function hostWith(facts: Partial<HostFacts>): Change {
  return { host: { value: { ...GOOD_HOST, ...facts } } }
}

/** The host with other files at these paths. */
export function filesWith(...files: readonly HostFile[]): Change {
  const changed = new Map(files.map((one) => [one.path, one]))
  return hostWith({ files: [...new Map([...Object.entries(FILES), ...changed]).values()] })
}

/** The host whose file at a path has another state. */
export function stateOf(path: string, state: Partial<Found> | 'missing' | 'hidden'): Change {
  const known = FILES[path]
  if (known === undefined) throw new Error(`the host has no file ${path}`)
  const changed = typeof state === 'string' ? { kind: state } : { ...(known.state as Found), ...state }
  return filesWith({ ...known, state: changed })
}

export function settingsWith(settings: Partial<HostSettings>): Change {
  return hostWith({ settings: { value: { ...SETTINGS, ...settings } } })
}

export function startWith(start: Partial<HostFacts['start']>): Change {
  return hostWith({ start: { ...GOOD_HOST.start, ...start } })
}

/** A rootless daemon of the user 1000: everything is theirs, and the system's files weren't looked at. */
export const ROOTLESS_HOST: HostFacts = {
  ...GOOD_HOST,
  uid: 1000,
  daemonUid: { value: 1000 },
  files: (
    [
      ['config-folder', '/home/ann/.config/docker', folder],
      ['daemon-json', '/home/ann/.config/docker/daemon.json', {}],
      ['unit', '/home/ann/.config/systemd/user/docker.service', {}],
      ['api-socket', '/run/user/1000/docker.sock', socket],
      ['containerd-socket', '/run/user/1000/docker/containerd/containerd.sock', socket],
      ['plugin', PLUGIN, { ...socket, mode: 0o600 }],
    ] as const
  ).map(([role, path, more]) => file(role, path, { ...more, uid: 1000, gid: 1000, owner: 'ann', group: 'ann' })),
  settings: {
    value: { ...SETTINGS, tlsverify: null, tlscacert: null, tlscert: null, tlskey: null },
  },
  group: null,
  auditRules: { value: { isInstalled: false, from: 'files', watched: [] } },
  data: { value: { path: '/home/ann/.local/share/docker', mount: '/' } },
  parents: {
    value: [
      { path: '/home/ann', mode: 0o700, uid: 1000 },
      { path: '/home', mode: 0o755, uid: 0 },
      { path: '/', mode: 0o755, uid: 0 },
    ],
  },
}
