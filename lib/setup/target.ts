import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { parseHost } from '../endpoint/host.ts'
import { showHost } from '../endpoint/text.ts'
import { ArgumentError, EndpointError } from '../base/errors.ts'
import { parseHostName } from '../keystore/layout.ts'

/** A host that is to be set up, as it was named. */
export interface SetupTarget {
  /** As it is in its URL: what steps and results are about. */
  readonly host: string
  /** Its folder below `hosts`. */
  readonly folder: string
  readonly endpoint: SshEndpoint
}

/**
 * Reads the hosts.
 *
 * @param urls - each `ssh://USER@HOST:PORT`
 * @throws {@link EndpointError} ERR_HOST_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, where one is named twice
 */
export function readTargets(urls: readonly string[]): SetupTarget[] {
  const targets = urls.map(readTarget)
  for (const [index, { folder, host }] of targets.entries()) {
    if (targets.findIndex((other) => other.folder === folder) !== index) throw namedTwice(host)
  }
  return targets
}

export function namedTwice(host: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `setting up ${host}`,
    got: 'it is named twice',
    todo: 'Name each host once.',
  })
}

function readTarget(url: string): SetupTarget {
  if (!/^ssh:\/\//i.test(url.trim())) throw noSsh(url)
  const endpoint = parseHost(url, { source: 'setup' })
  if (endpoint.kind !== 'ssh') throw noSsh(url)
  const { socketPath, host, ...rest } = endpoint
  if (socketPath !== undefined) {
    throw new EndpointError('ERR_HOST_INVALID', {
      tried: `setting up ${formatEndpoint(endpoint)}`,
      got: `there is a path behind the host, ${socketPath}`,
      todo: `Leave it out:  ${formatEndpoint({ ...rest, host })}`,
    })
  }
  return { host, folder: parseHostName(folderOf(host)), endpoint: { ...rest, host } }
}

/** An IPv6 address has characters that no folder has everywhere. */
function folderOf(host: string): string {
  return host
    .toLowerCase()
    .replaceAll(/[:%]/g, '-')
    .replace(/^-+|[.-]+$/g, '')
}

/** `root@build01:2222`, and the address of a daemon, of which the port is not that of ssh. */
const BARE = /^(?<scheme>(?:tcp|https):\/\/)?(?<login>[A-Za-z0-9_][\w.-]*@)?(?<host>[A-Za-z0-9_][\w.-]*)(?<port>:\d+)?$/

function noSsh(url: string): EndpointError {
  const { scheme, login = 'root@', host, port = '' } = BARE.exec(url)?.groups ?? {}
  const meant = host === undefined ? 'root@HOST' : `${login}${host}${scheme === undefined ? port : ''}`
  return new EndpointError('ERR_HOST_INVALID', {
    tried: 'setting up a host',
    got: host === undefined ? `${showHost(url)} is no ssh:// host` : `${url} does not begin with ssh://`,
    todo: `It is reached by ssh:  docker-mtls setup ssh://${meant}`,
  })
}
