/**
 * Whether a registry or a range of addresses is on the host itself.
 *
 * @param name - `127.0.0.0/8`, `::1/128`, `localhost:5000`, `[::1]:5000`
 */
export function isLoopback(name: string): boolean {
  const host = name.replace(/\/\d+$/, '').replace(/^\[(.*)\](?::\d+)?$/, '$1')
  if (host === '::1') return prefixOf(name) === undefined || prefixOf(name) === 128
  const bare = host.replace(/:\d+$/, '')
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true
  return /^127(?:\.\d{1,3}){3}$/.test(bare) && (prefixOf(name) ?? 32) >= 8
}

/** Whether an address means all addresses of the host: `0.0.0.0`, `::`, `[::]`, `0::0`. */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || /^\[?(?=.*:)[0:]+\]?$/.test(address)
}

function prefixOf(name: string): number | undefined {
  const [, digits] = /\/(\d+)$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}
