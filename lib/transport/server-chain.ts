import type { X509Certificate } from 'node:crypto'
import { errorWithCode } from '../base/system-error.ts'
import { certificatesIn, isVerifiable } from '../identity/certificate.ts'
import { findChain, links, type Link } from '../identity/chain.ts'
import { keyProblem } from '../identity/checks.ts'
import { presentedChain, unreadable } from './peer.ts'

/**
 * Verifies the chain of a server's certificate once more, in runtimes other than Node.js: BoringSSL has no security level, so
 * Bun accepts RSA keys of 1024 bits and SHA-1. The runtime's own verification, which knows more extensions, comes first.
 *
 * @param certificate - the server's, with its issuers
 * @param caPem - the CAs that are trusted
 * @returns an error with the code that Node.js has for it, or undefined
 */
export function serverChainFault(certificate: X509Certificate, caPem: string, now = Date.now()): Error | undefined {
  const presented = readChain(certificate)
  if (presented instanceof Error) return presented
  const [leaf, ...intermediates] = presented
  const pool = { intermediates, authorities: links(certificatesIn(caPem), 'ca.pem') }
  const above = leaf && findChain(leaf, pool, now)
  if (leaf === undefined || above === undefined) return errorWithCode('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'no chain')
  const code = [leaf, ...above].map((link) => linkProblem(link, now)).find((problem) => problem !== undefined)
  if (code !== undefined) return errorWithCode(code, `the server's chain is refused (${code})`)
  // Nothing depends on the signature of a trusted CA.
  const isWeak = [leaf, ...above.slice(0, -1)].some(({ facts }) => !isVerifiable(facts))
  return isWeak ? errorWithCode('CA_MD_TOO_WEAK', 'a signature is too weak') : undefined
}

function readChain(certificate: X509Certificate): Link[] | Error {
  try {
    return links(presentedChain(certificate), "the server's certificate")
  } catch (cause) {
    return unreadable(cause)
  }
}

function linkProblem({ facts }: Link, now: number): string | undefined {
  const { validFrom, validTo, purposes, key } = facts
  if (validFrom.getTime() > now) return 'CERT_NOT_YET_VALID'
  if (validTo.getTime() < now) return 'CERT_HAS_EXPIRED'
  if (purposes && !purposes.includes('serverAuth') && !purposes.includes('anyExtendedKeyUsage'))
    return 'INVALID_PURPOSE'
  return keyProblem(key) === undefined ? undefined : 'EE_KEY_TOO_SMALL'
}
