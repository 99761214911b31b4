import { z } from 'zod'
import { part } from '../fields.ts'

/** What older snapshots don't have. */
const OLDER = { unknown: 'the snapshot is of an older version of docker-mtls' }

/** What a path is for. */
const ROLE = z.enum([
  'config-folder',
  'daemon-json',
  'unit',
  'defaults',
  'sysconfig',
  'tlscacert',
  'tlscert',
  'tlskey',
  'registry-folder',
  'registry-file',
  'api-socket',
  'containerd-socket',
  'containerd-config',
  'containerd-folder',
  'program',
  'policy',
  'crl',
  'gateway-folder',
  'gateway-ca',
  'gateway-cert',
  'gateway-key',
  'plugin',
])

/** What is at a path. A link counts as its target. */
const STATE = z.union([
  /** `hidden`: permissions hide it from the user who reads, so that it may exist. */
  z.object({ kind: z.enum(['missing', 'hidden']) }),
  z.object({
    kind: z.enum(['file', 'folder', 'socket', 'other']),
    isLink: z.boolean(),
    mode: z.number(),
    uid: z.number(),
    gid: z.number(),
    owner: z.string(),
    group: z.string(),
  }),
])

const FILE = z.object({ role: ROLE, path: z.string(), state: STATE })

/** A setting. Null: neither a flag nor daemon.json sets it. Undefined: its value has an unexpected form. */
const textSetting = z.string().nullable().optional().catch(undefined)
const listSetting = z.array(z.string()).nullable().optional().catch(undefined)
const switchSetting = z.boolean().nullable().optional().catch(undefined)

/** The settings of dockerd that checks read, from its command line and from daemon.json. All others may be secrets. */
export const SETTINGS = z.object({
  group: textSetting,
  'log-level': textSetting,
  'bridge-accept-fwmark': textSetting,
  tlscacert: textSetting,
  tlscert: textSetting,
  tlskey: textSetting,
  tls: switchSetting,
  tlsverify: switchSetting,
  iptables: switchSetting,
  ip6tables: switchSetting,
  'userland-proxy': switchSetting,
  'allow-direct-routing': switchSetting,
  hosts: listSetting,
  'authorization-plugins': listSetting,
})

/** How the daemon would start again. */
const START = z.object({
  /** What prevents dockerd from reading daemon.json. */
  fault: z.string().nullable(),
  /** Settings that are both in the command line and in daemon.json. */
  conflicts: z.array(z.string()),
  /** What systemd says; null on a host without systemd. */
  unit: part(z.object({ loadState: z.string(), needsReload: z.boolean(), complaints: z.array(z.string()) })).nullable(),
  /** Drop-ins that override override.conf: they hide it, or set ExecStart= and are read later. */
  later: z.array(z.string()),
})

const GROUP = z.object({ name: z.string(), members: z.array(z.string()) })

/** The paths that auditd watches. */
const AUDIT_RULES = z.object({
  /** Is it installed? */
  isInstalled: z.boolean(),
  /** Where the rules are from: the kernel, which has those in force, or files. */
  from: z.enum(['kernel', 'files']),
  watched: z.array(z.string()),
})

/** Private keys beside certificates. Of each key, only the hash of its public half is known, and only to the collector. */
const KEYS = z.object({
  /** Of a CA whose certificate is there, too. */
  ofCas: z.array(z.string()),
  /** They could not be compared: they are encrypted, or the host has no openssl. */
  notCompared: z.array(z.string()),
  /** Folders and files that could not be read. */
  unread: z.array(z.string()),
})

/** A rule of a policy with the level `privileged`. */
const POWERFUL_RULE = z.object({
  name: z.string(),
  /** Whom it is for: everybody, all clients of a CA, an organizational unit, names, or who uses a local socket. */
  callers: z.enum(['any', 'issuer', 'group', 'named', 'socket']),
  /** How many names, at most. */
  count: z.number(),
})

/** The revocation list of a CA that a gateway trusts. */
const REVOCATION = z.object({
  ca: z.string(),
  /** Until when the list is valid. Null: there is none, or it doesn't say. */
  nextUpdate: z.string().nullable(),
})

/** A unit that starts a gateway or an authorization plugin of docker-mtls. Null: its command line doesn't say it. */
const SERVICE = z.object({
  unit: z.string(),
  kind: z.enum(['gateway', 'plugin']),
  user: z.string(),
  groups: z.array(z.string()),
  /** Other users with the number of its user, or in the group of that name. */
  sharedWith: z.array(z.string()).default([]),
  policy: z.string().nullable(),
  folder: z.string().nullable(),
  /** The files of its revocation lists. */
  lists: z.array(z.string()),
  /** Those of them that its command line names, and that are missing. */
  lostLists: z.array(z.string()).default([]),
  log: z.string().nullable(),
  /** The daemon that a gateway is for. */
  daemon: z.string().nullable(),
  /** Empty: the gateway has never had a list. */
  revocation: part(z.array(REVOCATION)),
  /** Its rules with the level `privileged`. */
  powerful: part(z.array(POWERFUL_RULE)),
  /** Its other rules with which one may build. */
  builders: part(z.array(z.string())).default(OLDER),
})

/** How {@link ACCESS} marks a listener that systemd passes to dockerd. */
export const OF_SOCKET_UNIT = ' (docker.socket)'

/** Who limits what clients may do. */
const ACCESS = z.object({
  services: z.array(SERVICE),
  /** Where dockerd listens on the network: flags, daemon.json, and the sockets that systemd passes or will pass to it. */
  listeners: part(z.array(z.string())),
  /** May there be plugins that only root can see? */
  arePluginsHidden: z.boolean(),
})

/** A folder on the way to a file of the daemon. */
const STEP = z.object({ path: z.string(), mode: z.number(), uid: z.number() })

/** What was read from the files and processes of the host. It contains no text of a file and no key. */
export const HOST = z.object({
  /** The user who read it. */
  uid: z.number(),
  /** The user as whom dockerd runs. */
  daemonUid: part(z.number()),
  files: z.array(FILE),
  settings: part(SETTINGS),
  /** Is DOCKER_INSECURE_NO_IPTABLES_RAW set in the environment of dockerd? */
  insecureRaw: part(z.boolean()),
  start: START,
  /** The group whose members may use the socket; null if there is none. */
  group: GROUP.nullable(),
  auditRules: part(AUDIT_RULES),
  keys: KEYS,
  /** Folders with certificates of registries that could not be read. */
  registriesUnread: z.array(z.string()),
  /** The data folder of the daemon, and the folder from which on its disk is mounted. */
  data: part(z.object({ path: z.string(), mount: z.string() })),
  /** The folders above the daemon's files. */
  parents: part(z.array(STEP)),
  access: part(ACCESS).default(OLDER),
  /** The SSH keys without a passphrase with which dockerd would fetch repositories. */
  sshKeys: part(z.array(z.string())).default(OLDER),
})

export type HostFacts = z.infer<typeof HOST>
export type HostFile = z.infer<typeof FILE>
export type FileRole = z.infer<typeof ROLE>
export type HostSettings = z.infer<typeof SETTINGS>
export type AccessFacts = z.infer<typeof ACCESS>
export type ServiceFacts = z.infer<typeof SERVICE>
export type PowerfulRule = z.infer<typeof POWERFUL_RULE>
