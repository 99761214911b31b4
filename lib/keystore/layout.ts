import { dirname, join } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'
import { quoted } from '../base/text.ts'

/** The files of a CA. */
export interface AuthorityPaths {
  /** The folder of the CA. */
  readonly folder: string
  /** `ca.pem`, the CA certificate. */
  readonly cert: string
  /** `ca-key.pem`, the CA key. */
  readonly key: string
  /** `ledger.jsonl`, one line for each issued certificate. */
  readonly ledger: string
}

/** The files of a server or a client. */
export interface LeafPaths {
  /** The folder of the server or client. */
  readonly folder: string
  /** The CA certificate, a copy for the machine of the server or client. */
  readonly ca: string
  /** The certificate. */
  readonly cert: string
  /** The private key. */
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

/** The files of the next CA during a rotation, and the state of the rotation. */
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

/** Held by the process that continues a rotation. */
export function rotationLock(root: string): string {
  return join(caPaths(root).folder, '.rotation.lock')
}

/** Held by the process that adds a line to a ledger. */
export function ledgerLock(ledger: string): string {
  return join(dirname(ledger), '.ledger.lock')
}

/** `crl.pem`, the revocation list of each CA in force. It exists once a certificate was revoked, or after `cert crl`. */
export function crlPath(root: string): string {
  return join(caPaths(root).folder, 'crl.pem')
}

/** Held by the process that writes the revocation lists. */
export function crlLock(root: string): string {
  return join(caPaths(root).folder, '.crl.lock')
}

const HOSTS = 'hosts'

export function hostsFolder(root: string): string {
  return join(root, HOSTS)
}

/** The folder of a server in the folder that `init` created: `server`, or `hosts/HOST` for one of several. */
export function serverFolder(host?: string): string {
  return host === undefined ? 'server' : `${HOSTS}/${host}`
}

/**
 * The files of a server, with the names of dockerd's documentation.
 *
 * @param host - the checked name of one of several servers; it becomes a folder
 */
export function serverPaths(root: string, host?: string): LeafPaths {
  const folder = join(root, serverFolder(host))
  return {
    folder,
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'server-cert.pem'),
    key: join(folder, 'server-key.pem'),
  }
}

/**
 * The folder of the one-day client certificate for `apply`. It is in the folder of the server, and deployed with it.
 *
 * @param folder - the folder of the server
 */
export function oneDayClientFolder(folder: string): string {
  return join(folder, 'probe')
}

export function clientsFolder(root: string): string {
  return join(root, 'clients')
}

/** The files of a client in a folder, with the names that DOCKER_CERT_PATH requires. */
export function clientFilesIn(folder: string): LeafPaths {
  return { folder, ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
}

/** The folders of client certificates that `grant` issued, by the names of the grants. */
export function grantsFolder(root: string): string {
  return join(root, 'grants')
}

/** The files of a grant. `name` must be checked: it becomes a folder. */
export function grantPaths(root: string, name: string): LeafPaths {
  return clientFilesIn(join(grantsFolder(root), name))
}

/** The files of a client. `name` must be checked: it becomes a folder. */
export function clientPaths(root: string, name: string): LeafPaths {
  return clientFilesIn(join(clientsFolder(root), name))
}

export function issuersFolder(root: string): string {
  return join(root, 'issuers')
}

/**
 * The files of an issuer, which renews certificates at a gateway. It has no `ca.pem`: the gateway has one.
 *
 * @param name - must be checked: it becomes a folder
 */
export function issuerPaths(root: string, name: string): LeafPaths {
  const folder = join(issuersFolder(root), name)
  return {
    folder,
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'issuer-cert.pem'),
    key: join(folder, 'issuer-key.pem'),
  }
}

/** Valid as a folder name on every system, including case-insensitive ones. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,126}[a-z0-9_-])?$/

/** Could it be the folder of one of several servers? */
export function isHostName(name: string): boolean {
  return NAME.test(name)
}

/**
 * Checks the name of one of several servers, which becomes a folder.
 *
 * @param name - up to 128 lower-case letters, digits, `.`, `-` and `_`, starting with a letter, a digit or `_`
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export function parseHostName(name: string): string {
  checkText(name, 'the name of a host')
  if (isHostName(name)) return name
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `reading the host name ${quoted(name)}`,
    got: 'it cannot be the name of a folder',
    todo: 'Use up to 128 lower-case letters, digits, ., - and _, starting with a letter, a digit or _.',
  })
}
