import { lookup } from 'node:dns/promises'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { openCertificate, readCertificate } from '../identity/certificate.ts'
import { serverPaths } from '../keystore/layout.ts'
import { parseServerName, parseServerNames, type ServerName } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** The names of a host. */
export interface HostNames {
  /** The name for the context and the verification. */
  readonly reach: ServerName
  /** All names for its certificate. */
  readonly all: readonly string[]
}

/** Where the names of a host come from. */
export interface Ways {
  /** The HostName of ssh, behind its aliases. */
  readonly hostname: string
  /** The address that ssh has connected to, as the host reports it. */
  readonly address: string | undefined
  /** The requested names. */
  readonly asked: readonly string[]
}

/**
 * Collects the names of a host: the requested names, the one that ssh connects to, and those in its certificate, so that a
 * second run, or one by another name, needs no new certificate. An address that the host reports counts only if it is known
 * here too: a host that could choose its names could choose those of another host.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export async function hostNames(root: string, folder: string, { hostname, address, asked }: Ways): Promise<HostNames> {
  const known = address !== undefined && (await addressesOf(hostname)).includes(address)
  const wanted = [...asked, hostname, ...(known ? [address] : [])]
  const there = await namesThere(serverPaths(root, folder).cert)
  const all = parseServerNames([...wanted, ...there])
  // A wildcard can't be connected to.
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
    // A damaged certificate is issued again.
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/**
 * Checks that this machine can resolve the name. ssh may use an alias that only it knows.
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
      got: 'this machine can not resolve that name, although ssh can connect',
      todo: sentence`Give a name or an address by which clients reach the daemon:  ${ours('setup', formatEndpoint(endpoint), '--name', 'NAME_OR_ADDRESS')}`,
      cause,
    })
  }
}
