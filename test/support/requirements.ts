import { inNamespaces, whyNoNamespaces } from '../../scripts/namespaces.ts'
import { BROWSER_PACKAGES, findProgram, TEST_PACKAGES } from '../../scripts/packages.ts'
import { hasPeer } from '../../scripts/peers.ts'

/**
 * Whether a test can't run here, in the form that node:test's `skip` takes.
 *
 * @param needs - commands or paths of {@link TEST_PACKAGES} or {@link BROWSER_PACKAGES}, `namespaces` for what starts a daemon, `peer NAME` for
 *   another client's package
 * @returns false, or the reason
 * @example
 * ```ts
 * test('openssl takes our certificates', { skip: lacks('openssl') }, () => {})
 * ```
 */
export function lacks(...needs: readonly string[]): string | false {
  const reasons = needs.map(lackOf)
  return reasons.find((reason) => reason !== false) ?? false
}

function lackOf(need: string): string | false {
  if (need === 'namespaces') return lacksNamespaces()
  return need.startsWith('peer ') ? lacksPeer(need.slice('peer '.length)) : lacksProgram(need)
}

function lacksPeer(name: string): string | false {
  return hasPeer(name) ? false : `${name} is not installed: npm ci in bench/`
}

function lacksProgram(provides: string): string | false {
  if (findProgram(provides) !== undefined) return false
  const name = [...TEST_PACKAGES, ...BROWSER_PACKAGES].find((known) => known.provides === provides)?.name
  return `${provides} is not installed${name === undefined ? '' : ` (Debian: ${name})`}`
}

function lacksNamespaces(): string | false {
  if (inNamespaces()) return false
  return whyNoNamespaces() ?? 'it starts a daemon, so it runs only in namespaces of its own: npm test -- FILE'
}
