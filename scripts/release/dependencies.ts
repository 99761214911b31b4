import { Refusal } from './refusal.ts'
import type { Lock } from './version.ts'

/**
 * Checks that node_modules has exactly what the lock file names.
 *
 * @param installed - node_modules/.package-lock.json, which npm writes
 * @returns the number of packages
 */
export function checkDependencies(lock: Lock, installed: Lock): number {
  const difference = findDifference(lock.packages, installed.packages)
  if (difference === undefined) return Object.keys(installed.packages).length
  throw new Refusal(`node_modules isn't what package-lock.json names: ${difference}.`, 'Install it:  npm ci')
}

function findDifference(locked: Lock['packages'], installed: Lock['packages']): string | undefined {
  for (const [path, { version = '', integrity }] of Object.entries(installed)) {
    const expected = locked[path]
    if (expected === undefined) return `${path} isn't in the lock file`
    if (expected.version !== version) return `${path} has version ${version} instead of ${expected.version ?? 'none'}`
    if (expected.integrity !== integrity) return `${path} has other contents`
  }
  const missing = Object.entries(locked).find(
    ([path, { optional, devOptional }]) => path !== '' && !(path in installed) && !optional && !devOptional,
  )
  return missing === undefined ? undefined : `${missing[0]} is missing`
}
