import { createHash, X509Certificate } from 'node:crypto'

/** How many certificates are remembered. */
const MOST = 64

/**
 * Certificates that were opened last, by a digest of their bytes, since OpenSSL takes 0.2 ms to read one. Weak, so that none
 * stays in memory for longer than it is used.
 */
const recent = new Map<string, WeakRef<X509Certificate>>()

/** As `new X509Certificate(der)`, but the same bytes give the same object, which nobody can change. */
export function openOnce(der: Uint8Array): X509Certificate {
  const key = createHash('sha256').update(der).digest('base64')
  const known = recent.get(key)?.deref()
  if (known) return known
  const x509 = new X509Certificate(der)
  recent.delete(key)
  recent.set(key, new WeakRef(x509))
  const [oldest] = recent.keys()
  if (recent.size > MOST && oldest !== undefined) recent.delete(oldest)
  return x509
}
