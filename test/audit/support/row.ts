import type { Status } from '../../../lib/audit/verdict.ts'
import type { Raw, Surroundings } from './containers.ts'

/** A container that differs from a good one, and what a check says about it. */
export interface Row {
  readonly check: string
  readonly status: Status
  readonly changes: Raw
  readonly around?: Surroundings | undefined
  /** A part of the detail. */
  readonly detail?: string | undefined
}

type Case = readonly [status: Status, changes: Raw, around?: Surroundings, detail?: string]

export function rows(check: string, ...cases: readonly Case[]): Row[] {
  return cases.map(([status, changes, around, detail]) => ({ check, status, changes, around, detail }))
}

export const host = (HostConfig: Raw): Raw => ({ HostConfig })

/** A daemon with these security options. */
export const features = (...names: readonly string[]): Surroundings => ({
  info: { SecurityOptions: names.map((name) => `name=${name}`) },
})
/** Without user namespaces. */
export const ROOTFUL = features('apparmor', 'seccomp,profile=builtin', 'selinux')
export const ROOTLESS = features('seccomp,profile=builtin', 'rootless', 'cgroupns')
export const NO_INFO: Surroundings = { info: null }
