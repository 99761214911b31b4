import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import { isIssuedBy, openCertificate } from '../../identity/certificate.ts'
import { clientPaths, serverFolder, type LeafPaths } from '../layout.ts'
import { clientNames, serverPlaces } from '../list.ts'
import type { Rotation } from './cas.ts'
import { readSettled } from '../swap.ts'
import { revocationFinder } from '../revoked-key.ts'
import { isKeyElsewhere } from '../key-held.ts'
import type { Participants } from './phases.ts'

/** The folder of a server or a client during a CA rotation. */
export interface Leaf {
  readonly kind: 'server' | 'client'
  /** A client's name; a server's folder: `server`, `hosts/build01`. */
  readonly name: string
  readonly paths: LeafPaths
  /** Absent: the folder has none. */
  readonly cert?: X509Certificate
  /** Is its key on the client's own machine? */
  readonly keyElsewhere: boolean
  /** Was its certificate revoked, or another one with its key? */
  readonly isRevoked: boolean
}

/** Reads the folders of all servers and clients, servers first. A waiting pair counts as if it were in its place. */
export async function readLeaves(root: string): Promise<Leaf[]> {
  const servers = (await serverPlaces(root)).map(
    ({ host, paths }) => ({ kind: 'server', name: serverFolder(host), paths }) as const,
  )
  const names = await clientNames(root)
  const clients = names.map((name) => ({ kind: 'client', name, paths: clientPaths(root, name) }) as const)
  const revocationOf = await revocationFinder(root)
  const leaves: Leaf[] = []
  for (const { kind, name, paths } of [...servers, ...clients]) {
    const pem = await readSettled(paths, paths.cert)
    const keyElsewhere = kind === 'client' && (await isKeyElsewhere(root, name))
    const cert = pem === undefined ? undefined : openCertificate(pem, paths.cert)
    const isRevoked = kind === 'client' && cert !== undefined && revocationOf(cert) !== undefined
    leaves.push({ kind, name, paths, keyElsewhere, isRevoked, ...(cert && { cert }) })
  }
  return leaves
}

/** The server in the folder `server`. If no folder has a certificate, the daemon got its own elsewhere and counts as this one. */
export const SERVER: string = serverFolder()

/** Did this CA issue it? */
export function isOf({ cert }: Leaf, ca: X509Certificate): boolean {
  return cert !== undefined && isIssuedBy(cert, [ca])
}

/**
 * Is it in use, so that the rotation waits for its client? A certificate that has expired, was revoked, or is of a CA that was
 * replaced earlier, gives no access, and one with the key of a revoked one shall give none. It gets no new certificate either, since that
 * would give access again.
 */
export function isInUse(leaf: Leaf, { present, next }: Rotation): boolean {
  const { cert } = leaf
  if (cert === undefined || leaf.isRevoked || Date.parse(cert.validTo) < Date.now()) return false
  return isOf(leaf, present) || isOf(leaf, next)
}

/** The clients and servers to wait for. There is always a daemon, even if its certificate is from elsewhere. */
export function participantsOf(leaves: readonly Leaf[], rotation: Rotation): Participants {
  const { present, next } = rotation
  const clients = leaves.filter((leaf) => leaf.kind === 'client' && isInUse(leaf, rotation))
  const servers = leaves.filter((leaf) => leaf.kind === 'server' && (isOf(leaf, present) || isOf(leaf, next)))
  return {
    clients: clients.map(({ name }) => name),
    servers: servers.length === 0 ? [SERVER] : servers.map(({ name }) => name),
  }
}

/**
 * Refuses to start with an incomplete pair: a certificate without its key would be carried through all phases.
 *
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export async function refuseIncompletePairs(root: string, leaves: readonly Leaf[]): Promise<void> {
  for (const { kind, name, paths, cert, keyElsewhere, isRevoked } of leaves) {
    if (cert === undefined || keyElsewhere || isRevoked) continue
    const key = await readSettled(paths, paths.key)
    if (key !== undefined && fits(cert, key)) continue
    const got = key === undefined ? `${paths.key} is missing` : `${paths.key} does not match ${paths.cert}`
    const again = kind === 'server' ? ['cert', 'renew', '--host', name] : ['cert', 'renew', name]
    throw new PkiError('ERR_PKI_FILE_INVALID', {
      tried: `rotating the CA in ${root}`,
      got,
      todo: sentence`Restore the right file, or issue the certificate again:  ${ours(...again, '--dir', root)}`,
    })
  }
}

function fits(cert: X509Certificate, key: string): boolean {
  try {
    return cert.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
