import { option, ours, sentence } from '../../base/sentence.ts'
import { promises as fs } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { isThere } from '../../base/files.ts'
import { formatEndpoint, type Endpoint } from '../../endpoint/endpoint.ts'
import { parseHost } from '../../endpoint/host.ts'
import { EndpointError, isDockerMtlsError, PkiError, sentencesOf } from '../../base/errors.ts'
import { onlyOnes } from '../../base/text.ts'
import type { Environment } from '../../endpoint/environment.ts'
import { serverPaths } from '../../keystore/layout.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { withFolder, type FolderFlags } from './key-folder.ts'

/** The flags that name the daemon and the client's files. */
export interface PlaceFlags extends FolderFlags {
  readonly host?: string
  readonly certPath?: string
}

/** The daemon, and the folder of the client's files. */
export interface ClientPlace {
  readonly host: string
  readonly certPath: string
}

/**
 * Finds the daemon and the files of a client, for its variables or a context. A file in the working directory is read only if its client is named: any
 * checked-out folder could contain one and so choose the daemon.
 *
 * @throws {@link EndpointError} ERR_HOST_REQUIRED, ERR_HOST_INVALID, ...
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CLIENT_KEY_ELSEWHERE
 */
export async function findPlace(name: string | undefined, flags: PlaceFlags, context: Context): Promise<ClientPlace> {
  if (name !== undefined) return placeOf(name, await withFolder(flags, context))
  const { env } = context.io
  const [source, host] = hostIn(flags, env)
  if (host === undefined) throw noHost()
  return { host: readHost(host, source), certPath: resolve(flags.certPath ?? certPathIn(env)) }
}

/** For a client in the folder: the daemon in its .env, and the current folder of its files. */
async function placeOf(
  name: string,
  { dir, host, certPath }: PlaceFlags & { readonly dir: string },
): Promise<ClientPlace> {
  if (host !== undefined) readHost(host, '--host')
  const { parseClientName } = await import('../../pki/client-name.ts')
  const folder = join(dir, 'clients', parseClientName(name))
  if (host === undefined || certPath === undefined) await refuseStranger(dir, name)
  if (certPath === undefined) await refuseKeyElsewhere(dir, name)
  const path = join(folder, '.env')
  const found = host ?? (await hostInFile(path))
  if (found !== undefined) {
    return { host: readHost(found, host === undefined ? path : '--host'), certPath: resolve(certPath ?? folder) }
  }
  const out = folderFlags(dir, '--out')
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `reading ${path}`,
    got: 'the file is missing, or has no DOCKER_HOST',
    todo: sentence`Create it again:  ${ours('init', ...(await serverNames(dir)), '--client', name, ...out)}  Or name the daemon:  ${option('host', 'HOST')}`,
  })
}

/** For a typing mistake or a wrong folder, the message lists the existing clients. */
async function refuseStranger(dir: string, name: string): Promise<void> {
  const { clientsFolder } = await import('../../keystore/layout.ts')
  if (await isThere(join(clientsFolder(dir), name))) return
  const { clientNames } = await import('../../keystore/keystore.ts')
  const others = await clientNames(dir)
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `looking for the client ${name} in ${resolve(clientsFolder(dir))}`,
    got: others.length === 0 ? 'it has no clients' : `its ${onlyOnes('client', others)}`,
    todo:
      others.length === 0
        ? `Name the folder that init created:  --dir DIR  Without such a folder, name the daemon and the folder of the three files:  ${DAEMON_AND_FILES}`
        : `Use ${others.length === 1 ? 'this name' : 'one of these names'}, or name the folder that contains ${name}:  --dir DIR`,
  })
}

/** Works for `client env` and `context create`. */
const DAEMON_AND_FILES = '--host SERVER --cert-path DIR'

/** Variables or a context for a folder without a key would be useless. */
async function refuseKeyElsewhere(dir: string, name: string): Promise<void> {
  const { isKeyElsewhere } = await import('../../keystore/keystore.ts')
  if (!(await isKeyElsewhere(dir, name))) return
  throw new PkiError('ERR_CLIENT_KEY_ELSEWHERE', {
    tried: `using the files of the client ${name} in ${dir}`,
    got: 'its key is on its own machine, and was never here',
    todo: `Run this command on that machine, with the daemon and the folder of the key instead:  ${DAEMON_AND_FILES}`,
  })
}

/** The server's names, as they were passed to init. */
async function serverNames(dir: string): Promise<string[]> {
  const [{ openCertificate, readCertificate }, { OWN_NAMES }] = await Promise.all([
    import('../../identity/certificate.ts'),
    import('../../pki/server-name.ts'),
  ])
  try {
    const path = serverPaths(dir).cert
    const { dns, ip } = readCertificate(openCertificate(await fs.readFile(path, 'utf8'), path), path).names
    const given = [...dns, ...ip].filter((name) => !OWN_NAMES.includes(name))
    return given.length === 0 ? ['SERVER'] : given
  } catch {
    return ['SERVER']
  }
}

/** The daemon that a `.env` names. */
export async function hostInFile(path: string): Promise<string | undefined> {
  const { parse } = await import('dotenv')
  const text = await fs.readFile(path, 'utf8').catch(() => '')
  const { DOCKER_HOST } = parse(text)
  return DOCKER_HOST === '' ? undefined : DOCKER_HOST
}

function hostIn({ host }: PlaceFlags, { DOCKER_HOST, DOCKER_HOST_IP }: Environment): [string, string | undefined] {
  if (host !== undefined) return ['--host', host]
  if (DOCKER_HOST !== undefined && DOCKER_HOST !== '') return ['DOCKER_HOST', DOCKER_HOST]
  return ['DOCKER_HOST_IP', DOCKER_HOST_IP === '' ? undefined : DOCKER_HOST_IP]
}

function certPathIn({ DOCKER_CERT_PATH, DOCKER_CONFIG }: Environment): string {
  return (
    [DOCKER_CERT_PATH, DOCKER_CONFIG].find((path) => path !== undefined && path !== '') ?? join(homedir(), '.docker')
  )
}

/**
 * Reads the host of a daemon that is reached over TLS.
 *
 * @param source - the option, variable or file that names it, for messages
 * @throws {@link EndpointError} ERR_HOST_INVALID, ...
 */
export function readHost(text: string, source: string): string {
  const endpoint = parseNamedHost(text, source)
  if (endpoint.kind === 'tls') return formatEndpoint(endpoint)
  throw new EndpointError('ERR_HOST_INVALID', {
    tried: `${source}=${formatEndpoint(endpoint)}`,
    got: "a client's files work only for a daemon that is reached over TLS",
    todo: sentence`Name the daemon, such as  ${option('host', 'build01.example.com')}`,
  })
}

/** Neither variables nor a context can say that port 2375 speaks TLS, so the remedy is another port. */
export function parseNamedHost(text: string, source: string): Endpoint {
  try {
    return parseHost(text, { source })
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_PLAINTEXT_PORT')) throw cause
    const todo = sentence`Name its TLS port, such as  ${option('host', text.trim().replace(/:2375\b/, ':2376'))}`
    throw new EndpointError('ERR_PLAINTEXT_PORT', { ...sentencesOf(cause), todo, cause })
  }
}

function noHost(): EndpointError {
  return new EndpointError('ERR_HOST_REQUIRED', {
    tried: [ours('client', 'env')],
    got: 'neither --host nor a client is given, and DOCKER_HOST is not set',
    todo: sentence`Name a client in the folder that init created, or the daemon:  ${ours('client', 'env', '--host', 'build01.example.com')}`,
  })
}

/** The daemon that the `.env` files of the clients name, if they name only one. */
export async function onlyHost(dir: string): Promise<string | undefined> {
  const { clientNames } = await import('../../keystore/keystore.ts')
  const names = await clientNames(dir)
  const hosts = await Promise.all(names.map((name) => hostInFile(join(dir, 'clients', name, '.env'))))
  const [host, ...others] = new Set(hosts.filter((found) => found !== undefined))
  return others.length === 0 ? host : undefined
}
