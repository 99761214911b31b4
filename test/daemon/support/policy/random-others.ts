import { Random } from '../../../fuzz/random.ts'
import { covers, isEmpty, same, type Made } from './agreement.ts'
import { fieldsOf, objectOf, type Entry } from './random-body.ts'
import { within } from './random-service.ts'

type Fields = Readonly<Record<string, readonly string[]>>

const LABELS = [
  '{"a":"1","A":"2"}',
  '{"a":null}',
  '{"a":"1","a":"2"}',
  '{"Name":"x","NAME":"y"}',
  '{"k":"1","\u212a":"2"}',
]

const EXEC: Fields = {
  AttachStderr: ['true', 'false'],
  AttachStdin: ['true', 'false'],
  Cmd: ['["true"]', '["a",null]', '"ls"', '[]'],
  ConsoleSize: ['[10,20]', '[1]', 'null'],
  Detach: ['true', 'false'],
  DetachKeys: ['"ctrl-a"', '""'],
  Env: ['["A=1","B=2"]', '[]', String.raw`["\u0041=\ud83d\ude00"]`],
  Privileged: ['true', 'true', 'false', 'null', '"true"', '1'],
  Tty: ['true', 'false'],
  User: ['"0:0"', '"1000"', String.raw`"\u0031000"`, '""'],
  WorkingDir: ['"/bin"', '"/"', '""'],
}

const VOLUME: Fields = {
  ClusterVolumeSpec: ['null', 'null', '{"Group":"g"}'],
  Driver: ['"local"', '""', '"LOCAL"', 'null'],
  DriverOpts: [
    '{"type":"none","o":"bind","device":"/etc"}',
    '{"type":"tmpfs","device":"tmpfs","o":"size=1m"}',
    '{"type":"tmpfs","TYPE":"none","device":"tmpfs"}',
    '{"type":null}',
    '{}',
  ],
  Labels: LABELS,
}

const NETWORK: Fields = {
  Attachable: ['true', 'false'],
  CheckDuplicate: ['true', 'false'],
  ConfigFrom: ['{"Network":""}', '{"network":"nothing"}', '{}'],
  ConfigOnly: ['true', 'true', 'false'],
  Driver: ['"bridge"', '""', '"macvlan"'],
  EnableIPv6: ['false', 'null', '"false"'],
  IPAM: [
    '{"Config":[{"Subnet":"10.90.0.0/24"}]}',
    '{"Driver":"default","Config":[{"Subnet":"10.91.0.0/24","IPRange":"10.91.0.128/25","Gateway":"10.91.0.1"}]}',
    '{"Config":[{"Subnet":"10.92.0.0/24","AuxiliaryAddresses":{"h":"10.92.0.9","H":"10.92.0.10"}}]}',
    '{"Options":{"a":"b","A":"c"}}',
    '{"Config":[null]}',
    '{}',
  ],
  Ingress: ['false', 'null'],
  Internal: ['true', 'false'],
  Labels: LABELS,
  Options: [
    '{"com.docker.network.bridge.enable_icc":"false"}',
    '{"com.docker.network.driver.mtu":"1400"}',
    '{"a":"b","A":"c"}',
    '{}',
  ],
  Scope: ['"local"', '""'],
}

/** Prints where an exec is and its environment, and waits: dockerd loses the output of one that ends at once. */
export const PRINTING: readonly string[] = ['sh', '-c', 'pwd; env; sleep 0.1']

/** The body of exec.create, as text. Most print where they are and their environment. */
export function randomExec(seed: number): string {
  const random = new Random(seed)
  const entries = fieldsOf(random, EXEC, 5)
  if (!entries.some(([name]) => name === 'Cmd')) entries.push(['Cmd', JSON.stringify(PRINTING)])
  entries.push(['AttachStdout', 'true'])
  return objectOf(random, entries)
}

/** The body of volumes.create, as text. */
export const randomVolume = (seed: number): string => named(seed, VOLUME, 3)

/** The body of networks.create, as text. */
export const randomNetwork = (seed: number): string => named(seed, NETWORK, 4)

function named(seed: number, fields: Fields, most: number): string {
  const random = new Random(seed)
  const entries: Entry[] = [['Name', `"random-${seed}"`], ...fieldsOf(random, fields, most)]
  return objectOf(random, entries)
}

/** What was read, what dockerd shows of it, and what it shows of one that was made with its name alone. */
interface Compared {
  readonly sent: Made
  readonly made: Made
  readonly bare: Made
}

/** Fields whose value dockerd completes or chooses; all others are as sent, or as in the bare one. */
const SPECIAL: Readonly<Record<string, (compared: Compared) => boolean>> = {
  // A template has none.
  Driver: ({ sent, made, bare }) =>
    made['Driver'] ===
    (sent['ConfigOnly'] === true ? 'null' : isEmpty(sent['Driver']) ? bare['Driver'] : sent['Driver']),
  IPAM: ({ sent, made }) => within(withoutEmpty(made['IPAM']), withoutEmpty(sent['IPAM'] ?? {})),
  Scope: ({ made, bare }) => made['Scope'] === bare['Scope'],
}

/** What dockerd chooses itself, or does not show. */
const CHOSEN = new Set([
  'Id',
  'Created',
  'CreatedAt',
  'Mountpoint',
  'CheckDuplicate',
  'ClusterVolumeSpec',
  'EnableIPv4',
])

/** Compares a volume or a network with the body that we have read. */
export function disagreementsOf(compared: Compared): string[] {
  const { DriverOpts, ...sent } = compared.sent
  const all = { ...compared, sent: DriverOpts === undefined ? sent : { ...sent, Options: DriverOpts } }
  const names = new Set([...Object.keys(all.made), ...Object.keys(all.sent)])
  return [...names].filter((name) => {
    if (CHOSEN.has(name)) return false
    const isSpecial = SPECIAL[name]
    if (isSpecial) return !isSpecial(all)
    const [made, value] = [all.made[name], all.sent[name]]
    return isEmpty(value) ? !(same(made, all.bare[name]) || isEmpty(made)) : !covers(made, value as never)
  })
}

/** The program of an exec, and what it is given. */
export function execDisagreements(sent: Made, made: Made): string[] {
  const { entrypoint, arguments: more, tty, privileged, user = '' } = made['ProcessConfig'] as Made
  const [Cmd = []] = [sent['Cmd'] as readonly string[] | undefined]
  const rows: Readonly<Record<string, boolean>> = {
    Cmd: same([entrypoint, ...((more ?? []) as string[])], Cmd),
    Tty: tty === (sent['Tty'] ?? false),
    Privileged: privileged === (sent['Privileged'] ?? false),
    User: user === (sent['User'] ?? ''),
    AttachStdin: made['OpenStdin'] === (sent['AttachStdin'] ?? false),
    AttachStdout: made['OpenStdout'] === (sent['AttachStdout'] ?? false),
    AttachStderr: made['OpenStderr'] === (sent['AttachStderr'] ?? false),
    DetachKeys: isEmpty(sent['DetachKeys']) ? isEmpty(made['DetachKeys']) : made['DetachKeys'] === 'AQ==',
  }
  return Object.keys(rows).filter((name) => rows[name] !== true)
}

/** JSON without members that say nothing. */
const withoutEmpty = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).filter(([, one]) => !isEmpty(one)))
