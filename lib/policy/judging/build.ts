import type { ReadRequest } from '../request.ts'
import { fromBaseline, type Finding, type Judged } from './finding.ts'
import { judgeNetworkName } from './namespaces.ts'

/** The query of images.build: what its steps could do. */
export function* judgeBuild({ query }: ReadRequest): Iterable<Judged> {
  const [network = ''] = query.get('networkmode') ?? []
  if (network.startsWith('container:')) {
    yield { kind: 'container', name: network.slice('container:'.length), where: 'networkmode' }
  } else if (!isOwnNetwork(network)) {
    if (network === 'host') yield hostNetwork('networkmode')
    else yield { kind: 'network', name: network, where: 'networkmode' }
  } else yield* ownNetwork(network, 'networkmode')
  for (const name of query.get('t') ?? []) yield { kind: 'image', name, where: 't' }
  yield* judgeRemotes(query.get('remote') ?? [])
  // What these write, and where, is judged only in calls to BuildKit.
  if ((query.get('outputs') ?? []).some((value) => !PLAIN_OUTPUTS.test(value)))
    yield fromBaseline('BUILD_OPTION', 'outputs', "what it does isn't judged")
  for (const [name, harmless] of CONFINING) {
    if ((query.get(name) ?? []).some((value) => !harmless.includes(value))) yield changesConfinement(name)
  }
}

/** Parameters that change how steps are confined, and values with which they don't. */
const CONFINING: readonly (readonly [name: string, harmless: readonly string[]])[] = [
  ['cgroupparent', ['']],
  ['securityopt', ['', '[]', 'null']],
  ['isolation', ['', 'default']],
  ['ulimits', ['', '[]', 'null']],
]

/**
 * dockerd fetches a repository by git, which runs as root on its host: ssh takes the keys in the home of root, whatever HOME is. ssh
 * is used for a remote that names it, and for submodules of a repository that comes over HTTPS (moby: builder/remotecontext).
 */
function* judgeRemotes(remotes: readonly string[]): Iterable<Judged> {
  for (const remote of remotes) {
    if (remote === '' || remote === 'client-session') continue
    // BuildKit looks at the decoded path.
    const isGit = [remote, decodeBytes(remote)].some((one) => GIT_OVER_HTTP.test(one))
    if (isGit || !/^https?:\/\//.test(remote))
      yield fromBaseline('BUILD_OPTION', 'remote', 'git could use SSH keys of the host to fetch it, or its submodules')
  }
}

const decodeBytes = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))

/** All that moby (builder/remotecontext/urlutil), or BuildKit, takes for a repository. */
const GIT_OVER_HTTP = /.git(?:[?#].*)?$/is

/** None, or one without attributes, which could name images and registries. */
const PLAIN_OUTPUTS =
  /^(?:|null|\[\]|\[\{"Type":"(?:moby|local|tar|oci|docker|image|cacheonly)"(?:,"Attrs":(?:null|\{\}))?\}\])$/

/** The steps have a network of their own, or none. */
export const isOwnNetwork = (mode: string): boolean => ['', 'default', 'bridge', 'none'].includes(mode)

/** Except for `none`, that is a network on the default bridge. */
export const ownNetwork = (mode: string, where: string): Iterable<Judged> =>
  judgeNetworkName(mode === 'none' ? mode : '', where)

export const hostNetwork = (where: string): Finding => fromBaseline('HOST_NAMESPACE', where, 'it is host')

export const changesConfinement = (where: string): Finding =>
  fromBaseline('BUILD_OPTION', where, 'it changes how the steps of the build are confined')
