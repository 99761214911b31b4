import type { ReadRequest } from '../request.ts'
import { judgeBuild } from './build.ts'
import { judgeCommit, judgeContainer, judgeExec, judgeUpdate } from './container.ts'
import { fromBaseline, type Judged } from './finding.ts'
import { judgeConnection, judgeNetwork } from './network.ts'
import { isHarmlessPs } from './ps.ts'
import { judgeSecret } from './secret.ts'
import { judgeServiceUpdate } from './service-update.ts'
import { inVersion } from './version.ts'
import { judgeServiceOf } from './service.ts'
import { judgeVolume } from './volume.ts'

type JudgeRequest = (read: ReadRequest) => Iterable<Judged>

const first = ({ query }: ReadRequest, name: string): string => query.get(name)?.[0] ?? ''

/** The image that a query parameter or the path names. */
function* image(name: string, where: string): Iterable<Judged> {
  if (name !== '') yield { kind: 'image', name, where }
}

/** `fromImage` and `tag`, which may be a digest. */
function pulled(read: ReadRequest): string {
  const [name, tag] = [first(read, 'fromImage'), first(read, 'tag')]
  if (name === '' || tag === '') return name
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
}

function tagged(read: ReadRequest): string {
  const [name, tag] = [first(read, 'repo'), first(read, 'tag')]
  return name === '' || tag === '' ? name : `${name}:${tag}`
}

/** Operations whose bodies or queries decide what they give. All others give what their level says. */
const JUDGES: Readonly<Record<string, JudgeRequest>> = {
  'configs.create': judgeSecret,
  'configs.update': judgeSecret,
  'containers.create': ({ body, version }) => inVersion(version, judgeContainer(body ?? null)),
  'containers.start': function* (read) {
    if (first(read, 'checkpoint') !== '') {
      yield fromBaseline('RUNTIME', 'checkpoint', 'dockerd restores processes from files of the host')
    }
  },
  'containers.top': function* (read) {
    if (!isHarmlessPs(first(read, 'ps_args'))) {
      yield fromBaseline('RUNTIME', 'ps_args', 'ps could show processes of the host')
    }
  },
  'containers.update': ({ body }) => judgeUpdate(body ?? null),
  'exec.create': ({ body }) => judgeExec(body ?? null),
  'images.build': judgeBuild,
  'images.commit': function* (read) {
    yield { kind: 'container', name: first(read, 'container'), where: 'container' }
    yield* judgeCommit(read.body ?? null)
    yield* image(tagged(read), 'repo')
  },
  'images.import': (read) => image(tagged(read), 'repo'),
  'images.pull': (read) => image(pulled(read), 'fromImage'),
  'images.push': ({ parameters }) => image(parameters['name'] ?? '', 'the path'),
  'images.remove': ({ parameters }) => image(parameters['name'] ?? '', 'the path'),
  'images.tag': function* (read) {
    yield* image(read.parameters['name'] ?? '', 'the path')
    yield* image(tagged(read), 'repo')
  },
  'networks.connect': function* ({ parameters, body }) {
    yield { kind: 'network', name: parameters['id'] ?? '', where: 'the path' }
    yield* judgeConnection(body ?? null)
  },
  'networks.disconnect': function* ({ parameters }) {
    yield { kind: 'network', name: parameters['id'] ?? '', where: 'the path' }
  },
  'networks.create': ({ body }) => judgeNetwork(body ?? null),
  'secrets.create': judgeSecret,
  'secrets.update': judgeSecret,
  'services.create': judgeServiceOf,
  'services.update': judgeServiceUpdate,
  'volumes.create': ({ body }) => judgeVolume(body ?? null),
}

/** What a request would give, and what of the daemon it names in its body or its query. */
export const judgeRequest = (read: ReadRequest): Iterable<Judged> => JUDGES[read.operation.name]?.(read) ?? []
