import { lookup } from 'node:dns/promises'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { mappedIpv4 } from '../base/host-mapping.ts'
import { command, sentence } from '../base/sentence.ts'
import { openCertificate, readCertificate } from '../identity/certificate.ts'
import { serverPaths } from '../keystore/layout.ts'
import { parseServerName, parseServerNames, type ServerName } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** The names of a host. */
export interface HostNames {
  /** The name by which clients connect, for the context and the verification. */
  readonly reach: ServerName
  /** All names for its certificate. */
  readonly all: readonly string[]
}

/** The sources of a host's names. */
export interface NameSources {
  /** The HostName in ssh's configuration, or the name in the URL. */
  readonly hostname: string
  /** The address to which ssh connected, as the host reports it. */
  readonly address: string | undefined
  /** The requested names. */
  readonly requested: readonly string[]
}

/**
 * Collects the names of a host: the requested names, the name to which ssh connects, and the names in its certificate. With
 * the latter, a second run needs no new certificate, even if it uses another name. An address that the host reports is used
 * only if this machine resolves the host's name to it. Otherwise a host could get a certificate for another host's address.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export async function hostNames(
  root: string,
  folder: string,
  { hostname, address, requested }: NameSources,
): Promise<HostNames> {
  const isKnown = address !== undefined && (await addressesOf(hostname)).includes(address)
  const wanted = [...requested, hostname, ...(isKnown ? [address] : [])]
  const existing = await certificateNames(serverPaths(root, folder).cert)
  const all = parseServerNames([...wanted, ...existing])
  // Clients can't connect to a wildcard.
  const first = wanted.find((name) => !name.startsWith('*')) ?? hostname
  return { reach: parseServerName(first), all: all.map(({ value }) => value) }
}

/** Resolves a name, without the addresses that have a zone: a zone is valid on only one machine. */
async function addressesOf(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true }).catch(() => [])
  return found.map(({ address }) => address).filter((address) => !address.includes('%'))
}

async function certificateNames(path: string): Promise<string[]> {
  const pem = await readIfThere(path)
  if (pem === undefined) return []
  try {
    const { dns, ip } = readCertificate(openCertificate(pem, path), path).names
    return [...dns, ...ip.map((address) => mappedIpv4(address) ?? address)]
  } catch (error) {
    // A damaged certificate is issued again.
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/**
 * Checks that this machine can resolve the name. It may be an alias that only ssh knows.
 *
 * @throws {@link ConnectionError} ERR_NAME_NOT_RESOLVED
 */
export async function requireResolvable({ kind, value }: ServerName): Promise<void> {
  if (kind === 'ip') return
  try {
    await lookup(value)
  } catch (cause) {
    throw new ConnectionError('ERR_NAME_NOT_RESOLVED', {
      tried: `resolving ${value}`,
      got: "this machine can't resolve that name, although ssh can connect",
      todo: sentence`Give a name or an address by which clients reach the daemon:  ${command('--name', 'NAME_OR_ADDRESS')}`,
      cause,
    })
  }
}
