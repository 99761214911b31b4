import { z } from 'zod'
import { fail, pass, unknown, warn, type Verdict } from '../verdict.ts'

/** The fields of a seccomp profile that decide what it forbids (runtime-spec, config-linux.md#seccomp). */
const PROFILE = z.object({
  defaultAction: z.string(),
  syscalls: z.array(z.object({ action: z.string() })).nullish(),
})
/** Actions that let a system call happen. */
const ALLOWING: ReadonlySet<string> = new Set(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE', 'SCMP_ACT_NOTIFY'])

/**
 * Judges the value of `seccomp=`: `unconfined`, `builtin`, or a profile as JSON, which the Docker CLI reads from a file. A
 * profile that allows everything confines nothing.
 */
export function judgeSeccompProfile(value: string): Verdict {
  if (value === 'unconfined') return fail('seccomp=unconfined')
  if (value === 'builtin') return pass()
  const profile = parseProfile(value)
  if (!profile) return unknown('its seccomp profile cannot be read')
  const { defaultAction, syscalls } = profile
  if (!ALLOWING.has(defaultAction)) return pass('a custom profile')
  const forbids = (syscalls ?? []).some(({ action }) => !ALLOWING.has(action))
  return forbids
    ? warn('its seccomp profile allows every call that it does not name')
    : fail('its seccomp profile allows everything')
}

function parseProfile(value: string): z.infer<typeof PROFILE> | undefined {
  try {
    return PROFILE.safeParse(JSON.parse(value)).data
  } catch {
    return undefined
  }
}
