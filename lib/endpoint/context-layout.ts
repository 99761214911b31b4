import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** The name of the context that stands for no context at all. */
export const DEFAULT_CONTEXT = 'default'

/** docker/cli, cli/context/store: the rule for names; a name with a `/` never reaches the file system. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/

/** A context's certificates and key, by the names that Docker gives these files. */
export const TLS_FILES = ['ca.pem', 'cert.pem', 'key.pem'] as const

/** Could it be the name of a context? `default` could, and never is. */
export function isContextName(name: string): boolean {
  return NAME.test(name)
}

/** Where the Docker CLI keeps one context. */
export interface ContextPaths {
  /** `meta.json`, which makes it a context. */
  readonly meta: string
  /** All TLS credentials of the context. */
  readonly tls: string
  /** What of it is for the daemon: {@link TLS_FILES}. */
  readonly credentials: string
  /** Ours, while we change the context. */
  readonly lock: string
}

/** Where all contexts are: a folder for each in there. */
export function metaFolder(config: string): string {
  return join(config, 'contexts', 'meta')
}

/** The name of a context's folders. */
export function contextId(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

/** `name` must have been checked. */
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
