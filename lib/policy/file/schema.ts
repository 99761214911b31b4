import { z } from 'zod'
import { exactly, field, listOf, oneOrMore } from './fields.ts'
import { LEVELS, type Level } from './types.ts'
import { CAPABILITY, DENIED_CAPABILITY } from './values/capabilities.ts'
import { LIFE } from './values/duration.ts'
import { IMAGE } from './values/images.ts'
import { LABEL } from './values/labels.ts'
import { OPERATIONS } from './values/operations.ts'
import { DEVICE, HOST_PATH } from './values/paths.ts'
import { MOMENT } from './values/time.ts'
import { matching, oneOf, type Kind } from './values/value.ts'
import { COMMON_NAME, DNS, FINGERPRINT, IP, NAME, ORGANIZATIONAL_UNIT, OWNER, URI } from './values/who.ts'

const LEVEL: Kind<Level> = oneOf(LEVELS, 'a level')

const MODES = z.strictObject({
  enforce: field(LEVEL),
  audit: field(LEVEL).optional(),
  warn: field(LEVEL).optional(),
  version: exactly(1).optional(),
})

const WHO = z.strictObject({
  any: exactly(true).optional(),
  commonName: oneOrMore(COMMON_NAME).optional(),
  organizationalUnit: oneOrMore(ORGANIZATIONAL_UNIT).optional(),
  dns: oneOrMore(DNS).optional(),
  uri: oneOrMore(URI).optional(),
  ip: oneOrMore(IP).optional(),
  fingerprint: oneOrMore(FINGERPRINT).optional(),
  issuer: oneOrMore(FINGERPRINT).optional(),
  socket: oneOrMore(NAME).optional(),
})

const NETWORK = matching(
  /^[A-Za-z0-9][\w.-]{0,254}$/,
  'the name or id of a network, such as web',
  'is not the name of a network',
)

const PATH = z.strictObject({ path: field(HOST_PATH), readOnly: exactly(true, false).optional() })

const ALLOW = z.strictObject({
  operations: listOf(OPERATIONS).optional(),
  hostPaths: z.array(PATH).optional(),
  capabilities: listOf(CAPABILITY).optional(),
  devices: listOf(DEVICE).optional(),
})
const NARROWED = z.strictObject({
  operations: listOf(OPERATIONS).optional(),
  images: listOf(IMAGE).optional(),
  networks: listOf(NETWORK).optional(),
  labels: listOf(LABEL).optional(),
})

const DENY = NARROWED.extend({ capabilities: listOf(DENIED_CAPABILITY).optional() })

const RENEW = z.strictObject({ for: field(LIFE) })

const RULE = z.strictObject({
  name: field(NAME),
  who: WHO,
  level: z.preprocess((level) => (isObject(level) ? level : { enforce: level }), MODES),
  until: field(MOMENT).optional(),
  owner: field(OWNER).optional(),
  renew: RENEW.optional(),
  allow: ALLOW.optional(),
  deny: DENY.optional(),
  only: NARROWED.optional(),
})

/** The form of a policy file. */
export const POLICY = z.strictObject({ version: exactly(1), rules: z.array(RULE) })

/** A policy as the schema returns it. */
export type ReadPolicy = z.output<typeof POLICY>
export type ReadRule = ReadPolicy['rules'][number]

/** The keys of each object, by the last key of its path. The top has none. */
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(POLICY.shape),
  rules: Object.keys(RULE.shape),
  who: Object.keys(WHO.shape),
  level: Object.keys(MODES.shape),
  renew: Object.keys(RENEW.shape),
  allow: Object.keys(ALLOW.shape),
  deny: Object.keys(DENY.shape),
  only: Object.keys(NARROWED.shape),
  hostPaths: Object.keys(PATH.shape),
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
