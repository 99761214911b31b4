import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { PkiError } from '../base/errors.ts'
import {
  certificatesIn,
  type CertificateFacts,
  isIssuedBy,
  openCertificate,
  readCertificate,
} from '../identity/certificate.ts'
import type { LeafPaths } from './layout.ts'
import { inspectCertificate } from '../pki/inspect.ts'
import { isKeyElsewhere } from './key-held.ts'
import { isEncryptedKey } from '../pki/load-ca.ts'
import type { ServerName } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** The expected contents of a leaf's folder. */
export interface RequestedLeaf {
  /** The folder that everything is in. */
  readonly root: string
  readonly kind: 'server' | 'client'
  readonly paths: LeafPaths
  /** A client's name. */
  readonly name?: string
  /** A server's names. */
  readonly names?: readonly ServerName[]
}

/** The actual contents of a leaf's folder. */
export interface LeafState {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Is there no key because it is on the client's machine? */
  readonly keyElsewhere: boolean
  /** Facts of the certificate, if it can be read. */
  readonly facts?: CertificateFacts
  /** Problems that prevent the use of the pair; each names its file. */
  readonly faults: readonly string[]
  /** How a server's names differ from the requested ones. */
  readonly nameChanges?: string
}

/** Reads the folder and compares it with the request. */
export async function readLeaf(requested: RequestedLeaf, authority: readonly X509Certificate[]): Promise<LeafState> {
  const { paths } = requested
  const [ca, cert, key] = [await readIfThere(paths.ca), await readIfThere(paths.cert), await readIfThere(paths.key)]
  const keyElsewhere = requested.name !== undefined && (await isKeyElsewhere(requested.root, requested.name))
  const files = { ca, cert, key, keyElsewhere }
  if (cert === undefined || (key === undefined && !keyElsewhere)) return { ...files, faults: [] }
  try {
    return { ...files, ...judgePair(requested, { ca, cert, key }, authority) }
  } catch (cause) {
    // The certificate itself can't be read, so there are no facts.
    if (!(cause instanceof PkiError)) throw cause
    return { ...files, faults: [`${paths.cert}: ${cause.got}`] }
  }
}

/** Does this `ca.pem` contain the CA, possibly with others? */
export function holdsCa(ca: string, authority: readonly X509Certificate[]): boolean {
  try {
    const held = new Set(certificatesIn(ca).map(({ fingerprint256 }) => fingerprint256))
    return authority.every(({ fingerprint256 }) => held.has(fingerprint256))
  } catch {
    return false
  }
}

interface Files {
  readonly ca: string | undefined
  readonly cert: string
  /** Absent: it is on the client's own machine. */
  readonly key: string | undefined
}

function judgePair(
  requested: RequestedLeaf,
  { ca, cert, key }: Files,
  authority: readonly X509Certificate[],
): Pick<LeafState, 'facts' | 'faults' | 'nameChanges'> {
  const { paths } = requested
  const verdict = inspectCertificate(cert, paths.cert).verdicts.find(({ role }) => role === requested.kind)
  const certificate = openCertificate(cert, paths.cert)
  const facts = readCertificate(certificate, paths.cert)
  const stranger = requested.name !== undefined && requested.name !== facts.commonName
  const faults = [
    ...(isIssuedBy(certificate, authority) ? [] : [`${paths.cert}: another CA issued it, ${facts.issuer}`]),
    ...(verdict?.ok === false ? [`${paths.cert}: ${verdict.because}`] : []),
    ...(stranger ? [`${paths.cert}: it belongs to ${facts.commonName ?? facts.subject}`] : []),
    ...(key === undefined ? [] : keyFaults(key, certificate)).map((fault) => `${paths.key}: ${fault}`),
    ...(ca === undefined || holdsCa(ca, authority) ? [] : [`${paths.ca}: it does not contain the CA certificate`]),
  ]
  const nameChanges = requested.names && compareNames(requested.names, facts)
  return { facts, faults, ...(nameChanges !== undefined && { nameChanges }) }
}

function keyFaults(pem: string, certificate: X509Certificate): string[] {
  if (isEncryptedKey(pem)) return ['it is encrypted, and dockerd and the Docker CLI cannot read encrypted keys']
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem))
      ? []
      : ['it does not match the certificate in the same folder']
  } catch {
    return ['it is not a private key in PEM']
  }
}

function compareNames(wanted: readonly ServerName[], { names: { dns, ip } }: CertificateFacts): string | undefined {
  // Those of a certificate that another tool issued may have capital letters.
  const had = new Set([...dns, ...ip].map((name) => name.toLowerCase()))
  const wants = new Set(wanted.map(({ value }) => value))
  const fresh = [...wants].filter((name) => !had.has(name))
  const gone = [...had].filter((name) => !wants.has(name))
  const parts = [
    ...(fresh.length === 0 ? [] : [`added: ${fresh.join(', ')}`]),
    ...(gone.length === 0 ? [] : [`removed: ${gone.join(', ')}`]),
  ]
  return parts.length === 0 ? undefined : parts.join('; ')
}
