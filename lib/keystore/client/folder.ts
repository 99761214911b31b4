import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { readCertificate } from '../../identity/certificate.ts'
import { publicHalf } from '../../identity/public-key.ts'
import { keyFingerprint } from '../../pki/key-type.ts'
import { clientFilesIn, type LeafPaths } from '../layout.ts'
import { readIfThere } from '../../base/files.ts'

/** The folder of a client's key on its own machine, which becomes its DOCKER_CERT_PATH. */
export interface ClientFolder extends LeafPaths {
  /** A new key, which replaces the one in use when its certificate is installed. */
  readonly nextKey: string
  readonly env: string
}

/** The default folder of a client. */
export function defaultFolder(name: string): string {
  return `docker-mtls-${name}`
}

export function clientFolder(folder: string): ClientFolder {
  return { ...clientFilesIn(folder), nextKey: join(folder, 'next-key.pem'), env: join(folder, '.env') }
}

/** The common name in the first certificate of a PEM text; undefined if there is none that can be read. */
export function commonNameIn(pem: string | undefined): string | undefined {
  try {
    return pem === undefined ? undefined : readCertificate(pem).commonName
  } catch {
    return undefined
  }
}

/** The path of a request. `name` must be checked: it becomes a file name. */
export function requestPath(folder: string, name: string): string {
  return join(folder, `${name}.csr`)
}

/** An existing private key, and the fingerprint of its public key; undefined if the key can't be opened. */
export interface PresentKey {
  readonly path: string
  readonly pem: string
  readonly fingerprint256: string | undefined
}

/** The keys of a folder: the one in use, then the next one. */
export async function presentKeys({ key, nextKey }: ClientFolder): Promise<PresentKey[]> {
  const found = await Promise.all([key, nextKey].map(async (path) => ({ path, pem: await readIfThere(path) })))
  return found.flatMap(({ path, pem }) =>
    pem === undefined ? [] : [{ path, pem, fingerprint256: fingerprintOf(pem) }],
  )
}

function fingerprintOf(pem: string): string | undefined {
  try {
    return keyFingerprint(publicHalf(createPrivateKey(pem)))
  } catch {
    return undefined
  }
}
