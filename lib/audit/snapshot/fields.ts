import { z } from 'zod'

// A field that is missing or has another type becomes undefined, and its checks become `unknown`. So neither a newer daemon
// nor one that answers rubbish stops the other checks.

/** A field of the API that may be missing. */
export type Field<Type> = z.ZodType<Type | undefined>

export function field<Type>(type: z.ZodType<Type>): Field<Type> {
  return type.optional().catch(undefined)
}

/** A field that the daemon sends as null if it has no value. One that is missing stays unknown. */
export function nullAs<Type>(type: z.ZodType<Type>, empty: Type): Field<Type> {
  return field(z.preprocess((value) => (value === null ? empty : value), type))
}

/** A field that the daemon sends as null, or leaves out, if it has no value. */
export function orElse<Type>(type: z.ZodType<Type>, empty: Type): Field<Type> {
  // The default is for a missing key, which zod passes to no transformation.
  const orEmpty = type.nullable().transform((value) => value ?? empty)
  return field(orEmpty.default(() => empty as never))
}

export const text: Field<string> = field(z.string())
export const truth: Field<boolean> = field(z.boolean())
export const count: Field<number> = field(z.number())

/** A list. Go sends null for an empty one. A list that is missing stays unknown. */
export function list<Type>(type: z.ZodType<Type>): Field<Type[]> {
  return field(z.preprocess((value) => (value === null ? [] : value), z.array(type)))
}

/** An object with keys of any name. Go sends null for an empty one. */
export function map<Type>(type: z.ZodType<Type>): Field<Record<string, Type>> {
  return field(z.preprocess((value) => (value === null ? {} : value), z.record(z.string(), type)))
}

/** A part of a snapshot. */
export function part<Type>(type: z.ZodType<Type>): z.ZodType<{ value: Type } | { unknown: string }> {
  return z.union([z.object({ value: type }), z.object({ unknown: z.string() })])
}
