import { resolve } from 'node:path'
import type { ContextPaths } from '../endpoint/context-layout.ts'
import { formatEndpoint, type Endpoint } from '../endpoint/endpoint.ts'
import { EndpointError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import type { Identity } from '../identity/identity.ts'
import { readCredentials } from './credentials.ts'
import { parseContextName } from './name.ts'
import { writeContext } from './store.ts'

/** A context to create. */
export interface NewContext {
  readonly name: string
  readonly endpoint: Endpoint
  readonly description?: string | undefined
  /** The folder of ca.pem, cert.pem and key.pem, which are copied. Only for a TLS endpoint. */
  readonly certPath?: string | undefined
  /** Replaces an existing context of that name. @defaultValue false */
  readonly replace?: boolean | undefined
}

/** A context that was created or imported. */
export interface CreatedContext {
  readonly name: string
  /** As `docker context ls` shows it. */
  readonly host: string
  readonly description?: string
  readonly paths: ContextPaths
  /** Whether it replaced an existing context. */
  readonly replaced: boolean
  /** The client certificate that its daemon will see. Absent without TLS. */
  readonly identity?: Identity
  /** Sentences for the user. */
  readonly warnings: readonly string[]
}

/**
 * Creates a context in the Docker CLI's store. It checks everything before it writes anything.
 *
 * @param config - DOCKER_CONFIG
 * @throws {@link EndpointError} ERR_CONTEXT_NAME_INVALID, ERR_CONTEXT_EXISTS, ERR_IDENTITY_REQUIRED
 * @throws {@link IdentityError} for files that no daemon would accept
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, for certificates that would be unused
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 * @example
 * ```ts
 * await createContext('/home/ann/.docker', {
 *   name: 'build01',
 *   endpoint: parseHost('tcp://build01.example.com:2376'),
 *   certPath: '/home/ann/keys',
 * })
 * ```
 */
export async function createContext(config: string, context: NewContext): Promise<CreatedContext> {
  const { endpoint, description, certPath, replace = false } = context
  const name = parseContextName(context.name)
  const host = formatEndpoint(endpoint)
  if (endpoint.kind === 'tls' && certPath === undefined) throw identityRequired(name, host)
  const checked =
    endpoint.kind === 'tls' && certPath !== undefined ? await readCredentials(resolve(certPath)) : undefined
  const written = await writeContext(config, {
    name,
    meta: {
      Name: name,
      Metadata: description === undefined ? {} : { Description: description },
      Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
    },
    ...(checked && { credentials: checked.credentials }),
    replace,
  })
  return {
    name,
    host,
    ...(description !== undefined && { description }),
    ...written,
    ...(checked && { identity: checked.identity }),
    warnings: checked?.identity.warnings ?? [],
  }
}

function identityRequired(name: string, host: string): EndpointError {
  return new EndpointError('ERR_IDENTITY_REQUIRED', {
    tried: `creating the context ${name} for ${host}`,
    got: 'it has no client certificate, so the Docker CLI would use plaintext',
    todo: sentence`Set ${option('certPath')} to a folder with ca.pem, cert.pem and key.pem.`,
  })
}
