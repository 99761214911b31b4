import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** The name that means "no context": the daemon of this machine. */
export const DEFAULT_CONTEXT = 'default'

/** The Docker CLI's rule for names (docker/cli, cli/context/store). It allows no `/`, so a name can't become another path. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/

/** Docker's file names for a context's certificates and key. */
export const TLS_FILES = ['ca.pem', 'cert.pem', 'key.pem'] as const

/** Whether the name is well-formed. That includes `default`, although no context may have that name. */
export function isContextName(name: string): boolean {
  return NAME.test(name)
}

/** Where the Docker CLI keeps one context. */
export interface ContextPaths {
  /** `meta.json`, which makes it a context. */
  readonly meta: string
  /** The folder of the context's TLS credentials for all its endpoints. */
  readonly tls: string
  /** The folder in it for the Docker endpoint, with {@link TLS_FILES}. */
  readonly credentials: string
  /** The lock file of docker-mtls while it changes the context. */
  readonly lock: string
}

/** The folder that contains a folder for each context. */
export function metaFolder(config: string): string {
  return join(config, 'contexts', 'meta')
}

/** The name of a context's folders: the SHA-256 of its name. */
export function contextId(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

/** The paths of a context. `name` must be checked already. */
export function contextPaths(config: string, name: string): ContextPaths {
  const id = contextId(name)
  const tls = join(config, 'contexts', 'tls', id)
  return {
    meta: join(metaFolder(config), id, 'meta.json'),
    tls,
    credentials: join(tls, 'docker'),
    lock: join(config, 'contexts', `.${id}.lock`),
  }
}
