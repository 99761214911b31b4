import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { mapInBatches, readIfThere } from '../base/files.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { certificatesIn } from '../identity/certificate.ts'
import { isEncryptedKey } from '../pki/load-ca.ts'
import { caPaths, clientPaths, issuerPaths, nextCaPaths, serverFolder } from './layout.ts'
import { clientNames, issuerNames, serverPlaces } from './list.ts'
import { isHalfInstalled } from './rotate/files.ts'
import { SETTLE_MS } from './swap.ts'

/** A certificate and a key that don't belong together. */
export interface PairFault {
  readonly kind: 'ca' | 'server' | 'client' | 'issuer'
  /** The file of the certificate. */
  readonly cert: string
  /** The fault: a sentence without a full stop. */
  readonly got: string
  /** What to do. */
  readonly todo: Sentence
}

interface Pair {
  readonly kind: PairFault['kind']
  readonly cert: string
  readonly key: string
  readonly todo: Sentence
}

/**
 * Finds the pairs in a folder whose certificate and key don't match: of the CA, of the next one during a rotation, and of
 * servers, clients and issuers. The key of a CA that is encrypted can't be compared.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findPairFaults(root: string): Promise<PairFault[]> {
  return [...(await caFaults(root)), ...(await faultsOf(await leafPairs(root)))]
}

/**
 * Refuses a folder whose CA certificate and CA key don't match.
 *
 * @throws {@link PkiError} ERR_CA_INVALID
 */
export async function refuseMismatchedCa(root: string): Promise<void> {
  const [fault] = await caFaults(root)
  if (fault === undefined) return
  throw new PkiError('ERR_CA_INVALID', {
    tried: `using the CA in ${caPaths(root).folder}`,
    got: fault.got,
    todo: fault.todo,
  })
}

/**
 * Refuses a folder in which any certificate and key don't match.
 *
 * @param renewed - certificates that are issued again, with a new key
 * @throws {@link PkiError} ERR_CA_INVALID, ERR_PKI_FILE_INVALID
 */
export async function refuseMismatchedPairs(root: string, renewed: readonly string[]): Promise<void> {
  await refuseMismatchedCa(root)
  // An issuer keeps its key.
  const isLeft = ({ kind, cert }: Pair): boolean => kind === 'issuer' || !renewed.includes(cert)
  const [fault] = await faultsOf((await leafPairs(root)).filter(isLeft))
  if (fault === undefined) return
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: `checking the keys in ${root}`,
    got: fault.got,
    todo: fault.todo,
  })
}

async function caFaults(root: string): Promise<PairFault[]> {
  const [now, next] = [caPaths(root), nextCaPaths(root)]
  const todo: Sentence =
    'Restore ca.pem and ca-key.pem that were created together, from a backup or from their dated copies.'
  const faults = await faultsOf([now, next].map(({ cert, key }) => ({ kind: 'ca', cert, key, todo })))
  return faults.length === 0 && (await isHalfInstalled(root)) ? [...(await halfInstalled(root))] : faults
}

/** `ca.pem` contains the certificate that matches, but not as the first one, which is what most programs read. */
async function halfInstalled(root: string): Promise<PairFault[]> {
  await wait(SETTLE_MS)
  if (!(await isHalfInstalled(root))) return []
  const { cert, key } = caPaths(root)
  const got = `${key} is the key of the new CA, but ${cert} still begins with the old one: a rotation was interrupted`
  return [
    { kind: 'ca', cert, got, todo: sentence`Continue the rotation:  ${ours('cert', 'rotate-ca', '--dir', root)}` },
  ]
}

async function leafPairs(root: string): Promise<Pair[]> {
  const servers = (await serverPlaces(root)).map(({ host, paths: { cert, key } }): Pair => {
    return { kind: 'server', cert, key, todo: renew(root, '--host', serverFolder(host)) }
  })
  const clients = (await clientNames(root)).map((name): Pair => {
    const { cert, key } = clientPaths(root, name)
    return { kind: 'client', cert, key, todo: renew(root, name) }
  })
  const issuers = (await issuerNames(root)).map((name): Pair => {
    const { cert, key } = issuerPaths(root, name)
    const again = ours('cert', 'issuer', name, '--force', '--dir', root)
    return { kind: 'issuer', cert, key, todo: sentence`Restore the right file, or create another key:  ${again}` }
  })
  return [...servers, ...clients, ...issuers]
}

function renew(root: string, ...names: readonly string[]): Sentence {
  const again = ours('cert', 'renew', ...names, '--dir', root)
  return sentence`Restore the right file, or issue the certificate again:  ${again}`
}

async function faultsOf(pairs: readonly Pair[]): Promise<PairFault[]> {
  const suspects = await faultsNow(pairs)
  if (suspects.length === 0) return []
  // Another run may be replacing them.
  await wait(SETTLE_MS)
  const paths = new Set(suspects.map(({ cert }) => cert))
  return faultsNow(pairs.filter(({ cert }) => paths.has(cert)))
}

async function faultsNow(pairs: readonly Pair[]): Promise<PairFault[]> {
  const faults = await mapInBatches(pairs, async (pair) => {
    const got = await faultOf(pair)
    const { kind, cert, todo } = pair
    return got === undefined ? [] : [{ kind, cert, got, todo }]
  })
  return faults.flat()
}

/** None if one of the files is missing, or the certificate can't be read: that is reported where it is used. */
async function faultOf(pair: Pair): Promise<string | undefined> {
  const [cert, key] = [await readIfThere(pair.cert), await readIfThere(pair.key)]
  if (cert === undefined || key === undefined || isEncryptedKey(key)) return undefined
  const certificates = readable(cert)
  if (certificates === undefined) return undefined
  // After a leaf there may be its chain. The file of a CA may contain several.
  const candidates = pair.kind === 'ca' ? certificates : certificates.slice(0, 1)
  try {
    const opened = createPrivateKey(key)
    if (candidates.some((certificate) => certificate.checkPrivateKey(opened))) return undefined
    return `${pair.key} does not match ${pair.cert}`
  } catch {
    return `${pair.key} is not a private key in PEM`
  }
}

function readable(pem: string): X509Certificate[] | undefined {
  try {
    const certificates = certificatesIn(pem)
    return certificates.length === 0 ? undefined : certificates
  } catch (cause) {
    if (!isDockerMtlsError(cause)) throw cause
    return undefined
  }
}
