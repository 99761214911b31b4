/**
 * The result of a check for one subject. `fail`: the daemon or container is less safe than the check demands. `warn`: it
 * may be, or only a little. `not-applicable`: the check has no meaning there. `unknown`: it could not be seen, which is never
 * a pass.
 */
export type Status = 'pass' | 'fail' | 'warn' | 'not-applicable' | 'unknown'

/** The status of one subject, and what was seen. */
export interface Verdict {
  /** The result of the check. */
  readonly status: Status
  /** What was seen, or why the status is `not-applicable` or `unknown`. May contain foreign text: escape it to show it. */
  readonly detail?: string
}

/** @param detail - what was seen, where it is more than the title says */
export function pass(detail?: string): Verdict {
  return verdict('pass', detail)
}

/** @param detail - the setting that was seen: `Privileged: true` */
export function fail(detail: string): Verdict {
  return verdict('fail', detail)
}

/** @param detail - the setting that was seen */
export function warn(detail: string): Verdict {
  return verdict('warn', detail)
}

/** @param detail - why the check has no meaning here */
export function notApplicable(detail: string): Verdict {
  return verdict('not-applicable', detail)
}

/** @param detail - why it could not be seen, and where to look instead */
export function unknown(detail: string): Verdict {
  return verdict('unknown', detail)
}

function verdict(status: Status, detail: string | undefined): Verdict {
  return { status, ...(detail !== undefined && { detail }) }
}

/** Thrown where something could not be seen, with the reason; the check then gives `unknown`. */
export class Unseen extends Error {}

/**
 * Returns a value of the snapshot. If the daemon did not report it, or not in the form that the API documents, the check ends
 * as `unknown`.
 *
 * @param field - its name in the API: `info.LiveRestoreEnabled`
 */
export function reported<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Unseen(`the daemon did not report ${field}`)
  return value
}
