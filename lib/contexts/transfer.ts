import { promises as fs } from 'node:fs'
import { endpointOf, parseContextMeta } from '../endpoint/context-meta.ts'
import { contextPaths } from '../endpoint/context-layout.ts'
import { readContext } from '../endpoint/context.ts'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { EndpointError } from '../base/errors.ts'
import { ours, plainTexts, sentence, sentencesIn } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import type { Identity } from '../identity/identity.ts'
import { invalidArchive, packContext, unpackContext, type ArchivedContext } from './archive.ts'
import type { CreatedContext } from './create.ts'
import { checkCredentials, readCredentials, type Credentials } from './credentials.ts'
import { parseContextName } from './name.ts'
import { writeContext } from './store.ts'

const CREATE = ours('context', 'create', 'NAME', '--host', 'HOST', '--cert-path', 'DIR')

/** An exported context. */
export interface ExportedContext {
  readonly host: string
  /** A tar. With TLS, it contains the private key. */
  readonly archive: Buffer
  readonly identity?: Identity
  /** Sentences for the user. */
  readonly warnings: readonly string[]
}

/**
 * Packs a context for another machine. It checks the context first, and refuses certificates that no daemon would accept and
 * a connection weaker than verified TLS.
 *
 * @param config - DOCKER_CONFIG
 * @throws {@link EndpointError} ERR_CONTEXT_NAME_INVALID, ERR_CONTEXT_INVALID, ERR_CONTEXT_NOT_FOUND, ERR_CONTEXT_INSECURE, ERR_HOST_INVALID, ...
 * @throws {@link IdentityError} for files that no daemon would accept
 */
export async function exportContext(config: string, name: string): Promise<ExportedContext> {
  parseContextName(name)
  const { endpoint, certPath } = await readContext({ name, source: config, config, ownIdentity: false })
  const checked = certPath === undefined ? undefined : await readCredentials(certPath)
  const meta = await fs.readFile(contextPaths(config, name).meta, 'utf8')
  return {
    host: formatEndpoint(endpoint),
    archive: await packContext(meta, checked?.credentials),
    ...(checked && { identity: checked.identity }),
    warnings: checked?.identity.warnings ?? [],
  }
}

/** How to import a context. */
export interface ImportOptions {
  readonly name: string
  /** Replaces an existing context of that name. @defaultValue false */
  readonly replace?: boolean | undefined
}

/**
 * Imports an archive of `docker context export` or {@link exportContext} into the store. It checks everything before it
 * writes anything. Metadata that docker-mtls doesn't know is kept.
 *
 * @param config - DOCKER_CONFIG
 * @param bytes - a tar, with or without the end blocks that the CLI omits, or a zip
 * @throws {@link EndpointError} ERR_CONTEXT_ARCHIVE_INVALID, ERR_CONTEXT_INSECURE, ERR_CONTEXT_EXISTS, ERR_HOST_INVALID, ...
 * @throws {@link IdentityError} for files that no daemon would accept
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function importContext(
  config: string,
  bytes: Buffer,
  { name, replace = false }: ImportOptions,
): Promise<CreatedContext> {
  parseContextName(name)
  const archived = await unpackContext(bytes)
  const meta = parseContextMeta(archived.meta)
  if (typeof meta === 'string') throw invalidArchive(`its meta.json is invalid: ${meta}`)
  const endpoint = endpointOf(meta, {
    tried: `the context ${name} in the archive`,
    todo: sentence`Create a context with the daemon's CA:  ${CREATE}`,
  })
  const checked = endpoint.kind === 'tls' ? await checkCredentials(requireAllFiles(archived, meta.host)) : undefined
  const unused = checked === undefined && Object.keys(archived.tls).length > 0
  const { identity, credentials } = checked ?? {}
  const content = { ...meta.content, Name: name }
  return {
    name,
    host: formatEndpoint(endpoint),
    ...(meta.description !== undefined && { description: meta.description }),
    ...(await writeContext(config, { name, meta: content, ...(credentials && { credentials }), replace })),
    ...(identity && { identity }),
    warnings: plainTexts([
      ...sentencesIn(identity?.warnings ?? []),
      ...(unused ? [`The certificates in the archive were not imported: ${meta.host} doesn't use TLS.`] : []),
    ]),
  }
}

function requireAllFiles({ tls: { ca, cert, key } }: ArchivedContext, host: string): Credentials {
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  const missing = Object.entries({ ca, cert, key }).filter(([, bytes]) => bytes === undefined)
  throw new EndpointError('ERR_CONTEXT_INSECURE', {
    tried: `the archive of a context for ${host}`,
    got: `it lacks ${enumerate(missing.map(([part]) => `${part}.pem`))}, although its host is reached over TCP`,
    todo: sentence`Export it again from a context with all three files, or create a new one:  ${CREATE}`,
  })
}
