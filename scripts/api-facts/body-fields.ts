import type { Operation } from '../../lib/engine/operation.ts'
import type { Facts, Kind } from './facts.ts'

/** The fields of bodies, as lib/engine/body-fields/table.ts has them. */
export interface BodyFields {
  /** The type of the body of each operation. */
  readonly bodies: Readonly<Record<string, string>>
  /** The fields of each type: `Name:Form`, or `Name` for any value. */
  readonly types: Readonly<Record<string, string>>
}

/**
 * Fields that a daemon reads, and that the newest specification doesn't have: those of older versions from 1.40 on
 * (moby, docs/api), and those that no specification names or spells as dockerd does (moby, api/types).
 */
const MORE: Readonly<Record<string, string>> = {
  AuthConfig: 'auth email identitytoken registrytoken',
  'ClusterVolumeSpec.AccessMode': 'BlockVolume MountVolume:MountVolume',
  ClusterVolumeSpec:
    'AccessibilityRequirements:ClusterVolumeSpec.AccessMode.AccessibilityRequirements Availability:s CapacityRange:ClusterVolumeSpec.AccessMode.CapacityRange Secrets:[ClusterVolumeSpec.AccessMode.Secrets',
  ContainerConfig: 'MacAddress',
  'ContainerCreate.body': 'MacAddress',
  'ContainerExec.body': 'Detach',
  'ContainerUpdate.body': 'DiskQuota KernelMemory KernelMemoryTCP',
  HostConfig: 'Capabilities DiskQuota KernelMemory KernelMemoryTCP',
  Limit: 'GenericResources:[GenericResources',
  Mount: 'ClusterOptions',
  MountVolume: 'FsType MountFlags',
  'NetworkCreate.body': 'CheckDuplicate',
  'SwarmInit.body': 'AutoLockManagers Availability',
  'SwarmJoin.body': 'Availability',
  'TaskSpec.ContainerSpec': 'HealthCheck:HealthConfig',
  'TaskSpec.PluginSpec': 'disabled env name privileges:[PluginPrivilege remote',
  PluginPrivilege: 'description name value',
}

/** dockerd takes one string as well, as one word (moby, api/types/strslice). */
const COMMANDS: ReadonlySet<string> = new Set([
  'ContainerConfig.Cmd',
  'ContainerConfig.Entrypoint',
  'ContainerCreate.body.Cmd',
  'ContainerCreate.body.Entrypoint',
])

/** Bodies of operations that the specification leaves out. */
const UNSPECIFIED: Readonly<Record<string, string>> = { 'checkpoints.create': 'CheckpointDir CheckpointID Exit' }

/** Collects the fields of the bodies of these operations. */
export function bodyFields(
  facts: Facts,
  operations: readonly Operation[],
  shapeOf: (path: string) => string,
): BodyFields {
  const types = new Map(Object.entries(UNSPECIFIED))
  const bodies: Record<string, string> = {}
  for (const { name, method, path } of operations.filter(({ body }) => body === 'json')) {
    const route = Object.keys(facts.operations).find((one) => shapeOf(one) === `${method} ${shapeOf(path)}`)
    const body = route === undefined ? undefined : facts.operations[route]?.body
    const form = body === undefined ? name : formOf(body, facts)
    bodies[name] = form
    addType(form, facts, types)
  }
  return withShortNames(withoutTwins({ bodies, types: Object.fromEntries(types) }))
}

/** Adds the type in a form, and those of its fields. */
function addType(form: string, facts: Facts, types: Map<string, string>): void {
  const name = form.replace(/^[*[]+/, '')
  if (types.has(name) || !/^[A-Z]/.test(name)) return
  types.set(name, '')
  const more = (MORE[name] ?? '').split(' ').filter(Boolean)
  const specified = Object.entries(facts.types[name] ?? {}).map(([marked, kind]) => {
    const field = marked.replace(/!$/, '')
    const inner = COMMANDS.has(`${name}.${field}`)
      ? 'c'
      : formOf(OPEN_CHOICES.has(`${name}.${field}`) ? 'string' : kind, facts)
    return inner === '' ? field : `${field}:${inner}`
  })
  const known = new Set(more.map(nameOf))
  const fields = [...specified.filter((field) => !known.has(nameOf(field))), ...more]
  types.set(name, fields.toSorted().join(' '))
  for (const field of fields) {
    addType(field.split(':')[1] ?? '', facts, types)
  }
}

const nameOf = (field: string): string => field.split(':')[0] ?? field

/** A plugin of the daemon adds values. */
const OPEN_CHOICES: ReadonlySet<string> = new Set(['HostConfig.LogConfig.Type'])

const PRIMITIVES: Readonly<Record<string, string>> = { string: 's', integer: 'i', number: 'n', boolean: 'b' }

/** The form of a kind, as lib/engine/body-fields/table.ts has it. Empty for any value. */
function formOf(kind: Kind, facts: Facts): string {
  const plain = kind.replace(/\?$/, '')
  if (plain.startsWith('[')) return `[${formOf(plain.slice(1, -1), facts)}`
  if (plain.startsWith('{')) return `*${formOf(plain.slice(1, -1), facts)}`
  const [, values] = /^string\((.*)\)$/.exec(plain) ?? []
  if (values !== undefined) return `s=${values.split('|').filter(Boolean).join('|')}`
  return facts.types[plain] ? plain : (PRIMITIVES[plain.replace(/\(.*/, '')] ?? '')
}

/** Removes types with the same fields as another, such as the `Ulimits` of create and update. */
function withoutTwins(table: BodyFields): BodyFields {
  const { types } = table
  const names = Object.keys(types).toSorted((left, right) => left.length - right.length || (left < right ? -1 : 1))
  const first = new Map(names.toReversed().map((name) => [types[name], name]))
  const renamed = rename(table, (name) => first.get(types[name]) ?? name)
  return Object.keys(renamed.types).length === names.length ? renamed : withoutTwins(renamed)
}

const short = (name: string): string => name.replace('.body', '').split('.').at(-1) ?? name

/** `Mount.VolumeOptions` becomes `VolumeOptions`, if there is no other. */
function withShortNames(table: BodyFields): BodyFields {
  const all = Object.keys(table.types).map(short)
  return rename(table, (name) => (all.filter((one) => one === short(name)).length === 1 ? short(name) : name))
}

function rename({ bodies, types }: BodyFields, newName: (name: string) => string): BodyFields {
  const inFields = (fields: string): string =>
    fields.replaceAll(/:([*[]*)(\S+)/g, (_, marks: string, name: string) => `:${marks}${newName(name)}`)
  return {
    bodies: Object.fromEntries(
      Object.entries(bodies).map(([body, form]) => [body, form.replace(/[^[]+/, (name) => newName(name))]),
    ),
    types: Object.fromEntries(
      Object.entries(types)
        .map(([name, fields]) => [newName(name), inFields(fields)] as const)
        .toSorted(([left], [right]) => (left < right ? -1 : 1)),
    ),
  }
}
