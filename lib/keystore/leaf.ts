import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import {
  type CertificateFacts,
  isIssuedBy,
  openCertificate,
  readCertificate,
  splitPem,
} from '../identity/certificate.ts'
import type { LeafPaths } from './layout.ts'
import { inspectCertificate } from '../pki/inspect.ts'
import { isKeyElsewhere } from './key-held.ts'
import { isEncryptedKey } from '../pki/load-ca.ts'
import type { ServerName } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** What a leaf's folder should hold. */
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

/** What a leaf's folder does hold. */
export interface LeafState {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Is there no key because it is on the client's machine? */
  readonly keyElsewhere: boolean
  /** Where there is a certificate that can be read. */
  readonly facts?: CertificateFacts
  /** What keeps the pair from being used as it is, each naming its file. */
  readonly faults: readonly string[]
  /** How a server's names differ from the wish, where they do. */
  readonly nameChanges?: string
}

/** Reads the folder and holds it against the wish. Throws only what keeps it from being read. */
export async function readLeaf(wish: RequestedLeaf, authority: readonly X509Certificate[]): Promise<LeafState> {
  const { paths } = wish
  const [ca, cert, key] = [await readIfThere(paths.ca), await readIfThere(paths.cert), await readIfThere(paths.key)]
  const keyElsewhere = wish.name !== undefined && (await isKeyElsewhere(wish.root, wish.name))
  const files = { ca, cert, key, keyElsewhere }
  if (cert === undefined || (key === undefined && !keyElsewhere)) return { ...files, faults: [] }
  try {
    return { ...files, ...judgePair(wish, { ca, cert, key }, authority) }
  } catch (cause) {
    // The certificate itself: there are no facts to go on with.
    if (!(cause instanceof PkiError)) throw cause
    return { ...files, faults: [`${paths.cert}: ${cause.got}`] }
  }
}

/** Does this `ca.pem` hold the authority, be it beside others? */
export function holdsCa(ca: string, authority: readonly X509Certificate[]): boolean {
  try {
    const held = new Set(splitPem(ca).map((pem) => openCertificate(pem).fingerprint256))
    return authority.every(({ fingerprint256 }) => held.has(fingerprint256))
  } catch {
    return false
  }
}

interface Files {
  readonly ca: string | undefined
  readonly cert: string
  /** Absent where it is elsewhere. */
  readonly key: string | undefined
}

function judgePair(
  wish: RequestedLeaf,
  { ca, cert, key }: Files,
  authority: readonly X509Certificate[],
): Pick<LeafState, 'facts' | 'faults' | 'nameChanges'> {
  const { paths } = wish
  const verdict = inspectCertificate(cert, paths.cert).verdicts.find(({ role }) => role === wish.kind)
  const certificate = openCertificate(cert, paths.cert)
  const facts = readCertificate(certificate, paths.cert)
  const stranger = wish.name !== undefined && wish.name !== facts.commonName
  const faults = [
    ...(isIssuedBy(certificate, authority) ? [] : [`${paths.cert}: another authority issued it, ${facts.issuer}`]),
    ...(verdict?.ok === false ? [`${paths.cert}: ${verdict.because}`] : []),
    ...(stranger ? [`${paths.cert}: it is for ${facts.commonName ?? facts.subject}`] : []),
    ...(key === undefined ? [] : keyFaults(key, certificate)).map((fault) => `${paths.key}: ${fault}`),
    ...(ca === undefined || holdsCa(ca, authority) ? [] : [`${paths.ca}: the authority's certificate is not in it`]),
  ]
  const nameChanges = wish.names && compareNames(wish.names, facts)
  return { facts, faults, ...(nameChanges !== undefined && { nameChanges }) }
}

function keyFaults(pem: string, certificate: X509Certificate): string[] {
  if (isEncryptedKey(pem)) return ['it is encrypted, and neither dockerd nor the Docker CLI can open it']
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem)) ? [] : ['it is not the key of the certificate beside it']
  } catch (cause) {
    return [isDockerMtlsError(cause) ? cause.got : 'it is no private key in PEM']
  }
}

function compareNames(wanted: readonly ServerName[], { names: { dns, ip } }: CertificateFacts): string | undefined {
  const had = new Set([...dns, ...ip])
  const wants = new Set(wanted.map(({ value }) => value))
  const fresh = [...wants].filter((name) => !had.has(name))
  const gone = [...had].filter((name) => !wants.has(name))
  const parts = [
    ...(fresh.length === 0 ? [] : [`new: ${fresh.join(', ')}`]),
    ...(gone.length === 0 ? [] : [`gone: ${gone.join(', ')}`]),
  ]
  return parts.length === 0 ? undefined : parts.join('; ')
}
