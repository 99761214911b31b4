import { compareVersions } from '../../base/api-version.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { FilesystemChange } from '../../engine/containers/types/create.ts'
import type { ContainerInspect } from '../../engine/containers/types/inspect.ts'
import { sharedWith } from '../container/shared-namespace.ts'
import { CONTAINER } from '../snapshot/container-schema.ts'
import { NETWORK, INFO, VOLUME } from '../snapshot/daemon-schema.ts'
import { fillOmitted } from '../snapshot/omitted.ts'
import { collectionOf, read, readIfThere, type Collection } from '../snapshot/read.ts'
import { redactContainer, redactInfo, redactVolume } from '../snapshot/redact.ts'
import type { AuditedContainer, Snapshot } from '../snapshot/snapshot.ts'
import { isObject } from './create-fields.ts'
import { nothingKnown } from './inspected-form.ts'
import type { Defaults } from './without-defaults.ts'

/** What a running container uses now; 0 if that can't be seen. */
export interface Usage {
  /** Bytes. */
  readonly memory: number
  readonly processes: number
}

/** Everything that is known about a container that shall be hardened. */
export interface ContainerEvidence {
  readonly inspect: ContainerInspect
  readonly defaults: Defaults
  /** The daemon, as far as the checks of containers need it. */
  readonly daemon: Snapshot
  /** What it has written beside its mounts. */
  readonly changes: readonly FilesystemChange[]
  readonly usage: Usage
}

/** How long a container is waited for that shows its usage or its changes, in milliseconds. */
const LOOK_MS = 10_000

/**
 * Reads a container, its image, and what of the daemon its checks need. It only reads.
 *
 * @throws `NotFoundError` if there is no such container
 */
export async function collectEvidence(
  docker: DockerClient,
  container: string,
  signal: AbortSignal | undefined,
): Promise<ContainerEvidence> {
  const on = collectionOf(docker, { signal, timeout: LOOK_MS })
  const inspect = await docker.containers.inspect(container, on.limits)
  const daemon = await collectDaemon(on, inspect)
  const image = await orUndefined(on, () => docker.images.inspect(inspect.Image, on.limits))
  const info = 'value' in daemon.info ? daemon.info.value : undefined
  const changes = await orUndefined(on, () => docker.containers.changes(inspect.Id, on.limits))
  return {
    inspect,
    daemon,
    defaults: {
      image: image && (image.Config ?? {}),
      logDriver: info?.LoggingDriver,
      runtime: info?.DefaultRuntime,
      onCgroup2: info?.CgroupVersion === '2',
    },
    changes: (Array.isArray(changes) ? (changes as unknown[]) : []).filter(isChange),
    usage: await usageOf(on, inspect),
  }
}

async function collectDaemon(on: Collection, inspect: ContainerInspect): Promise<Snapshot> {
  const { docker, limits } = on
  const info = await read(INFO, on, async () => redactInfo({ ...(await docker.info(limits)) }))
  const networks = await read(NETWORK.omit({ Containers: true }).array(), on, () => docker.networks.list(limits))
  const volumes = await read(VOLUME.array(), on, async () =>
    ((await docker.volumes.list(limits)).Volumes ?? []).map((volume) => redactVolume({ ...volume })),
  )
  return {
    ...nothingKnown(),
    at: new Date().toISOString(),
    apiVersion: docker.apiVersion,
    info,
    volumes,
    networks:
      'unknown' in networks ? networks : { value: networks.value.map((one) => ({ ...one, Containers: undefined })) },
    containers: { value: await collectSharing(on, inspect) },
  }
}

/** More containers than anyone chains. */
const LONGEST_CHAIN = 10

/** The containers whose namespaces it shares: those may be of the host. */
async function collectSharing(on: Collection, inspect: ContainerInspect): Promise<AuditedContainer[]> {
  const found: AuditedContainer[] = []
  let names = sharedNames(inspect.HostConfig)
  while (names.length > 0 && found.length < LONGEST_CHAIN) {
    const [name = '', ...rest] = names
    const other = await readIfThere(CONTAINER, on, async () =>
      fillOmitted(redactContainer({ ...(await on.docker.containers.inspect(name, on.limits)) })),
    )
    if (other) found.push(auditedContainer(name, other))
    const more = other && 'value' in other ? sharedNames(other.value.HostConfig) : []
    names = [...rest, ...more].filter((one) => !found.some(({ id }) => id === one))
  }
  return found
}

function sharedNames(hostConfig: unknown): string[] {
  const fields = isObject(hostConfig) ? hostConfig : {}
  const modes = ['NetworkMode', 'PidMode', 'IpcMode', 'UTSMode'].map((name) => sharedWith(textOf(fields[name])))
  return [...new Set(modes.filter((name) => name !== undefined))]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function auditedContainer(id: string, inspect: AuditedContainer['inspect']): AuditedContainer {
  const unseen = { unknown: 'it is another container' }
  return { id, name: id, inspect, execs: unseen, commands: unseen, listedImage: undefined }
}

/** The newest numbers of a running container. cgroup v1 counts the page cache, too. */
async function usageOf(on: Collection, { Id, State }: ContainerInspect): Promise<Usage> {
  const none = { memory: 0, processes: 0 }
  if (!isObject(State) || !State.Running) return none
  const call = { ...on.limits, ...(supportsOneShot(on) && { oneShot: true }) }
  const stats = await orUndefined(on, () => on.docker.containers.statsOnce(Id, call))
  const { usage, stats: parts } = stats?.memory_stats ?? {}
  const cache = parts?.['inactive_file'] ?? parts?.['total_inactive_file'] ?? 0
  const memory = countOf(usage) - countOf(cache)
  return { memory: Math.max(memory, 0), processes: countOf(stats?.pids_stats?.current) }
}

/** Since API 1.41. */
function supportsOneShot({ docker }: Collection): boolean {
  return compareVersions(docker.apiVersion, '1.41') >= 0
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

async function orUndefined<Value>(
  { limits: { signal } }: Collection,
  call: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await call()
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

function isChange(value: unknown): value is FilesystemChange {
  return isObject(value) && typeof value['Path'] === 'string' && value['Path'].startsWith('/')
}
