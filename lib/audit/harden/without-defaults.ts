import { isDeepStrictEqual } from 'node:util'
import type { ContainerConfig } from '../../engine/containers/types/config.ts'
import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { HostConfig } from '../../engine/containers/types/host-config.ts'
import type { ImageConfig } from '../../engine/images/types/config.ts'

/** What a new container gets without asking for it. */
export interface Defaults {
  /** Undefined if the image can't be inspected: then the request sets everything itself. */
  readonly image: ImageConfig | undefined
  /** The settings of the daemon; undefined if they can't be read. */
  readonly logDriver: string | undefined
  readonly runtime: string | undefined
  readonly onCgroup2: boolean
}

/** The part of a request that differs from what the image and the daemon decide anyway. */
export function withoutDefaults(body: ContainerCreateRequest, defaults: Defaults): ContainerCreateRequest {
  const { HostConfig, NetworkingConfig, ...config } = body
  const hostConfig = withoutDaemonDefaults(HostConfig ?? {}, defaults)
  const endpoints = Object.entries(NetworkingConfig?.EndpointsConfig ?? {})
  // The first network is that of NetworkMode.
  const told = endpoints.filter(
    ([name, endpoint]) => name !== hostConfig.NetworkMode || Object.keys(endpoint).length > 0,
  )
  return {
    ...withoutImageDefaults(config, defaults.image ?? {}),
    ...(Object.keys(hostConfig).length > 0 && { HostConfig: hostConfig }),
    ...(told.length > 0 && { NetworkingConfig: { EndpointsConfig: Object.fromEntries(told) } }),
  }
}

function withoutImageDefaults(config: ContainerConfig, image: ImageConfig): ContainerConfig {
  const { Cmd, Entrypoint, Env, Labels, ExposedPorts, Volumes, Healthcheck, ...rest } = config
  const scalars = Object.entries(rest).filter(
    ([name, value]) => name === 'Image' || !isDeepStrictEqual(value, image[name as keyof ImageConfig]),
  )
  const env = (Env ?? []).filter((entry) => !(image.Env ?? []).includes(entry))
  return {
    ...(Object.fromEntries(scalars) as ContainerConfig),
    ...programOf(Cmd, Entrypoint, image),
    ...(env.length > 0 && { Env: env }),
    ...differing('Labels', Labels, image.Labels),
    ...differing('ExposedPorts', ExposedPorts, image.ExposedPorts),
    ...differing('Volumes', Volumes, image.Volumes),
    ...(Healthcheck && !isDeepStrictEqual(Healthcheck, image.Healthcheck) && { Healthcheck }),
  }
}

/** A request with an entrypoint doesn't get the command of the image (moby, daemon/commit.go: merge). */
function programOf(
  cmd: ContainerConfig['Cmd'],
  entrypoint: ContainerConfig['Entrypoint'],
  image: ImageConfig,
): ContainerConfig {
  const [command, program] = [wordsOf(cmd), wordsOf(entrypoint)]
  const isSame = isDeepStrictEqual(program, wordsOf(image.Entrypoint))
  if (isSame && isDeepStrictEqual(command, wordsOf(image.Cmd))) return {}
  if (isSame && command.length > 0) return { Cmd: command }
  // One empty word removes the entrypoint of the image.
  const first = program.length === 0 ? [''] : program
  return { Entrypoint: first, ...(command.length > 0 && { Cmd: command }) }
}

export function wordsOf(words: readonly string[] | string | null | undefined): readonly string[] {
  return typeof words === 'string' ? [words] : (words ?? [])
}

type Map = Readonly<Record<string, unknown>> | null | undefined

/** The entries that the image doesn't have. */
function differing(name: keyof ContainerConfig, own: Map, ofImage: Map): ContainerConfig {
  const entries = Object.entries(own ?? {}).filter(([key, value]) => !isDeepStrictEqual(value, ofImage?.[key]))
  return entries.length > 0 ? { [name]: Object.fromEntries(entries) } : {}
}

const DEFAULT_SHM = 64 * 1024 ** 2

function withoutDaemonDefaults(hostConfig: HostConfig, { logDriver, runtime, onCgroup2 }: Defaults): HostConfig {
  const isDefault: Readonly<Partial<Record<keyof HostConfig, (config: HostConfig) => boolean>>> = {
    NetworkMode: ({ NetworkMode = '' }) => ['', 'default', 'bridge'].includes(NetworkMode),
    IpcMode: ({ IpcMode }) => IpcMode === 'private',
    CgroupnsMode: ({ CgroupnsMode }) => CgroupnsMode === (onCgroup2 ? 'private' : 'host'),
    ShmSize: ({ ShmSize }) => ShmSize === DEFAULT_SHM,
    Runtime: ({ Runtime }) => Runtime === (runtime ?? 'runc'),
    RestartPolicy: ({ RestartPolicy }) => ['', 'no', undefined].includes(RestartPolicy?.Name),
    LogConfig: ({ LogConfig }) =>
      LogConfig?.Type === logDriver && Object.keys(LogConfig?.Config ?? {}).length === 0 && logDriver !== undefined,
    // The list of the daemon, which grows with its version.
    MaskedPaths: ({ MaskedPaths }) => MaskedPaths?.includes('/proc/kcore') === true,
    ReadonlyPaths: ({ ReadonlyPaths }) => ReadonlyPaths?.includes('/proc/sys') === true,
  }
  const kept = Object.entries(hostConfig).filter(
    ([name, value]) => !isNothing(value, name) && isDefault[name as keyof HostConfig]?.(hostConfig) !== true,
  )
  return Object.fromEntries(kept)
}

function isNothing(value: unknown, name: string): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  if (value === 0) return name !== 'MemorySwappiness' && name !== 'Umask'
  const isMask = name === 'MaskedPaths' || name === 'ReadonlyPaths'
  return !isMask && typeof value === 'object' && Object.keys(value).length === 0
}
