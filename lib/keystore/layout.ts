import { join } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'
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

export function caPaths(root: string): AuthorityPaths {
  const folder = join(root, 'ca')
  return {
    folder,
    cert: join(folder, 'ca.pem'),
    key: join(folder, 'ca-key.pem'),
    ledger: join(folder, 'ledger.jsonl'),
  }
}

/** An authority that is about to take the place of the one that is there, and how far that has come. */
export interface NextCaPaths {
  readonly folder: string
  readonly cert: string
  readonly key: string
  readonly state: string
}

export function nextCaPaths(root: string): NextCaPaths {
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
export function oneDayClientFolder(serverFolder: string): string {
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

/** What a folder can be called on every system, one whose file names know no capitals among them. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,126}[a-z0-9_-])?$/

/** Could it be the folder of one of several servers? */
export function isHostName(name: string): boolean {
  return NAME.test(name)
}

/**
 * Reads what one of several servers is called, which becomes a folder.
 *
 * @param name - up to 128 small letters, digits, `.`, `-` and `_`, beginning with a letter, a digit or `_`
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export function parseHostName(name: string): string {
  checkText(name, 'the name of a host')
  if (isHostName(name)) return name
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `the host ${JSON.stringify(name)}`,
    got: 'it becomes a folder, and is no name for one',
    todo: 'It has up to 128 small letters, digits, ., - and _, and begins with a letter, a digit or _.',
  })
}
