import { capabilityName, DEFAULT_CAPABILITIES } from '../../container/capabilities.ts'
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS, LATER_MASKED_PATHS } from '../../container/masks.ts'
import { isTrue, parseSecurityOptions } from '../../container/security-options.ts'
import type { JsonObject } from '../request.ts'
import { judgeOption } from './daemon-defaults.ts'
import { fromBaseline, fromRestricted, type Judge, type Judged } from './finding.ts'
import { objectOf, stringsOf } from './values.ts'

/** The only capability that `restricted` lets a container have. */
const OF_RESTRICTED = 'NET_BIND_SERVICE'

/** `HostConfig.CapAdd`, and CapabilityAdd of a service. */
export const judgeCapAdd: Judge = function* (value, where) {
  for (const [index, given] of stringsOf(value).entries()) {
    const name = capabilityName(given)
    const place = `${where}.${index}`
    if (!DEFAULT_CAPABILITIES.includes(name)) {
      yield fromBaseline('CAPABILITY', place, `it adds the capability ${name}`, { kind: 'capability', name })
    } else if (name !== OF_RESTRICTED) yield fromRestricted('CAPABILITY', place, `it adds the capability ${name}`)
  }
}

/** The values of an option of `HostConfig.SecurityOpt` that weaken none of Docker's own defaults. */
const HARMLESS: ReadonlyMap<string, (value: string) => boolean> = new Map<string, (value: string) => boolean>([
  ['no-new-privileges', () => true],
  ['seccomp', (value: string) => value === 'builtin'],
  ['apparmor', (value: string) => value === 'docker-default'],
])

/** `HostConfig.SecurityOpt`. */
export const judgeSecurityOpt: Judge = function* (value, where) {
  for (const [name, values] of parseSecurityOptions(stringsOf(value))) {
    const bad = values.find((one) => HARMLESS.get(name)?.(one) !== true)
    const shown = bad?.startsWith('{') ? 'a profile of its own' : bad
    if (bad === undefined) yield* judgeOption(name, values, where)
    else yield fromBaseline('CONFINEMENT', where, `it sets the security option ${name} to ${shown || 'nothing'}`)
  }
}

/** `MaskedPaths` and `ReadonlyPaths`: a list that lacks a default path opens it. */
function judgePaths(defaults: readonly string[], what: string): Judge {
  return function* (value, where) {
    const given = stringsOf(value)
    const open = defaults.find((path) => !given.includes(path))
    if (open !== undefined) yield fromBaseline('CONFINEMENT', where, `${open} is not ${what}`)
  }
}
/** Of a request: it must not open what the daemon would mask, whichever version it has. */
export const judgeMaskedPaths = judgePaths([...DEFAULT_MASKED_PATHS, ...LATER_MASKED_PATHS], 'masked')
/** Of a container that exists: it may have the default of an older version. */
export const judgeInspectedMasks = judgePaths(DEFAULT_MASKED_PATHS, 'masked')
export const judgeReadonlyPaths = judgePaths(DEFAULT_READONLY_PATHS, 'read-only')

/** What `restricted` requires of every container. An option that is missing can't be seen in a field's own judge. */
export function* judgeHardening(config: JsonObject): Iterable<Judged> {
  const { CapDrop, SecurityOpt } = objectOf(config['HostConfig'])
  if (!stringsOf(CapDrop).some((name) => capabilityName(name) === 'ALL')) {
    yield fromRestricted('NOT_HARDENED', 'HostConfig.CapDrop', 'it does not drop ALL capabilities')
  }
  // The last value counts.
  const value = parseSecurityOptions(stringsOf(SecurityOpt)).get('no-new-privileges')?.at(-1)
  if (value === undefined || !isTrue(value)) {
    yield fromRestricted('NOT_HARDENED', 'HostConfig.SecurityOpt', 'it lacks no-new-privileges')
  }
  yield* judgeUser(config['User'] ?? '', 'User')
}

/** A name may be that of root in the image, so only a number says who it is. */
export const judgeUser: Judge = function* (value, where) {
  const user = typeof value === 'string' ? value : ''
  if (/^[1-9]\d{0,9}(?::\d{1,10})?$/.test(user)) return
  const got = user === '' ? 'it runs as the user of the image, which may be root' : `the user ${user} may be root`
  yield fromRestricted('ROOT_USER', where, got)
}
