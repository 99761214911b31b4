import type { ReadRequest } from '../request.ts'
import { fromBaseline, type Judged } from './finding.ts'

/** The query of images.build: what its steps could do. Entitlements are in /grpc, which only `privileged` may open. */
export function* judgeBuild({ query }: ReadRequest): Iterable<Judged> {
  const [network = ''] = query.get('networkmode') ?? []
  if (network === 'host') yield fromBaseline('HOST_NAMESPACE', 'networkmode', 'it is host')
  else if (network.startsWith('container:')) {
    yield { kind: 'container', name: network.slice('container:'.length), where: 'networkmode' }
  } else if (!['', 'default', 'bridge', 'none'].includes(network)) {
    yield { kind: 'network', name: network, where: 'networkmode' }
  }
  for (const name of ['cgroupparent', 'securityopt', 'isolation', 'ulimits']) {
    if ((query.get(name) ?? []).some((value) => !['', '[]', 'null', 'default'].includes(value))) {
      yield fromBaseline('BUILD_OPTION', name, 'it changes how the steps of the build are confined')
    }
  }
}
