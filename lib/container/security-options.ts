/** The values of each option in `HostConfig.SecurityOpt`, in order. The last one counts. */
export type SecurityOptions = ReadonlyMap<string, readonly string[]>

/**
 * Parses options as dockerd does (moby, daemon/daemon_unix.go: parseSecurityOpt): `seccomp=unconfined`, the old form
 * `seccomp:unconfined`, and the two options without a value.
 */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const parsed = new Map<string, string[]>()
  for (const option of options) {
    const [name, value] = parseOption(option)
    const values = parsed.get(name)
    if (values === undefined) parsed.set(name, [value])
    else values.push(value)
  }
  return parsed
}

function parseOption(option: string): [name: string, value: string] {
  if (option === 'no-new-privileges') return [option, 'true']
  if (option === 'disable') return ['label', option]
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':')
  return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)]
}

/** Whether a value is true for Go (strconv.ParseBool). */
export function isTrue(value: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
}
