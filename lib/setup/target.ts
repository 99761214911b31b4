import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { parseHost } from '../endpoint/host.ts'
import { showHost } from '../endpoint/text.ts'
import { ArgumentError, EndpointError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { parseHostName } from '../keystore/layout.ts'

/** A host to set up. */
export interface SetupTarget {
  /** The host of its URL. Steps and results are labelled with it. */
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
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, if one is given twice
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
    got: 'the host is given twice',
    todo: 'Give each host once.',
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
      got: `the URL has a path, ${socketPath}`,
      todo: `Remove the path: ${formatEndpoint({ ...rest, host })}.`,
    })
  }
  return { host, folder: parseHostName(folderOf(host)), endpoint: { ...rest, host } }
}

/** An IPv6 address has characters that not every file system allows. */
function folderOf(host: string): string {
  return host
    .toLowerCase()
    .replaceAll(/[:%]/g, '-')
    .replace(/^-+|[.-]+$/g, '')
}

/** `root@build01:2222`, or the URL of a daemon, whose port isn't that of ssh. */
const BARE = /^(?<scheme>(?:tcp|https):\/\/)?(?<login>[A-Za-z0-9_][\w.-]*@)?(?<host>[A-Za-z0-9_][\w.-]*)(?<port>:\d+)?$/

function noSsh(url: string): EndpointError {
  const { scheme, login = 'root@', host, port = '' } = BARE.exec(url)?.groups ?? {}
  const meant = host === undefined ? 'root@HOST' : `${login}${host}${scheme === undefined ? port : ''}`
  return new EndpointError('ERR_HOST_INVALID', {
    tried: 'setting up a host',
    got: host === undefined ? `${showHost(url)} is not an ssh:// URL` : `${url} does not begin with ssh://`,
    todo: sentence`Give the host as an ssh:// URL:  ${ours('setup', `ssh://${meant}`)}`,
  })
}
