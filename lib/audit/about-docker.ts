import type { Check } from './check.ts'

/** What Podman doesn't have, always reports alike, or keeps in other files. */
const OTHERS: ReadonlySet<string> = new Set([
  'D-USERNS',
  'D-NNP',
  'D-EXP',
  'D-LIVE',
  'D-LOG',
  'D-AUFS',
  'D-NRI',
  'D-FIREWALL',
  'D-AUTHZ',
  'D-AUTHZ-HOLLOW',
  'D-PLUGINS',
  'C-MASK',
])

/** Whether a check is about Docker Engine alone. Its vulnerabilities and release lines aren't Podman's. */
export function isAboutDocker({ id, family }: Check): boolean {
  return family === 'versions' || OTHERS.has(id)
}
