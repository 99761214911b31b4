import { NotFoundError } from '../../../base/errors.ts'
import type { RequestOptions } from '../../request-options.ts'
import type { Volume, VolumeCreateRequest } from '../../volumes/types/volumes.ts'
import { changing, ensuring, ifFound } from './call.ts'
import { differences, refuseDifferent } from './differences.ts'
import { requireName } from './networks.ts'
import type { Ensured } from './result.ts'

/** The calls of volumes that it needs. */
interface VolumeCalls {
  inspect(name: string, options: RequestOptions): Promise<Volume>
  create(volume: VolumeCreateRequest, options: RequestOptions): Promise<Volume>
}

/** Implements {@link Volumes.ensure}. */
export function ensureVolume(
  volumes: VolumeCalls,
  volume: VolumeCreateRequest & { readonly Name: string },
  options: RequestOptions,
): Promise<Ensured> {
  requireName(volume, 'volumes.ensure()')
  return ensuring('volumes.ensure()', options, async (step) => {
    const found = await ifFound(volumes.inspect(volume.Name, step))
    // The daemon returns a volume that somebody else has created meanwhile.
    check(volume, found ?? (await volumes.create(volume, step)))
    return { changed: found === undefined }
  })
}

function check(volume: VolumeCreateRequest & { readonly Name: string }, found: Volume): void {
  const { Driver, DriverOpts, Labels } = volume
  refuseDifferent('volume', volume.Name, differences({ Driver, Options: DriverOpts, Labels }, found), {
    path: '/volumes/create',
    todo: "Request the settings that it has. docker.volumes.ensureRemoved() removes it with its data, if you don't need them.",
  })
}

/** Implements {@link Volumes.ensureRemoved}. */
export function ensureVolumeRemoved(
  volumes: { remove(name: string, options: RequestOptions): Promise<void> },
  name: string,
  options: RequestOptions,
): Promise<Ensured> {
  return ensuring('volumes.ensureRemoved()', options, (step) => changing(volumes.remove(name, step), NotFoundError))
}
