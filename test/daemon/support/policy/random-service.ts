import { Random } from '../../../fuzz/random.ts'
import { covers, isEmpty, same } from './agreement.ts'
import { fieldsOf, objectOf, type Entry } from './random-body.ts'

const CONTAINER: Readonly<Record<string, readonly string[]>> = {
  Args: ['["a"]', '[]'],
  CapabilityAdd: ['["CAP_NET_ADMIN"]', '["ALL"]', '"ALL"', '[]'],
  CapabilityDrop: ['["ALL"]'],
  Command: ['["sh"]', '"sh"'],
  Dir: ['"/tmp"'],
  Env: ['["A=1"]', '["A={{.Node.ID}}"]'],
  Groups: ['["0"]'],
  Hostname: ['"h"'],
  Init: ['true', 'false', 'null'],
  Labels: ['{"a":"1","A":"2"}', '{"a":null}', '{"a":"1","a":"2"}', '{"constructor":"x"}'],
  Mounts: [
    '[{"Type":"bind","Source":"/etc","Target":"/h"}]',
    '[{"type":"bind","SOURCE":"/etc","target":"/h","readonly":true,"BINDOPTIONS":{"propagation":"rslave"}}]',
    '[{"Type":"volume","Source":"{{\\"etc\\"}}","Target":"/h"}]',
    '[{"Type":"volume","Source":"v","Target":"/h","volumeoptions":{"labels":{"a":"b"},"driverconfig":{"name":"local","OPTIONS":{"type":"none"}}}}]',
    '[{"Type":"tmpfs","Target":"/t"}]',
    '[null]',
  ],
  Privileges: [
    '{"NoNewPrivileges":true}',
    '{"seccomp":{"mode":"unconfined"},"APPARMOR":{"Mode":"disabled"}}',
    '{"SELinuxContext":{"disable":true}}',
  ],
  ReadOnly: ['true', 'false'],
  StopSignal: ['"SIGINT"'],
  Sysctls: ['{"net.ipv4.ip_forward":"1"}', '{"a.b":null}'],
  TTY: ['true', '"true"'],
  Ulimits: ['[{"Name":"nofile","Soft":10,"Hard":20}]'],
  User: ['"0:0"', String.raw`"r\u006fot"`],
}

const TASK: Readonly<Record<string, readonly string[]>> = {
  ForceUpdate: ['1', '0', '-0'],
  LogDriver: ['{"Name":"syslog","options":{"a":"b"}}', '{"name":"none"}'],
  RestartPolicy: ['{"Condition":"none"}', '{"CONDITION":"any"}'],
  Runtime: ['"container"', '""'],
}

const SERVICE: Readonly<Record<string, readonly string[]>> = {
  EndpointSpec: ['{"ports":[{"TargetPort":80,"PUBLISHEDPORT":8080}]}', '{"Mode":"dnsrr"}'],
  Labels: ['{"a":"1"}', '{"__proto__":"x"}'],
  UpdateConfig: ['{"FailureAction":"rollback"}', '{"failureaction":"pause","Parallelism":1}'],
}

/** The body of services.create, as text, for a service without tasks. */
export function randomService(seed: number, image: string): string {
  const random = new Random(seed)
  const container: Entry[] = [['Image', JSON.stringify(image)], ...fieldsOf(random, CONTAINER, 4)]
  const task: Entry[] = [['ContainerSpec', objectOf(random, container)], ...fieldsOf(random, TASK, 2)]
  if (random.chance(0.05)) task.push(['ContainerSpec', objectOf(random, [['CapabilityAdd', '["ALL"]']])])
  return objectOf(random, [
    ['Name', `"random-${seed}"`],
    ['Mode', '{"Replicated":{"Replicas":0}}'],
    ['TaskTemplate', objectOf(random, task)],
    ...fieldsOf(random, SERVICE, 2),
  ])
}

/** Fields in which dockerd fills in what is missing. */
const COMPLETED = new Set(['EndpointSpec', 'TaskTemplate.RestartPolicy', 'UpdateConfig'])

/** Whether all that was sent is there. */
export function within(made: unknown, sent: unknown): boolean {
  if (typeof sent !== 'object' || sent === null) return made === sent
  return Object.entries(sent).every(([name, value]) => within(part(made)[name], value))
}

type Part = Readonly<Record<string, unknown>>
const part = (value: unknown): Part => (typeof value === 'object' && value !== null ? (value as Part) : {})

/** All fields of a service, its tasks and their container, side by side. */
const fields = (value: unknown): Part => {
  const { TaskTemplate, ...service } = part(value)
  const { ContainerSpec, ...task } = part(TaskTemplate)
  const named = (prefix: string, one: unknown): [string, unknown][] =>
    Object.entries(part(one)).map(([name, field]) => [`${prefix}${name}`, field])
  return Object.fromEntries([
    ...named('', service),
    ...named('TaskTemplate.', task),
    ...named('TaskTemplate.ContainerSpec.', ContainerSpec),
  ])
}

/**
 * Compares a service with the body that we have read.
 *
 * @param base - a service with its image alone
 * @returns the fields that dockerd has read otherwise
 */
export function serviceDisagreements(made: unknown, read: unknown, base: unknown): string[] {
  const [there, sent, bare] = [made, read, base].map(fields) as [Part, Part, Part]
  return [...new Set([...Object.keys(there), ...Object.keys(sent)])].filter((name) => {
    if (isEmpty(sent[name])) return !same(there[name], bare[name])
    return !(COMPLETED.has(name) ? within : covers)(there[name], sent[name] as never)
  })
}
