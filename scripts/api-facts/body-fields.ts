import type { Operation } from '../../lib/engine/operation.ts'
import type { Facts, Kind } from './facts.ts'

/** The fields of bodies, as lib/engine/body-fields/table.ts has them. */
export interface BodyFields {
  /** The type of the body of each operation. */
  readonly bodies: Readonly<Record<string, string>>
  /** The fields of each type: `Name`, `Name:Type` for an object or a list of them, `Name:*Type` for a map of them. */
  readonly types: Readonly<Record<string, string>>
}

/**
 * Fields that a daemon reads, and that the specification of API 1.55 doesn't have: those of older versions from 1.40 on
 * (moby, docs/api), and those that no specification names or spells as dockerd does (moby, api/types).
 */
const MORE: Readonly<Record<string, string>> = {
  AuthConfig: 'auth email identitytoken registrytoken',
  'ClusterVolumeSpec.AccessMode': 'BlockVolume MountVolume:MountVolume',
  ClusterVolumeSpec:
    'AccessibilityRequirements:ClusterVolumeSpec.AccessMode.AccessibilityRequirements Availability CapacityRange:ClusterVolumeSpec.AccessMode.CapacityRange Secrets:ClusterVolumeSpec.AccessMode.Secrets',
  ContainerConfig: 'MacAddress',
  'ContainerCreate.body': 'MacAddress',
  'ContainerExec.body': 'Detach',
  'ContainerUpdate.body': 'DiskQuota KernelMemory KernelMemoryTCP',
  HostConfig: 'Capabilities DiskQuota KernelMemory KernelMemoryTCP',
  Limit: 'GenericResources:GenericResources',
  Mount: 'ClusterOptions',
  MountVolume: 'FsType MountFlags',
  'NetworkCreate.body': 'CheckDuplicate',
  'SwarmInit.body': 'AutoLockManagers Availability',
  'SwarmJoin.body': 'Availability',
  'TaskSpec.ContainerSpec': 'Healthcheck:HealthConfig',
  'TaskSpec.PluginSpec': 'disabled env name privileges:PluginPrivilege remote',
  PluginPrivilege: 'description name value',
}

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
    const type = body === undefined ? name : objectIn(body, facts)?.name
    if (type === undefined) continue
    bodies[name] = type
    addType(type, facts, types)
  }
  return withShortNames(withoutTwins({ bodies, types: Object.fromEntries(types) }))
}

function addType(name: string, facts: Facts, types: Map<string, string>): void {
  if (types.has(name)) return
  types.set(name, '')
  const more = (MORE[name] ?? '').split(' ').filter(Boolean)
  const specified = Object.entries(facts.types[name] ?? {}).map(([marked, kind]) => {
    const field = marked.replace(/!$/, '')
    const inner = objectIn(kind, facts)
    return inner ? `${field}:${inner.isMap ? '*' : ''}${inner.name}` : field
  })
  const fields = [...specified.filter((field) => !more.some((one) => one.startsWith(`${field}:`))), ...more]
  types.set(name, fields.toSorted().join(' '))
  for (const field of fields) {
    const inner = field.split(':')[1]?.replace('*', '')
    if (inner !== undefined) addType(inner, facts, types)
  }
}

/** The object that a kind is, or a list or map of. */
function objectIn(kind: Kind, facts: Facts, isMap = false): { name: string; isMap: boolean } | undefined {
  const plain = kind.replace(/\?$/, '')
  if (plain.startsWith('[')) return objectIn(plain.slice(1, -1), facts, isMap)
  if (plain.startsWith('{')) return objectIn(plain.slice(1, -1), facts, true)
  return facts.types[plain] ? { name: plain, isMap } : undefined
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

function rename({ bodies, types }: BodyFields, nameOf: (name: string) => string): BodyFields {
  const inFields = (fields: string): string =>
    fields.replaceAll(/:(\*?)(\S+)/g, (_, map: string, name: string) => `:${map}${nameOf(name)}`)
  return {
    bodies: Object.fromEntries(Object.entries(bodies).map(([body, name]) => [body, nameOf(name)])),
    types: Object.fromEntries(
      Object.entries(types)
        .map(([name, fields]) => [nameOf(name), inFields(fields)] as const)
        .toSorted(([left], [right]) => (left < right ? -1 : 1)),
    ),
  }
}
