import { Random } from '../../../fuzz/random.ts'
import { spellLetter } from '../../../policy/reading/spelling.ts'

/** JSON values of fields, as text: most of them valid, some on the edge of what Go takes. */
const CONFIG: Readonly<Record<string, readonly string[]>> = {
  AttachStdout: ['true', 'false'],
  Cmd: ['["ls","-l"]', '"ls -l"', '""', '[]', '["a",null]'],
  Domainname: ['"example"', '""'],
  Entrypoint: ['["sh"]', '"sh"', '[]', '""'],
  Env: ['["A=1","B=2"]', '["A=1","A=2"]', '[]', String.raw`["\u0041=\ud83d\ude00"]`],
  ExposedPorts: ['{"80/tcp":{}}', '{"80/tcp":null,"81/udp":{}}', '{}'],
  Healthcheck: ['{"Test":["NONE"]}', '{"test":["CMD","true"],"INTERVAL":1000000000}'],
  Hostname: ['"h1"', '""'],
  Labels: ['{"a":"1","A":"2"}', '{"a":null}', '{"__proto__":"x"}', '{"a":"1","a":"2"}', '{"constructor":"\\u2028"}'],
  OpenStdin: ['true', 'false'],
  StopSignal: ['"SIGINT"', '""'],
  StopTimeout: ['5', '-0', '0', '1.0'],
  Tty: ['true', 'false', '"true"', '1'],
  User: ['"nobody"', '"0:0"', String.raw`"r\u006fot"`, String.raw`"a\u0000"`, String.raw`"\ud800"`],
  Volumes: ['{"/data":{}}', '{}'],
  WorkingDir: ['"/tmp"', '""'],
}

const HOST_CONFIG: Readonly<Record<string, readonly string[]>> = {
  Annotations: ['{"a":"b"}'],
  AutoRemove: ['true', 'false'],
  Binds: ['["/tmp:/h"]', '["/tmp:/h:ro","v1:/v"]', '[]', 'null'],
  CapAdd: ['["NET_ADMIN"]', '["ALL"]', '"ALL"', '["cap_chown","SYS_PTRACE"]', '[]'],
  CapDrop: ['["ALL"]', '"ALL"'],
  CgroupnsMode: ['"private"', '"host"', '""'],
  CpuShares: ['10', '0', '1e1', '-0'],
  DeviceCgroupRules: ['["c 1:3 rwm"]', '[]'],
  Devices: [
    '[{"PathOnHost":"/dev/null"}]',
    '[{"pathonhost":"/dev/null","PATHINCONTAINER":"/dev/x","CgroupPermissions":"r"}]',
    '[null]',
    '[]',
  ],
  Dns: ['["127.0.0.1"]', '[]'],
  ExtraHosts: ['["a:127.0.0.1"]'],
  GroupAdd: ['["0"]'],
  Init: ['true', 'false', 'null'],
  IpcMode: ['"host"', '"private"', '"shareable"', '""'],
  LogConfig: ['{"Type":"none"}', '{"type":"json-file","config":{"max-size":"1m"}}', '{}'],
  MaskedPaths: ['[]', '["/proc/kcore"]', 'null'],
  Memory: [
    '67108864',
    '0',
    '-0',
    '6.7e7',
    '67108864.0',
    '"67108864"',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551616',
  ],
  MemoryReservation: ['33554432'],
  Mounts: [
    '[{"Type":"tmpfs","Target":"/t"}]',
    '[{"type":"volume","SOURCE":"v2","target":"/v2","ReadOnly":true}]',
    '[{"Type":"bind","Source":"/tmp","Target":"/b","BindOptions":{"propagation":"rslave"}}]',
  ],
  NanoCpus: ['500000000', '0'],
  NetworkMode: ['"host"', '"none"', '"bridge"', '"default"', '""'],
  OomScoreAdj: ['100', '-100', '0'],
  PidMode: ['"host"', '""'],
  PidsLimit: ['10', '-1', '0', 'null'],
  PortBindings: [
    '{"80/tcp":[{"HostPort":"8080"}]}',
    '{"80/tcp":[{"hostip":"127.0.0.1","HOSTPORT":""}]}',
    '{"80/tcp":null}',
    '{}',
  ],
  Privileged: ['true', 'true', 'false', 'null', '"true"', '1'],
  PublishAllPorts: ['true', 'false'],
  ReadonlyPaths: ['[]', '["/proc/sys"]'],
  ReadonlyRootfs: ['true', 'false'],
  RestartPolicy: ['{"Name":"always"}', '{"name":"on-failure","MAXIMUMRETRYCOUNT":3}', '{}'],
  SecurityOpt: [
    '["no-new-privileges"]',
    '["seccomp=unconfined","apparmor=unconfined"]',
    '["systempaths=unconfined"]',
    '[]',
  ],
  ShmSize: ['1048576', '0', '9007199254740993'],
  Sysctls: ['{"net.ipv4.ip_forward":"1"}', '{"a":null}'],
  Tmpfs: ['{"/run":"rw,size=1m"}', '{"/run":null}'],
  UTSMode: ['"host"', '""'],
  Ulimits: ['[{"Name":"nofile","Soft":10,"Hard":20}]', '[{"name":"core","HARD":0,"soft":-0}]'],
  UsernsMode: ['"host"', '""'],
  VolumesFrom: ['["none"]', '[]'],
}

const ODD_VALUES = [
  'null',
  'true',
  '0',
  '1.5',
  '-1',
  '""',
  '"x"',
  '[]',
  '{}',
  '[null]',
  '[1]',
  '{"a":1}',
  '[[]]',
  '1e999',
  '0x1',
  'nul',
  '01',
]
const STRANGERS = ['Nope', 'Resources', 'Config', '__proto__', 'toString', 'HostConfig.Privileged', '']
const TAILS = ['}', ']', ' x', '{}', '\0', ',', '\u00a0', '}{"HostConfig":{"Privileged":true}}']

/** The body of a create, as text. Most are valid, and written in odd ways. */
export function randomBody(seed: number, image: string): string {
  const random = new Random(seed)
  const entries = fieldsOf(random, CONFIG, 4)
  if (random.chance(0.9)) entries.push(['HostConfig', hostConfig(random)])
  if (random.chance(0.07)) entries.push(['HostConfig', random.chance(0.2) ? 'null' : hostConfig(random)])
  entries.splice(random.below(entries.length + 1), 0, ['Image', JSON.stringify(image)])
  const tail = random.chance(0.03) ? random.pick(TAILS) : ''
  return `${random.chance(0.01) ? '\ufeff' : ''}${space(random)}${objectOf(random, entries)}${space(random)}${tail}`
}

export type Entry = [name: string, value: string]

const hostConfig = (random: Random): string => objectOf(random, fieldsOf(random, HOST_CONFIG, 5))

/** Some of these fields, most with a value of theirs. */
export function fieldsOf(random: Random, fields: Readonly<Record<string, readonly string[]>>, most: number): Entry[] {
  const names = Object.keys(fields)
  const entries: Entry[] = []
  const chosen = new Set(Array.from({ length: random.below(most + 1) }, () => random.pick(names)))
  for (const name of chosen) entries.push([name, valueOf(random, fields[name] ?? [])])
  // The same field once more, which Go merges, or takes the last of.
  const [again] = entries
  if (again && random.chance(0.05)) entries.push([again[0], valueOf(random, fields[again[0]] ?? [])])
  if (random.chance(0.03)) entries.push([random.pick(STRANGERS), '{"Privileged":true}'])
  return entries
}

const valueOf = (random: Random, values: readonly string[]): string =>
  respell(random, random.pick(random.chance(0.03) ? ODD_VALUES : values))

/** The same for the keys in a value, also those of maps, which stay what they are for both. */
const respell = (random: Random, value: string): string =>
  value.replaceAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (text, key: string, colon = '') =>
    colon === '' ? text : `"${writeKey(random, key)}"${colon}`,
  )

/** An object, written in an odd way. */
export function objectOf(random: Random, entries: readonly Entry[]): string {
  const members = entries.map(
    ([name, value]) => `${space(random)}"${writeKey(random, name)}"${space(random)}:${space(random)}${value}`,
  )
  return `{${members.join(',')}${space(random)}}`
}

const space = (random: Random): string => (random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n']) : '')

/** A key in another case, with letters that fold to those of the name, with escapes, or with a letter that only looks like it. */
function writeKey(random: Random, name: string): string {
  if (random.chance(0.5)) return name
  if (random.chance(0.04))
    return random.pick([
      name.replace('i', 'ı'),
      name.replace('o', 'о'),
      `${name} `,
      `${name}\\u0000`,
      name.replace('I', 'İ'),
      name.replaceAll('s', 'ß'),
    ])
  const letters = random.pick([name.toLowerCase(), name.toUpperCase(), name]).split('')
  return letters.map((letter) => spellLetter(random, letter)).join('')
}
