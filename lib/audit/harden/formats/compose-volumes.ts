import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { Mount } from '../../../engine/types/mounts.ts'
import { withoutNothing, type ComposeMap } from './compose-value.ts'

/** The keys of mounts. */
export function composeVolumes({ HostConfig = {}, Volumes }: ContainerCreateRequest): ComposeMap {
  const { Binds, Mounts, Tmpfs, VolumesFrom, ReadonlyRootfs, StorageOpt } = HostConfig
  return withoutNothing({
    read_only: ReadonlyRootfs,
    tmpfs: Object.entries(Tmpfs ?? {}).map(([path, options]) => (options === '' ? path : `${path}:${options}`)),
    volumes: [
      ...(Binds ?? []).map(mountOfBind),
      ...(Mounts ?? []).map(composeMount),
      ...Object.keys(Volumes ?? {}).map((target): ComposeMap => ({ type: 'volume', target })),
    ],
    volumes_from: (VolumesFrom ?? []).map((from) => `container:${from}`),
    storage_opt: StorageOpt,
  })
}

/** As dockerd reads it: `SOURCE:TARGET[:OPTIONS]`. */
function mountOfBind(bind: string): ComposeMap {
  const [source = '', target = '', options = ''] = bind.split(':')
  const words = options.split(',')
  const isPath = source.startsWith('/')
  const propagation = words.find((word) => /^r?(?:shared|slave|private)$/.test(word))
  const selinux = words.find((word) => word.toLowerCase() === 'z')
  return withoutNothing({
    type: isPath ? 'bind' : 'volume',
    source,
    target,
    read_only: words.some((word) => word === 'ro' || word === 'rro'),
    // `Binds` makes a folder that isn't there.
    ...(isPath && { bind: withoutNothing({ create_host_path: true, propagation, selinux }) }),
    ...(!isPath && { volume: withoutNothing({ nocopy: words.includes('nocopy') }) }),
  })
}

function composeMount({ Type, Source, Target, ReadOnly, ...options }: Mount): ComposeMap {
  const { BindOptions, VolumeOptions, TmpfsOptions, ImageOptions } = options
  return withoutNothing({
    type: Type,
    source: Source,
    target: Target,
    read_only: ReadOnly,
    ...(Type === 'bind' && {
      bind: withoutNothing({
        create_host_path: BindOptions?.CreateMountpoint,
        propagation: BindOptions?.Propagation,
      }),
    }),
    ...(Type === 'volume' && {
      volume: withoutNothing({ nocopy: VolumeOptions?.NoCopy, subpath: VolumeOptions?.Subpath }),
    }),
    ...(Type === 'image' && { image: withoutNothing({ subpath: ImageOptions?.Subpath }) }),
    ...(Type === 'tmpfs' && {
      tmpfs: withoutNothing({ size: TmpfsOptions?.SizeBytes, mode: TmpfsOptions?.Mode }),
    }),
  })
}
