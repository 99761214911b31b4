import type { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { mapInBatches, readIfThere } from '../base/files.ts'
import {
  certificatesIn,
  fingerprintsIn,
  openCertificate,
  readCertificate,
  type CertificateFacts,
} from '../identity/certificate.ts'
import { createCaRemedy } from './ca.ts'
import { caPaths, clientPaths, grantPaths, issuerPaths, nextCaPaths } from './layout.ts'
import { readLedger } from './ledger.ts'
import type { LedgerEntry } from './ledger-line.ts'
import { clientNames, grantNames, issuerNames, serverPlaces } from './list.ts'

/** One issued certificate, and the file that holds it now. */
export interface ListedCertificate extends LedgerEntry {
  /** The file that holds it. Absent: it was replaced or removed. */
  readonly path?: string
  /** The name of one of several servers. Absent: the server in the folder `server`, or not a server. */
  readonly host?: string
}

/** Where an installed certificate is. */
export interface Place {
  readonly path: string
  readonly kind: LedgerEntry['kind']
  /** For a client: the path of its key, which may be on the client's machine instead. */
  readonly keyPath?: string
  /** For one of several servers: its name. */
  readonly host?: string
  /** For the certificate of a grant: the name of the grant. */
  readonly grant?: string
}

/** The places of installed certificates: the CA, the next CA during a rotation, the servers, issuers, clients and grants. */
async function places(root: string): Promise<Place[]> {
  const clients = (await clientNames(root)).map((name) => clientPaths(root, name))
  return [
    { path: caPaths(root).cert, kind: 'ca' },
    { path: nextCaPaths(root).cert, kind: 'ca' },
    ...(await serverPlaces(root)).map(
      ({ host, paths }) => ({ path: paths.cert, kind: 'server', ...(host !== undefined && { host }) }) as const,
    ),
    ...(await issuerNames(root)).map((name) => ({ path: issuerPaths(root, name).cert, kind: 'issuer' }) as const),
    ...clients.map(({ cert, key }) => ({ path: cert, kind: 'client', keyPath: key }) as const),
    ...(await grantNames(root)).map(
      (grant) => ({ path: grantPaths(root, grant).cert, kind: 'client', grant }) as const,
    ),
  ]
}

/** A certificate in its place. */
export interface InstalledCertificate {
  readonly x509: X509Certificate
  readonly facts: CertificateFacts
}

/** A file in such a place. Its certificates are opened once, and only if they are wanted: OpenSSL takes 0.2 ms for each. */
export class Installed {
  readonly place: Place
  readonly pem: string
  #fingerprints: readonly string[] | undefined
  #first: X509Certificate | undefined
  #certificates: readonly (InstalledCertificate | string)[] | undefined

  constructor(place: Place, pem: string) {
    this.place = place
    this.pem = pem
  }

  /** The SHA-256 of all certificates in it. None if it is damaged, which is no reason for a list to fail. */
  get fingerprints(): readonly string[] {
    this.#fingerprints ??= fingerprintsOf(this.pem)
    return this.#fingerprints
  }

  /**
   * Its first certificate.
   *
   * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
   */
  get first(): X509Certificate {
    this.#first ??= openCertificate(this.pem, this.place.path)
    return this.#first
  }

  /** Its certificates, without the chain after a leaf, which was issued elsewhere. A string says why one can't be read. */
  get certificates(): readonly (InstalledCertificate | string)[] {
    this.#certificates ??= this.#read()
    return this.#certificates
  }

  #read(): (InstalledCertificate | string)[] {
    const { path, kind } = this.place
    try {
      const found = kind === 'ca' ? certificatesIn(this.pem, path) : [this.first]
      // OpenSSL opens some that we refuse to read, such as one whose key is none.
      const read = found.map((x509) => ({ x509, facts: readCertificate(x509, path) }))
      return read.length === 0 ? ['it contains no certificate'] : read
    } catch (cause) {
      return [(cause as { got?: string }).got ?? (cause as Error).message]
    }
  }
}

function fingerprintsOf(pem: string): readonly string[] {
  try {
    return fingerprintsIn(pem)
  } catch {
    return []
  }
}

/**
 * Reads the files of all installed certificates.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readInstalled(root: string): Promise<Installed[]> {
  const read = await mapInBatches(await places(root), async (place) => {
    const pem = await readIfThere(place.path)
    return pem === undefined ? [] : [new Installed(place, pem)]
  })
  return read.flat()
}

/**
 * All certificates that were ever issued here, the oldest first.
 *
 * @param installed - the files, if they were read already
 */
export async function listCertificates(root: string, installed?: readonly Installed[]): Promise<ListedCertificate[]> {
  const paths = caPaths(root)
  const entries = await readLedger(paths.ledger)
  if (entries.length === 0 && (await readIfThere(paths.cert)) === undefined) {
    throw new PkiError('ERR_CA_MISSING', {
      tried: `reading the certificates in ${root}`,
      got: `there is no CA in ${resolve(root)}`,
      todo: createCaRemedy(root),
    })
  }
  const inUse = new Map<string, Pick<ListedCertificate, 'path' | 'host'>>()
  for (const { place, fingerprints } of installed ?? (await readInstalled(root))) {
    const { path, host, grant } = place
    // Nothing renews the certificate of a grant, so its file is no place in which a new one belongs.
    if (grant !== undefined) continue
    for (const fingerprint of fingerprints) inUse.set(fingerprint, { path, ...(host !== undefined && { host }) })
  }
  return entries.map((entry) => ({ ...entry, ...inUse.get(entry.fingerprint256) }))
}
