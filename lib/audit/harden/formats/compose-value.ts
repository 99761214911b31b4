/** A value of a Compose file. */
export type ComposeValue =
  | string
  | number
  | boolean
  | readonly ComposeValue[]
  | { readonly [key: string]: ComposeValue }

/** A map of a Compose file. */
export type ComposeMap = Readonly<Record<string, ComposeValue>>

/** A value that may be missing. */
export type Given = ComposeValue | null | undefined

/** Leaves out what isn't set: an empty list would replace that of the image. */
export function withoutNothing(fields: Readonly<Record<string, Given>>): ComposeMap {
  const set = Object.entries(fields).filter(
    ([, value]) =>
      value !== undefined &&
      value !== null &&
      value !== '' &&
      value !== false &&
      (typeof value !== 'object' || Object.keys(value).length > 0),
  )
  return Object.fromEntries(set) as ComposeMap
}
