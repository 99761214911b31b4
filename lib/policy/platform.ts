import type { Facts, Need } from './facts.ts'
import { objectOf, textOf } from './judging/values.ts'
import type { Json, ReadRequest } from './request.ts'

interface Asking {
  readonly facts: Facts
  readonly need: (need: Need) => void
}

const INFO: Need = { kind: 'daemon', name: 'info' }

/** The platforms whose images a daemon prefers, by what `/info` says of its machine: the name of the kernel. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['linux/amd64'],
  aarch64: ['linux/arm64', 'linux/arm64/v8'],
  armv7l: ['linux/arm/v7'],
  ppc64le: ['linux/ppc64le'],
  s390x: ['linux/s390x'],
  riscv64: ['linux/riscv64'],
}

/**
 * Whether a request names a platform in this parameter which isn't the daemon's own. Of an image for several platforms, the daemon
 * inspects that for its own: nothing is known of the others.
 *
 * @param images - inspections of the images that the request names. A daemon of 32 bits on a kernel of 64 prefers others than `/info` says
 */
export function namesOtherPlatform(
  { query }: ReadRequest,
  parameter: 'platform' | 'platforms',
  images: readonly (Json | undefined)[],
  { facts, need }: Asking,
): boolean {
  const named = (query.get(parameter) ?? []).filter((value) => value !== '').map(textOfPlatform)
  if (named.length === 0) return false
  const info = facts.get(INFO)
  if (info === undefined) need(INFO)
  const own = info === undefined ? named : ownPlatforms(info)
  return named.some((one) => !own.includes(one) || images.some((image) => isOther(image, one)))
}

function ownPlatforms(info: Json): readonly string[] {
  const { OSType, Architecture } = objectOf(info)
  const machine = textOf(Architecture)
  return textOf(OSType) === 'linux' && Object.hasOwn(OWN, machine) ? (OWN[machine] ?? []) : []
}

/** Undefined or null: it isn't known yet, or there is no such image. */
function isOther(image: Json | undefined, platform: string): boolean {
  if (!image) return false
  const { Os, Architecture } = objectOf(image)
  return !`${platform}/`.startsWith(`${textOf(Os)}/${textOf(Architecture)}/`)
}

/** The JSON of a platform, without features and versions of the system. */
const JSON_FORM = /^\{"\w+":"\w+"(?:,"\w+":"\w+"){1,2}\}$/

/** `linux/arm64/v8`, which a request can also write as JSON. What has another form is no platform of ours. */
function textOfPlatform(value: string): string {
  if (!JSON_FORM.test(value)) return value
  const { os, architecture, variant, ...others } = objectOf(JSON.parse(value) as Json)
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])].map(textOf)
  return Object.keys(others).length === 0 ? parts.join('/') : ''
}
