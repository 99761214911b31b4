import { join } from 'node:path'
import { shellLine } from '../base/shell-quote.ts'

/** Where an authority's files are. */
export interface AuthorityPaths {
  readonly folder: string
  readonly cert: string
  readonly key: string
  readonly ledger: string
}

/** Where the files of a server or of one client are. */
export interface LeafPaths {
  readonly folder: string
  /** The authority's certificate, a copy for the machine that the folder goes to. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export function authorityPaths(root: string): AuthorityPaths {
  const folder = join(root, 'ca')
  return {
    folder,
    cert: join(folder, 'ca.pem'),
    key: join(folder, 'ca-key.pem'),
    ledger: join(folder, 'ledger.jsonl'),
  }
}

/** An authority that is about to take the place of the one that is there, and how far that has come. */
export interface NextAuthorityPaths {
  readonly folder: string
  readonly cert: string
  readonly key: string
  readonly state: string
}

export function nextAuthorityPaths(root: string): NextAuthorityPaths {
  const folder = join(root, 'ca', 'next')
  return {
    folder,
    cert: join(folder, 'ca.pem'),
    key: join(folder, 'ca-key.pem'),
    state: join(folder, 'rotation.json'),
  }
}

export function hostsFolder(root: string): string {
  return join(root, 'hosts')
}

/**
 * dockerd's own names for its files, as its manual and the notes have them.
 *
 * @param host - one of several servers of the same authority; it must have been checked, for it becomes a folder
 */
export function serverPaths(root: string, host?: string): LeafPaths {
  const folder = host === undefined ? join(root, 'server') : join(hostsFolder(root), host)
  return {
    folder,
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'server-cert.pem'),
    key: join(folder, 'server-key.pem'),
  }
}

/** The client of a day that proves an `apply`, in the folder of the server's files: it goes there with them. */
export function probeFolder(serverFolder: string): string {
  return join(serverFolder, 'probe')
}

export function clientsFolder(root: string): string {
  return join(root, 'clients')
}

/** The names that DOCKER_CERT_PATH wants. `name` must have been checked: it becomes a folder. */
export function clientPaths(root: string, name: string): LeafPaths {
  const folder = join(clientsFolder(root), name)
  return { folder, ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
}

/** A command line of ours for a person to copy: what a POSIX shell would take apart is quoted. */
export function commandLine(...words: readonly string[]): string {
  return shellLine('docker-mtls', ...words)
}
