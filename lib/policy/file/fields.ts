import { z } from 'zod'
import { enumerate } from '../../base/text.ts'
import { describe } from './describe.ts'
import type { Complaint } from './fault.ts'
import { Refused, type Kind } from './values/value.ts'

/** Lists in a policy are short. The limit keeps all checks fast. */
const LONGEST_LIST = 1000

type Context = z.core.$RefinementCtx

/** Adds an issue whose texts are made late. `key` is of the value that is checked. */
function complain(context: Context, says: () => Complaint, key?: string | number): void {
  context.addIssue({ code: 'custom', params: { says }, ...(key !== undefined && { path: [key] }) })
}

/** A text of this kind. */
export function field<T>(kind: Kind<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    if (typeof value === 'string') return accept(kind.read(value), context)
    complain(context, () => wrongType(value, kind.expected))
    return z.NEVER
  })
}

function accept<T>(read: T | Refused, context: Context, key?: string | number): T {
  if (!(read instanceof Refused)) return read
  complain(context, read.says, key)
  return z.NEVER
}

function wrongType(value: unknown, expected: string): Complaint {
  const isTextWithoutQuotes = ['number', 'boolean', 'bigint'].includes(typeof value)
  return {
    got: `it is ${describe(value)}`,
    todo: `Write ${expected}${isTextWithoutQuotes ? ', in quotes' : ''}.`,
  }
}

/** A list of texts of this kind. */
export function listOf<T>(kind: Kind<T>): z.ZodType<readonly T[]> {
  return z.unknown().transform((value, context) => {
    if (Array.isArray(value)) return readList(value, kind, context)
    complain(context, () => wrongType(value, `a list, such as [${example(kind)}]`))
    return z.NEVER
  })
}

/** A text of this kind, or a list with at least one. */
export function oneOrMore<T>(kind: Kind<T>): z.ZodType<readonly T[]> {
  return z.unknown().transform((value, context) => {
    if (!Array.isArray(value)) {
      const [one] = typeof value === 'string' ? [kind.read(value)] : []
      if (one !== undefined) return [accept(one, context)]
      complain(context, () => wrongType(value, kind.expected))
      return z.NEVER
    }
    if (value.length === 0) complain(context, () => ({ got: 'it is an empty list', todo: `Write ${kind.expected}.` }))
    return readList(value, kind, context)
  })
}

function readList<T>(values: readonly unknown[], kind: Kind<T>, context: Context): readonly T[] {
  if (values.length > LONGEST_LIST) {
    complain(context, () => ({ got: `it has more than ${LONGEST_LIST} values`, todo: 'Write several rules.' }))
    return z.NEVER
  }
  return values.flatMap((value, index) => {
    if (typeof value === 'string') return [accept(kind.read(value), context, index)]
    complain(context, () => wrongType(value, kind.expected), index)
    return []
  })
}

function example({ expected }: Kind<unknown>): string {
  return expected.replace(/^.*such as /, '').replace(/ or .*$/, '')
}

/** One of these values that aren't texts. */
export function exactly<const T extends number | boolean>(...values: readonly T[]): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const found = values.find((one) => one === value)
    if (found !== undefined) return found
    const got = typeof value === 'number' ? `the number ${value}` : describe(value)
    complain(context, () => ({ got: `it is ${got}`, todo: `Write ${enumerate(values.map(String), 'or')}.` }))
    return z.NEVER
  })
}
