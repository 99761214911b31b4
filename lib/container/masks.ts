import { isWithin } from './host-path.ts'

/**
 * What every supported engine masks by default (moby, oci/defaults.go: 20.10). Newer ones mask more, so a shorter list is
 * always somebody's choice.
 */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
]
/**
 * What newer engines mask, too (moby, oci/defaults.go: 28.0.2 and 24.0.7). 28.0.2 also masks the file `thermal_throttle` of each CPU,
 * where the host has it, which a client can't know.
 */
export const LATER_MASKED_PATHS: readonly string[] = ['/proc/interrupts', '/sys/devices/virtual/powercap']
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/** Memory of the kernel. */
const NEVER_READABLE: ReadonlySet<string> = new Set(['/proc/kcore'])
/** Without these, root in the container changes settings of the kernel, or crashes the host. */
const NEVER_WRITABLE: ReadonlySet<string> = new Set(['/proc/sys', '/proc/sysrq-trigger'])

/** Paths that a container should not see, or not change, each with what it may do. */
export interface OpenPaths {
  readonly bad: readonly string[]
  readonly other: readonly string[]
}

/** Which of the default masks a container lacks. */
export function openPaths(masked: readonly string[], readOnly: readonly string[]): OpenPaths {
  const readable = DEFAULT_MASKED_PATHS.filter((path) => !isBelow(path, masked))
  const writable = DEFAULT_READONLY_PATHS.filter((path) => !isBelow(path, [...masked, ...readOnly]))
  const describe = (isBad: boolean): string[] => [
    ...readable.filter((path) => NEVER_READABLE.has(path) === isBad).map((path) => `${path} is readable`),
    ...writable.filter((path) => NEVER_WRITABLE.has(path) === isBad).map((path) => `${path} is writable`),
  ]
  return { bad: describe(true), other: describe(false) }
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isWithin(path, folder))
}
