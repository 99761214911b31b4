import { lookup } from 'node:dns/promises'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate } from '../identity/certificate.ts'
import { serverPaths } from '../keystore/layout.ts'
import { parseServerName, parseServerNames, type ServerName } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** By what a host is reached. */
export interface HostNames {
  /** The one that the context and the proof take. */
  readonly reach: ServerName
  /** All that its certificate shall have. */
  readonly all: readonly string[]
}

/** What is known of the ways to a host. */
export interface Ways {
  /** As ssh has it behind its aliases. */
  readonly hostname: string
  /** The address to which ssh has connected, as the host says itself. */
  readonly address: string | undefined
  /** Those that were asked for. */
  readonly asked: readonly string[]
}

/**
 * Puts together by what a host is reached: what was asked for, what ssh connects to, and what its certificate has
 * already, so that a second run, or one by another way, makes no other. What the host says of itself counts only where it
 * is known here, too: a host that could choose its names would choose those of another one.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export async function hostNames(root: string, folder: string, { hostname, address, asked }: Ways): Promise<HostNames> {
  const known = address !== undefined && (await addressesOf(hostname)).includes(address)
  const wanted = [...asked, hostname, ...(known ? [address] : [])]
  const there = await namesThere(serverPaths(root, folder).cert)
  const all = parseServerNames([...wanted, ...there])
  // A wildcard stands for names, and is none to connect to.
  const first = wanted.find((name) => !name.startsWith('*')) ?? hostname
  return { reach: parseServerName(first), all: all.map(({ value }) => value) }
}

/** Not those with a zone, which mean something to one machine alone. */
async function addressesOf(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true }).catch(() => [])
  return found.map(({ address }) => address).filter((address) => !address.includes('%'))
}

async function namesThere(path: string): Promise<string[]> {
  const pem = await readIfThere(path)
  if (pem === undefined) return []
  try {
    const { dns, ip } = readCertificate(openCertificate(pem, path), path).names
    return [...dns, ...ip]
  } catch (error) {
    // What is damaged is made anew.
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/**
 * Is there an address for it here? ssh may know a way that nobody else knows.
 *
 * @throws {@link ConnectionError} ERR_NAME_NOT_RESOLVED
 */
export async function requireAddress({ kind, value }: ServerName, endpoint: SshEndpoint): Promise<void> {
  if (kind === 'ip') return
  try {
    await lookup(value)
  } catch (cause) {
    throw new ConnectionError('ERR_NAME_NOT_RESOLVED', {
      tried: `looking for the address of ${value}`,
      got: 'this machine knows none, whichever way ssh takes',
      todo: `Name what the daemon is reached by from here:  docker-mtls setup ${formatEndpoint(endpoint)} --name NAME_OR_ADDRESS`,
      cause,
    })
  }
}
