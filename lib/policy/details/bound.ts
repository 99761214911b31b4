import { escapeText } from '../../base/text.ts'
import type { RequestDetails } from './types.ts'

/** How many texts of a list are kept. */
const MOST_TEXTS = 20
const LONGEST_TEXT = 200
const CUT = '...'
/** Of all texts together: a line of the log has a limit. */
const MOST_CHARACTERS = 8_000

/** The types of fields. */
interface Values {
  readonly text: string
  readonly flag: boolean
  readonly list: readonly string[]
}

type FieldsOf<Kind> = {
  [Name in keyof RequestDetails]-?: Required<RequestDetails>[Name] extends Kind ? Name : never
}[keyof RequestDetails]
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text
type Complete<Text extends string, Field> = [Words<Text>, Field] extends [Field, Words<Text>] ? Text : never

/** @param names - all fields of this type, which the compiler checks. What decides most about the host comes first: the last is left out first */
function fields<Type extends keyof Values, Text extends string>(
  type: Type,
  names: Text & Complete<Text, FieldsOf<Values[Type]>>,
): (readonly [name: string, type: Type])[] {
  return names.split(' ').map((name) => [name, type])
}

const TYPES = [
  ...fields(
    'text',
    'container exec image network volume service task node secret config plugin checkpoint link name user networkMode pidMode ipcMode utsMode usernsMode cgroupnsMode runtime cgroupParent path folder remote driver logDriver platform dockerfile signal role availability',
  ),
  ...fields('flag', 'privileged unmasked force removeVolumes rollback internal publishAll truncated'),
  ...fields(
    'list',
    'mounts capAdd devices securityOptions entitlements volumesFrom ports networks images tags exporters driverOptions sysctls secrets configs managers leftOut',
  ),
]

type Value = string | true | readonly string[]

/**
 * What of a value are details, within their limits: whatever it is, nothing else gets into the log. Bounding twice changes nothing.
 *
 * @returns undefined if there is none
 */
export function boundDetails(value: unknown): RequestDetails | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const given = value as Readonly<Record<string, unknown>>
  const bounded: Record<string, Value> = {}
  let left = MOST_CHARACTERS
  for (const [name, type] of TYPES) {
    const kept = given[name] === undefined ? undefined : boundValue(type, given[name])
    if (kept === undefined) continue
    left -= lengthOf(kept)
    if (left >= 0) bounded[name] = kept
    else {
      left += lengthOf(kept)
      bounded['truncated'] = true
    }
  }
  return Object.keys(bounded).length === 0 ? undefined : bounded
}

function boundValue(type: keyof Values, value: unknown): Value | undefined {
  if (type === 'flag') return value === true ? true : undefined
  if (type === 'text') return boundText(value)
  const list = Array.isArray(value) ? (value as unknown[]) : []
  const first = list.slice(0, list.length > MOST_TEXTS ? MOST_TEXTS - 1 : MOST_TEXTS)
  const texts = first.flatMap((one) => boundText(one) ?? [])
  if (first.length < list.length) texts.push(`and ${list.length - first.length} more`)
  return texts.length === 0 ? undefined : texts
}

/** Control characters are escaped: whoever reads a log does so in a terminal. */
function boundText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const text = escapeText(value.slice(0, LONGEST_TEXT + 1))
  if (text.length <= LONGEST_TEXT) return text
  // No half of a surrogate pair.
  return `${text.slice(0, LONGEST_TEXT - CUT.length).replace(/[\uD800-\uDBFF]$/, '')}${CUT}`
}

const lengthOf = (value: Value): number =>
  typeof value === 'string' ? value.length : value === true ? 0 : value.reduce((sum, one) => sum + one.length, 0)
