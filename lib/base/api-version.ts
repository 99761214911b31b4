/** The newest Engine API version that docker-mtls supports (Docker Engine 29.8). All tables are of this version. */
export const NEWEST_API_VERSION = '1.56'
/** The oldest Engine API version that it is tested with (Docker Engine 19.03). */
export const OLDEST_API_VERSION = '1.40'

/** Compares versions of the Engine API as Docker does: part by part, as numbers. `1.40` is newer than `1.9`. */
export function compareVersions(left: string, right: string): number {
  const [leftMajor, leftMinor = ''] = left.split('.')
  const [rightMajor, rightMinor = ''] = right.split('.')
  return Number(leftMajor) - Number(rightMajor) || Number(leftMinor) - Number(rightMinor)
}
