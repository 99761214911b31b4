import { inNamespaces, whyNoNamespaces } from '../../scripts/namespaces.ts'
import { findProgram, TEST_PACKAGES } from '../../scripts/packages.ts'

/**
 * Whether a test can't run here, in the form that node:test's `skip` takes.
 *
 * @param needs - commands or paths of {@link TEST_PACKAGES}, or `namespaces` for what starts a daemon
 * @returns false, or the reason
 * @example
 * ```ts
 * test('openssl takes our certificates', { skip: lacks('openssl') }, () => {})
 * ```
 */
export function lacks(...needs: readonly string[]): string | false {
  const reasons = needs.map((need) => (need === 'namespaces' ? lacksNamespaces() : lacksProgram(need)))
  return reasons.find((reason) => reason !== false) ?? false
}

function lacksProgram(provides: string): string | false {
  if (findProgram(provides) !== undefined) return false
  const name = TEST_PACKAGES.find((known) => known.provides === provides)?.name
  return `${provides} is not installed${name === undefined ? '' : ` (Debian: ${name})`}`
}

function lacksNamespaces(): string | false {
  if (inNamespaces()) return false
  return whyNoNamespaces() ?? 'it starts a daemon, so it runs only in namespaces of its own: npm test -- FILE'
}
