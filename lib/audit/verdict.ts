/**
 * The result of a check for one subject. `fail`: the daemon or container doesn't meet the check. `warn`: it may not meet the
 * check, or the risk is small. `not-applicable`: the check doesn't apply here. `unknown`: docker-mtls couldn't see it, which
 * never counts as a pass.
 */
export type Status = 'pass' | 'fail' | 'warn' | 'not-applicable' | 'unknown'

/** The status of one subject, with a detail. */
export interface Verdict {
  /** The result of the check. */
  readonly status: Status
  /** The setting that was found, or why the status is `not-applicable` or `unknown`. Foreign text: escape it to show it. */
  readonly detail?: string
}

/** @param detail - the setting that was found, if it adds to the title */
export function pass(detail?: string): Verdict {
  return verdict('pass', detail)
}

/** @param detail - the setting that was found: `Privileged: true` */
export function fail(detail: string): Verdict {
  return verdict('fail', detail)
}

/** @param detail - the setting that was found */
export function warn(detail: string): Verdict {
  return verdict('warn', detail)
}

/** @param detail - why the check doesn't apply here */
export function notApplicable(detail: string): Verdict {
  return verdict('not-applicable', detail)
}

/** @param detail - why docker-mtls couldn't see it, and where to look instead */
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
