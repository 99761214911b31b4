import { posix } from 'node:path'

/**
 * A path of the host without detours, so that paths can be compared: `/etc/../`, `//run/`, links that every distribution
 * has, and the root folder that each process shows in /proc (proc(5)).
 */
export function normalizeHostPath(given: string): string {
  const clean = posix.normalize(`/${given}`).replace(/(?<=.)\/$/, '')
  const direct = clean.replace(/^\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(?:root|cwd)(?=\/|$)/, '')
  if (direct !== clean) return normalizeHostPath(direct)
  return clean.replace(/^\/var\/(?=(?:run|lock)(?:\/|$))/, '/')
}

/** Whether a path is a folder, or something within it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
