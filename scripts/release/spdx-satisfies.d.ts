declare module 'spdx-satisfies' {
  /** Whether the licences of a list are enough for an SPDX expression. Throws if the expression is invalid. */
  const satisfies: (expression: string, allowed: readonly string[]) => boolean
  export = satisfies
}
