import type { ReadPolicy, ReadRule } from './schema.ts'
import type { HostPath, Policy, PolicyRule } from './types.ts'

/** The policy with all its defaults, frozen. */
export function normalise({ version, rules }: ReadPolicy): Policy {
  return freeze({ version, rules: rules.map(readRule) })
}

function readRule({ name, who, level, until, owner, renew, allow, deny, only }: ReadRule): PolicyRule {
  return {
    name,
    who: present(who),
    level: { version: 1, ...present(level) },
    ...(until !== undefined && { until }),
    ...(owner !== undefined && { owner }),
    ...(renew !== undefined && { renew }),
    allow: {
      operations: unique(allow?.operations),
      hostPaths: (allow?.hostPaths ?? []).map(({ path, readOnly = false }): HostPath => ({ path, readOnly })),
      capabilities: allow?.capabilities ?? [],
      devices: allow?.devices ?? [],
    },
    deny: {
      operations: unique(deny?.operations),
      images: deny?.images ?? [],
      networks: deny?.networks ?? [],
      labels: deny?.labels ?? [],
      capabilities: deny?.capabilities ?? [],
    },
    only: present({ ...only, operations: only?.operations && unique(only.operations) }),
  }
}

const unique = (lists: readonly (readonly string[])[] = []): readonly string[] => [...new Set(lists.flat())]

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
