/** A bind as the API has it: `SOURCE:DESTINATION:OPTIONS`, or the destination alone. */
export interface Bind {
  /** A path of the host, or the name of a volume. Empty for a volume without a name. */
  readonly source: string
  readonly destination: string
  readonly options: readonly string[]
}

/** Parses a bind of Linux as dockerd does (moby, volume/mounts/linux_parser.go: ParseMountRaw). */
export function parseBind(bind: string): Bind {
  const [first = '', second, third = ''] = bind.split(':')
  if (second === undefined) return { source: '', destination: first, options: [] }
  return { source: first, destination: second, options: third === '' ? [] : third.split(',') }
}
