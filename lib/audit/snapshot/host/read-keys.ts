import { createHash } from 'node:crypto'
import { isDockerMtlsError } from '../../../base/errors.ts'
import { openCertificate, publicKeyOf, splitPem } from '../../../identity/certificate.ts'
import { named, type Values } from './named.ts'
import type { HostFacts } from './schema.ts'

/** The hash of a public half that openssl didn't print. */
const NOTHING = createHash('sha256').digest('hex')

/** Finds the private keys that belong to a CA certificate on the same host. The hashes of public halves end here. */
export function readKeys(values: Values): HostFacts['keys'] {
  const cas = new Set(named(values, 'certificates ').flatMap(([, pem]) => hashesOfCas(pem)))
  const keys = named(values, 'key ').map(([path, printed]) => [path, printed.slice(0, NOTHING.length)] as const)
  const isOfCa = (hash: string): boolean => cas.has(hash)
  return {
    ofCas: keys.filter(([, hash]) => isOfCa(hash)).map(([path]) => path),
    notCompared: keys.filter(([, hash]) => hash === '' || hash === NOTHING).map(([path]) => path),
    unread: named(values, 'unread ').map(([path]) => path),
  }
}

/** A file with more certificates is no configuration of Docker. */
const MOST_CERTIFICATES = 50

function hashesOfCas(pem: string): string[] {
  return blocksIn(pem)
    .slice(0, MOST_CERTIFICATES)
    .flatMap((block) => hashOfCa(block) ?? [])
}

function blocksIn(pem: string): string[] {
  try {
    return splitPem(pem)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/** The SHA-256 of a CA's public key. A certificate that can't be read is none that dockerd accepts. */
function hashOfCa(pem: string): string | undefined {
  try {
    const certificate = openCertificate(pem)
    if (!certificate.ca) return undefined
    const key = publicKeyOf(certificate).export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(key).digest('hex')
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}
