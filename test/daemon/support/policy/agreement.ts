import type { Json } from '../../../../lib/policy/request.ts'

/** Config and HostConfig of a container, side by side: no name is in both. */
export type Made = Readonly<Record<string, unknown>>

/** A body that was read, in the same way. */
export function flatten(body: Json | undefined): Readonly<Record<string, Json>> {
  const { HostConfig = {}, ...config } = (body ?? {}) as Record<string, Json>
  return { ...config, ...(HostConfig as Record<string, Json>) }
}

/** What can differ without being read otherwise: dockerd adds its defaults, and values of the image. */
interface Context {
  readonly body: Readonly<Record<string, Json>>
  readonly made: unknown
  readonly sent: Json | undefined
  readonly base: unknown
}

/** Fields that dockerd makes of several others, or completes. All other fields are as sent, or as in a bare container. */
const SPECIAL: Readonly<Record<string, (context: Context) => boolean>> = {
  // Without one, the beginning of the id, or the name of the host.
  Hostname: ({ made, sent }) => isEmpty(sent) || made === sent,
  // The variables of the image are added.
  Env: ({ made, sent, base }) => withMore(made, sent, (one) => list(base).includes(one)),
  Cmd: ({ body, made, sent, base }) =>
    isEmpty(sent) ? (isEmpty(body['Entrypoint']) ? same(made, base) : isEmpty(made)) : covers(made, sent),
  // An empty program is none, and not that of the image.
  Entrypoint: ({ made, sent }) => covers(made, sent) || (list(sent)[0] === '' && isEmpty(made)),
  SecurityOpt: ({ made, sent }) => withMore(made, sent, (one) => one === 'label=disable'),
  MaskedPaths: pathsOf,
  ReadonlyPaths: pathsOf,
  // dockerd sets twice the memory, as an integer of 64 bits that may overflow.
  MemorySwap: ({ made, sent, body }) =>
    isEmpty(sent) ? isEmpty(made) || made === Number(twice(body['Memory'])) : made === Number(sent),
  // None is no limit.
  PidsLimit: ({ made, sent }) => (Number(sent ?? 0) <= 0 ? isEmpty(made) : made === Number(sent)),
  NetworkMode: ({ made, sent, base }) => (isEmpty(sent) || sent === 'default' ? made === base : made === sent),
}

const twice = (memory: Json | undefined): bigint => BigInt.asIntN(64, 2n * BigInt((memory ?? 0) as number | bigint))

function pathsOf({ body, made, sent, base }: Context): boolean {
  if (sent !== undefined) return covers(made, sent)
  return (
    same(made, base) ||
    (isEmpty(made) && (body['Privileged'] === true || list(body['SecurityOpt']).includes('systempaths=unconfined')))
  )
}

const DEFAULTS = new Set(['CgroupnsMode', 'IpcMode', 'LogConfig', 'RestartPolicy', 'Runtime', 'ShmSize'])

/**
 * Compares a container with the body that we have read.
 *
 * @param base - a container that was made with its image alone
 * @returns the fields that dockerd has read otherwise
 */
export function disagreements(made: Made, read: Json | undefined, base: Made): string[] {
  const body = flatten(read)
  const { NetworkingConfig: _, ...fields } = body
  return [...new Set([...Object.keys(made), ...Object.keys(fields)])].filter((name) => {
    const context: Context = { body, made: made[name], sent: body[name], base: base[name] }
    return !(SPECIAL[name] ?? agrees)({ ...context }, name)
  })
}

function agrees({ made, sent, base }: Context, name: string): boolean {
  if (DEFAULTS.has(name) && (isEmpty(sent) || isEmpty(first(sent)))) return same(made, base)
  return sent === undefined ? same(made, base) : covers(made, sent)
}

/** The name of a policy or driver, without which dockerd takes its own. */
const first = (value: Json | undefined): unknown => {
  const { Name, Type } = (value ?? {}) as { readonly Name?: unknown; readonly Type?: unknown }
  return typeof value === 'object' ? (Name ?? Type) : value
}

/** Whether all that was sent is there, and nothing else. */
export function covers(made: unknown, sent: Json | undefined): boolean {
  if (isEmpty(made) && isEmpty(sent)) return true
  if (typeof sent !== 'object' || sent === null) return made === (typeof sent === 'bigint' ? Number(sent) : sent)
  if (typeof made !== 'object' || made === null || Array.isArray(made) !== Array.isArray(sent)) return false
  const keys = new Set([...Object.keys(made), ...Object.keys(sent)])
  return [...keys].every((key) => {
    const [one, other] = [made, sent].map((value) => (value as Record<string, Json>)[key])
    return key in made === key in sent ? covers(one, other) : isEmpty(one) && isEmpty(other)
  })
}

export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' &&
    Object.values(value).every(isEmpty) &&
    (Array.isArray(value) ? value.length === 0 : true))

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other) || (isEmpty(one) && isEmpty(other))

/** Whether a list has all that was sent, and of other things only these. */
function withMore(made: unknown, sent: Json | undefined, more: (one: unknown) => boolean): boolean {
  const wanted = list(sent)
  return wanted.every((one) => list(made).includes(one)) && list(made).every((one) => wanted.includes(one) || more(one))
}
