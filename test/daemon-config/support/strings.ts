import { type Arbitrary, fc } from '../../support/properties.ts'

/** What bites: quotes of all kinds, expansions, separators, escapes, and what looks like flags. */
const HOSTILE = [
  ...' "\'\\%$`!&|;<>(){}[]*?~#^=,-+@:/.\t'.split(''),
  '$HOME',
  '${HOME}',
  '$(id)',
  '`id`',
  '%h',
  '%%',
  '$$',
  "'; id; '",
  '"; id; "',
  '\\x41',
  '\\n',
  '‘',
  '’',
  '‚',
  '‛',
  '“',
  'ä',
  '文',
  '😀',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u2028',
]

/** Text that a unit and every shell can carry in principle: no control characters but tabs, well-formed, no noncharacters. */
export function carriable(): Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  )
  return fc
    .array(unit, { maxLength: 24 })
    .map((parts) => parts.join(''))
    .filter((text) => !/(?!\t)[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text))
}
