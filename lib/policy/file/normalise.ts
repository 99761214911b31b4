import type { ReadPolicy, ReadRule } from './schema.ts'
import type { Allowance, HostPath, Policy, PolicyRule } from './types.ts'

/** The policy with all its defaults, frozen. */
export function normalise({ version, rules }: ReadPolicy): Policy {
  return freeze({ version, rules: rules.map(readRule) })
}

function readRule({ name, who, level, owner, allow, deny }: ReadRule): PolicyRule {
  return {
    name,
    who: present(who),
    level: { version: 1, ...present(level) },
    ...(owner !== undefined && { owner }),
    allow: allowance(allow),
    deny: allowance(deny),
  }
}

type Exceptions = ReadRule['allow'] | ReadRule['deny']

function allowance(given: Exceptions): Allowance {
  const hostPaths: readonly { readonly path: string; readonly readOnly?: boolean | undefined }[] =
    given?.hostPaths ?? []
  return {
    operations: [...new Set(given?.operations?.flat())],
    hostPaths: hostPaths.map(({ path, readOnly = false }): HostPath => ({ path, readOnly })),
    images: given?.images ?? [],
    networks: given?.networks ?? [],
    capabilities: given?.capabilities ?? [],
    devices: given?.devices ?? [],
    labels: given?.labels ?? (Object.create(null) as Record<string, string>),
  }
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> }

/** Without keys that are undefined, as they are in code. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Present<T>
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const one of Object.values(value)) freeze(one)
  return Object.freeze(value)
}
