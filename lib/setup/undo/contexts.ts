import { clearCurrentContext } from '../../contexts/current.ts'
import { listContexts, type ListedContext } from '../../contexts/list.ts'
import { removeContext } from '../../contexts/store.ts'
import { certificatesIn } from '../../apply/certificates-in.ts'
import { isDockerMtlsError } from '../../base/errors.ts'
import { readIfThere } from '../../base/files.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { readListener } from '../../daemon-config/listener-target.ts'
import { contextPaths } from '../../endpoint/context-layout.ts'
import { readCurrentContext } from '../../endpoint/context.ts'
import { clientFilesIn } from '../../keystore/layout.ts'
import { PkiFolder } from '../../keystore/keystore.ts'
import { pointsToHost, SETUP_DESCRIPTION } from '../context.ts'

/** A docker context that points to a host. */
export interface HostContext {
  readonly name: string
  readonly host: string
  /** Did setup create it for this host, with a client of this folder? All others stay. */
  readonly isOurs: boolean
  /** Is it the current context, set by `docker context use`? */
  readonly isCurrent: boolean
}

/** A host, as contexts know it. */
export interface ContextTarget {
  /** `tcp://HOST:PORT` */
  readonly url: string
  readonly names: readonly string[]
  /** The listeners that will be closed. If there are any, a context for another port belongs to another daemon. */
  readonly closes: readonly string[]
}

/**
 * Finds the docker contexts on this machine that point to a host. Changes nothing.
 *
 * @param root - the folder of the CA
 * @param config - DOCKER_CONFIG
 */
export async function findHostContexts(root: string, config: string, target: ContextTarget): Promise<HostContext[]> {
  const ports = target.closes.map((listener) => readListener(listener).port)
  const found = (await listContexts(config)).flatMap(({ name, host, description }) =>
    name === undefined || host === undefined ? [] : [{ name, host, description }],
  )
  const there = found.filter((one) => pointsToHost(one, target) && (ports.length === 0 || ports.includes(portOf(one))))
  if (there.length === 0) return []
  const [clients, current] = [await clientsOf(root), await readCurrentContext(config)]
  return Promise.all(
    there.map(async ({ name, host, description }) => ({
      name,
      host,
      isOurs: description === SETUP_DESCRIPTION && (await hasClientOf(clients, config, name)),
      isCurrent: name === current,
    })),
  )
}

/** Removes a context. If it is the current one, docker uses the local daemon afterwards. */
export async function removeHostContext(config: string, { name }: HostContext): Promise<void> {
  await clearCurrentContext(config, name)
  await removeContext(config, name)
}

function portOf({ host = '' }: Pick<ListedContext, 'host'>): number {
  const port = /:(\d+)$/.exec(host)?.[1]
  return port === undefined ? TLS_PORT : Number(port)
}

/** The fingerprints of all client certificates that the folder has issued. */
async function clientsOf(root: string): Promise<ReadonlySet<string>> {
  const listed = await new PkiFolder(root).list().catch((error: unknown) => {
    if (!isDockerMtlsError(error, 'ERR_CA_MISSING')) throw error
    return []
  })
  return new Set(listed.filter(({ kind }) => kind === 'client').map(({ fingerprint256 }) => fingerprint256))
}

/** Another folder's client may have its only key in the context. */
async function hasClientOf(clients: ReadonlySet<string>, config: string, name: string): Promise<boolean> {
  const pem = await readIfThere(clientFilesIn(contextPaths(config, name).credentials).cert)
  const [certificate] = certificatesIn(pem)
  return certificate !== undefined && clients.has(certificate.fingerprint256)
}
