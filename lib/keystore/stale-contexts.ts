import { promises as fs } from 'node:fs'
import { listContexts, type ListedContext } from '../contexts/list.ts'
import { certificatesIn } from '../identity/certificate.ts'
import { clientFilesIn, clientPaths } from './layout.ts'
import { PkiFolder } from './folder.ts'

/** A docker context with outdated files of a client. */
export interface StaleContext {
  readonly name: string
  readonly host: string
  readonly description?: string
  /** The client. */
  readonly client: string
}

/**
 * Finds docker contexts on this machine whose copies of a client's files differ from those in the folder. It changes
 * nothing, and ignores contexts that can't be read.
 *
 * @param root - the folder that `init` created
 * @param config - DOCKER_CONFIG
 */
export async function findStaleContexts(root: string, config: string): Promise<StaleContext[]> {
  const contexts = (await listContexts(config).catch(() => [])).filter(({ certPath }) => certPath !== undefined)
  if (contexts.length === 0) return []
  const clients = (await new PkiFolder(root).list()).filter(({ kind }) => kind === 'client')
  const names = new Map(clients.map(({ fingerprint256, name }) => [fingerprint256, name]))
  const found = await Promise.all(contexts.map((one) => staleContext(one, root, names)))
  return found.filter((one) => one !== undefined)
}

async function staleContext(
  { name, host, description, certPath = '' }: ListedContext,
  root: string,
  names: ReadonlyMap<string, string>,
): Promise<StaleContext | undefined> {
  const copy = clientFilesIn(certPath)
  const [cert, ca] = [await fingerprintsIn(copy.cert), await fingerprintsIn(copy.ca)]
  const client = names.get(cert[0] ?? '')
  if (name === undefined || host === undefined || client === undefined) return undefined
  const paths = clientPaths(root, client)
  const [own, trusted] = [await fingerprintsIn(paths.cert), await fingerprintsIn(paths.ca)]
  const isHere = own.length > 0 && (await fs.stat(paths.key).catch(() => undefined)) !== undefined
  const isSame = String(cert) === String(own) && String(ca.toSorted()) === String(trusted.toSorted())
  if (!isHere || isSame) return undefined
  return { name, host, client, ...(description !== undefined && { description }) }
}

/** The fingerprints of the certificates in a file. */
async function fingerprintsIn(path: string): Promise<string[]> {
  try {
    return certificatesIn(await fs.readFile(path, 'utf8')).map(({ fingerprint256 }) => fingerprint256)
  } catch {
    return []
  }
}
