import { posix } from 'node:path'

/** Where a path really is, on distributions that have these links and in Docker Desktop. */
const LINKS: ReadonlyArray<readonly [link: RegExp, target: string]> = [
  // Docker Desktop shows the disk of the computer there to its virtual machine.
  [/^\/(?:host_mnt|run\/desktop\/mnt\/host)(?=\/|$)/, ''],
  [/^\/var\/(?=(?:run|lock)(?:\/|$))/, '/'],
  [/^\/(?=(?:s?bin|lib(?:32|64|x32)?)(?:\/|$))/, '/usr/'],
  // Fedora Atomic.
  [/^\/var\/home(?=\/|$)/, '/home'],
  [/^\/var\/roothome(?=\/|$)/, '/root'],
  [/^\/var\/usrlocal(?=\/|$)/, '/usr/local'],
]

/**
 * A path of the host without detours, so that paths can be compared: `/etc/../`, `//run/`, links that distributions have, and
 * the root folder that each process shows in /proc (proc(5)).
 */
export function normalizeHostPath(given: string): string {
  const clean = posix.normalize(`/${given}`).replace(/(?<=.)\/$/, '')
  const direct = clean.replace(/^\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(?:root|cwd)(?=\/|$)/, '')
  if (direct !== clean) return normalizeHostPath(direct)
  return LINKS.reduce((path, [link, target]) => path.replace(link, target), clean) || '/'
}

/** Whether a path is a folder, or something within it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
