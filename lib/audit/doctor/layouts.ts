import { readFile, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Environment } from '../../endpoint/environment.ts'
import { homeFolder } from '../../endpoint/folders.ts'
import { clientFoldersNear, entriesOf, hasClientFiles } from '../../identity/client-folders.ts'

/** Tools whose folders of certificates are recognized. */
export type Tool = 'docker:dind' | 'docker-machine' | 'Uptime Kuma' | 'Portainer' | 'docker-mtls'

/** A folder with ca.pem, cert.pem and key.pem. */
export interface FoundFolder {
  readonly tool: Tool
  readonly folder: string
}

/** Where to search. */
export interface Search {
  /** The folder that lacks the files. */
  readonly folder?: string | undefined
  /** The host to connect to. */
  readonly host?: string | undefined
  readonly env: Environment
}

/**
 * Finds the folders that were probably meant. All of these tools keep the three files under Docker's names, but each in its
 * own place:
 *
 * - docker:dind: `$DOCKER_TLS_CERTDIR/client` (docker-library/docker, dockerd-entrypoint.sh)
 * - docker-machine: `~/.docker/machine/machines/NAME`
 * - Uptime Kuma: `$DOCKER_TLS_DIR_PATH/HOST`
 * - Portainer: `DATA/tls/NUMBER`
 * - docker-mtls itself: `docker-mtls/clients/NAME`
 */
export async function findFolders({ folder, host, env }: Search): Promise<FoundFolder[]> {
  const found: FoundFolder[] = []
  const check = async (tool: Tool, path: string): Promise<void> => {
    if (path === folder || found.some((one) => one.folder === path)) return
    if (await hasClientFiles(path)) found.push({ tool, folder: path })
  }
  const dind = env['DOCKER_TLS_CERTDIR']
  if (dind !== undefined && dind !== '') await check('docker:dind', join(dind, 'client'))
  if (folder !== undefined) await check('docker:dind', join(folder, 'client'))
  for (const base of [env['DOCKER_TLS_DIR_PATH'], folder]) {
    if (base !== undefined && base !== '' && host !== undefined && isPlainName(host)) {
      await check('Uptime Kuma', join(base, host))
    }
  }
  if (folder !== undefined) {
    for (const base of [folder, join(folder, 'tls')]) {
      for (const name of await entriesOf(base)) if (/^\d+$/.test(name)) await check('Portainer', join(base, name))
    }
    for (const client of await clientFoldersNear(folder)) await check('docker-mtls', client)
  }
  for (const machine of await machinesFor(host, env)) await check('docker-machine', machine)
  return found
}

/** The tool whose layout a folder in use has. */
export function toolOf(folder: string, caSubjects: readonly string[]): Tool | undefined {
  if (caSubjects.some((subject) => /\bCN=docker:dind CA\b/.test(subject))) return 'docker:dind'
  const [parent = '', name = ''] = folder.split(sep).slice(-2)
  if (parent === 'machines' && folder.includes(`${sep}machine${sep}`)) return 'docker-machine'
  if (parent === 'clients') return 'docker-mtls'
  if (parent === 'tls' && /^\d+$/.test(name)) return 'Portainer'
  return parent === 'docker-tls' ? 'Uptime Kuma' : undefined
}

/** The machines of docker-machine that have this name or address. */
async function machinesFor(host: string | undefined, env: Environment): Promise<string[]> {
  if (host === undefined) return []
  const store = env['MACHINE_STORAGE_PATH'] ?? join(homeFolder(env), '.docker', 'machine')
  const machines = (await entriesOf(join(store, 'machines'))).map((name) => ({
    name,
    path: join(store, 'machines', name),
  }))
  const isMeant = async ({ name, path }: { name: string; path: string }): Promise<boolean> =>
    name === host || (await addressOf(path)) === host
  const meant = await Promise.all(machines.map(isMeant))
  return machines.filter((_, index) => meant[index]).map(({ path }) => path)
}

/** In bytes. docker-machine writes a few kilobytes. */
const LONGEST_CONFIG = 1_048_576

async function addressOf(machine: string): Promise<unknown> {
  try {
    const path = join(machine, 'config.json')
    const { size } = await stat(path)
    if (size > LONGEST_CONFIG) return undefined
    const config = JSON.parse(await readFile(path, 'utf8')) as { Driver?: { IPAddress?: unknown } } | null
    return config?.Driver?.IPAddress
  } catch {
    return undefined
  }
}

/** A host that is a name of a folder, not a path. */
function isPlainName(host: string): boolean {
  return /^[\w.:-]+$/.test(host) && !/^\.+$/.test(host)
}
