import type { X509Certificate } from 'node:crypto'
import { errorWithCode } from '../base/system-error.ts'
import { certificatesIn, isVerifiable } from '../identity/certificate.ts'
import { findChain, links, type Link } from '../identity/chain.ts'
import { keyProblem } from '../identity/checks.ts'

/** More certificates than any server presents. */
const LONGEST_CHAIN = 16

/**
 * Verifies the chain of a server's certificate once more, in runtimes other than Node.js: BoringSSL has no security level, so
 * Bun accepts RSA keys of 1024 bits and SHA-1. The runtime's own verification, which knows more extensions, comes first.
 *
 * @param certificate - the server's, with its issuers
 * @param caPem - the CAs that are trusted
 * @returns an error with the code that Node.js has for it, or undefined
 */
export function serverChainFault(certificate: X509Certificate, caPem: string, now = Date.now()): Error | undefined {
  const [leaf, ...intermediates] = links(presentedChain(certificate), "the server's certificate")
  const pool = { intermediates, authorities: links(certificatesIn(caPem), 'ca.pem') }
  const above = leaf && findChain(leaf, pool, now)
  if (leaf === undefined || above === undefined) return errorWithCode('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'no chain')
  const code = [leaf, ...above].map((link) => linkProblem(link, now)).find((problem) => problem !== undefined)
  if (code !== undefined) return errorWithCode(code, `the server's chain is refused (${code})`)
  // Nothing depends on the signature of a trusted CA.
  const isWeak = [leaf, ...above.slice(0, -1)].some(({ facts }) => !isVerifiable(facts))
  return isWeak ? errorWithCode('CA_MD_TOO_WEAK', 'a signature is too weak') : undefined
}

/** The certificate and its issuers, as far as the server has presented them. */
function presentedChain(certificate: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let next: X509Certificate | undefined = certificate; next !== undefined; next = next.issuerCertificate) {
    // A root may be its own issuer.
    if (chain.length === LONGEST_CHAIN || chain.at(-1)?.fingerprint256 === next.fingerprint256) break
    chain.push(next)
  }
  return chain
}

function linkProblem({ facts }: Link, now: number): string | undefined {
  const { validFrom, validTo, purposes, key } = facts
  if (validFrom.getTime() > now) return 'CERT_NOT_YET_VALID'
  if (validTo.getTime() < now) return 'CERT_HAS_EXPIRED'
  if (purposes && !purposes.includes('serverAuth') && !purposes.includes('anyExtendedKeyUsage'))
    return 'INVALID_PURPOSE'
  return keyProblem(key) === undefined ? undefined : 'EE_KEY_TOO_SMALL'
}
