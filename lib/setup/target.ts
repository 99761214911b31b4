import { withoutEnd } from '../base/text.ts'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { parseHost } from '../endpoint/host.ts'
import { showHost } from '../endpoint/text.ts'
import { ArgumentError, EndpointError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { parseHostName } from '../keystore/layout.ts'

/** A host to set up. */
export interface SetupTarget {
  /** The host in its URL, which labels its steps and results. */
  readonly host: string
  /** Its folder below `hosts`. */
  readonly folder: string
  readonly endpoint: SshEndpoint
}

/**
 * Parses the URLs of the hosts.
 *
 * @param urls - each `ssh://USER@HOST:PORT`
 * @throws {@link EndpointError} ERR_HOST_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, if one is given twice
 */
export function parseTargets(urls: readonly string[]): SetupTarget[] {
  const targets = urls.map(parseTarget)
  for (const [index, { folder, host }] of targets.entries()) {
    if (targets.findIndex((other) => other.folder === folder) !== index) throw givenTwice(host)
  }
  return targets
}

export function givenTwice(host: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `setting up ${host}`,
    got: 'the host is given twice',
    todo: 'Give each host once.',
  })
}

function parseTarget(url: string): SetupTarget {
  if (!/^ssh:\/\//i.test(url.trim())) throw notAnSshUrl(url)
  const endpoint = parseHost(url, { source: 'setup' })
  if (endpoint.kind !== 'ssh') throw notAnSshUrl(url)
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

/** The folder of a host. Some file systems don't allow the colons and percent signs of IPv6 addresses. */
function folderOf(host: string): string {
  return withoutEnd(host.toLowerCase().replaceAll(/[:%]/g, '-').replace(/^-+/, ''), '.-')
}

/**
 * A host without ssh://, such as `root@build01:2222`, or with a part of it, or the URL of a daemon, whose port isn't the port of
 * ssh.
 */
const BARE =
  /^(?:(?<scheme>(?:tcp|https):\/\/)|ssh(?::\/|\/+|:(?=.*@)))?(?<login>[A-Za-z0-9_][\w.-]*@)?(?<host>[A-Za-z0-9_][\w.-]*)(?<port>:\d+)?$/

function notAnSshUrl(url: string): EndpointError {
  const { scheme, login = 'root@', host, port = '' } = BARE.exec(url)?.groups ?? {}
  const meant = host === undefined ? 'root@HOST' : `${login}${host}${scheme === undefined ? port : ''}`
  return new EndpointError('ERR_HOST_INVALID', {
    tried: 'setting up a host',
    got: host === undefined ? `${showHost(url)} is not an ssh:// URL` : `${url} does not begin with ssh://`,
    todo: sentence`Give the host as an ssh:// URL:  ${ours('setup', `ssh://${meant}`)}`,
  })
}
