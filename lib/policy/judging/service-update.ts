import { parseReference } from '../../registry/reference.ts'
import { renderJson } from '../json.ts'
import type { Json, JsonObject, ReadRequest } from '../request.ts'
import { fromBaseline, type Judged } from './finding.ts'
import { labelsIn } from './labels.ts'
import { judgeService, judgeServiceOf } from './service.ts'
import { isEmpty, objectOf, textOf } from './values.ts'

/**
 * services.update: its body, and the service as it is. Its settings come back when the update fails and goes back by itself, or by a
 * later rollback.
 */
export function* judgeServiceUpdate(read: ReadRequest): Iterable<Judged> {
  yield* judgeServiceOf(read)
  const [name = ''] = Object.values(read.parameters)
  yield { kind: 'service', name, where: 'the path', judge: (inspect) => judgeChange(read, objectOf(inspect)) }
}

/** Does services.update bring back the service before? */
export function isRollback({ query }: ReadRequest): boolean {
  return !['', 'none'].includes(query.get('rollback')?.[0] ?? '')
}

function* judgeChange(read: ReadRequest, service: JsonObject): Iterable<Judged> {
  const { query, body, hasRegistryAuth } = read
  const first = (name: string): string => query.get(name)?.[0] ?? ''
  const { Spec, PreviousSpec, Version } = service
  if (isEmpty(Spec)) {
    yield fromBaseline('TARGET_UNKNOWN', '', 'the daemon does not say how the service was created')
    return
  }
  // dockerd refuses another version than the current one, so that nothing changes in between.
  if (first('version') !== renderJson(objectOf(Version)['Index'] ?? null)) {
    yield fromBaseline('TARGET_UNKNOWN', 'version', 'update out of sequence: the service has another version')
  }
  for (const judged of judgeService(Spec ?? null)) {
    // Its image is no news, and its networks are named by ids.
    if (judged.kind === 'network') yield { ...judged, isThere: true }
    else if (judged.kind !== 'image') yield judged
  }
  if (isRollback(read)) {
    yield* judgeService(PreviousSpec ?? null)
    yield* labelsIn(PreviousSpec)
  }
  // For old versions of its API, dockerd asks the registry of the image in the body, also before a rollback, which ignores the body.
  if (!hasRegistryAuth) {
    yield* judgeLogin(body, first('registryAuthFrom') === 'previous-spec' ? PreviousSpec : Spec)
  }
}

/** Without credentials in the request, nodes pull the new image with those of the old one, wherever it comes from. */
function* judgeLogin(body: Json | undefined, source: Json | undefined): Iterable<Judged> {
  const [wanted, kept] = [imageOf(body), imageOf(source)]
  if (repositoryOf(wanted) === repositoryOf(kept)) return
  const got = `the registry login that the swarm keeps for ${kept} would be used for ${wanted}. Send your own, with --with-registry-auth, which dockerd shows to a gateway and not to its plugin`
  yield fromBaseline('REGISTRY_LOGIN', 'TaskTemplate.ContainerSpec.Image', got)
}

const imageOf = (spec: Json | undefined): string =>
  textOf(objectOf(objectOf(objectOf(spec)['TaskTemplate'])['ContainerSpec'])['Image'])

function repositoryOf(image: string): string {
  try {
    return parseReference(image).name
  } catch {
    return image
  }
}
