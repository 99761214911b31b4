import { z } from 'zod'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { DockerClient } from '../../engine/client.ts'
import { collectInfo, withoutHidden } from './collect-gateway.ts'
import { collectTls } from './collect-tls.ts'
import { collectImages, collectRunningImages } from './collect-images.ts'
import { collectSwarm } from './collect-swarm.ts'
import { CONTAINER, EXEC } from './container-schema.ts'
import { NETWORK, VERSION, VOLUME, type NetworkFacts } from './daemon-schema.ts'
import { PLUGIN } from './plugin-schema.ts'
import { collectionOf, read, readIfThere, type Collection } from './read.ts'
import { text } from './fields.ts'
import { collectHost, type HostFiles } from './host/collect-host.ts'
import { fillOmitted } from './omitted.ts'
import { redactContainer, redactVolume } from './redact.ts'
import { SNAPSHOT_FORMAT, type AuditedContainer, type Snapshot } from './snapshot.ts'

const LISTED_NETWORK = NETWORK.omit({ Containers: true }).extend({ Id: z.string() })
/** For one request, in milliseconds. */
const REQUEST_MS = 10_000

/** How to collect a snapshot. */
export interface CollectOptions {
  /** Aborts the collection. */
  readonly signal?: AbortSignal | undefined
  /**
   * The longest time for one request, in milliseconds. A part that isn't answered in time is `unknown`.
   *
   * @defaultValue 10000
   */
  readonly requestTimeout?: number | undefined
  /**
   * Which host's files are read. `local`: those of this machine, on which the daemon must run; only root can read all of
   * them. `remote`: those of the host of an `ssh://` endpoint, through one more login. `none`: none.
   *
   * @defaultValue `remote`
   */
  readonly hostFiles?: HostFiles | undefined
}

/** The fields of `GET /containers/json` that the collector needs. */
const LISTED = z.object({ Id: z.string(), Image: text })
const TOP = z.object({ Titles: z.array(z.string()), Processes: z.array(z.array(z.string())) })

/**
 * Reads all data that the checks need. It only reads, with at most 16 requests at once. A part that can't be read is
 * `unknown` with its reason; the others are still read.
 *
 * @throws the reason of the signal
 */
export async function collectSnapshot(docker: DockerClient, options: CollectOptions = {}): Promise<Snapshot> {
  const { signal, requestTimeout = REQUEST_MS } = options
  const on = collectionOf(docker, { signal, timeout: requestTimeout })
  const { endpoint, apiVersion } = docker
  const [version, daemon, workloads, networks, volumes, plugins, images, tls] = await Promise.all([
    read(VERSION, on, () => docker.version(on.limits)),
    collectDaemon(on, options),
    collectWorkloads(on),
    collectNetworks(on),
    read(z.array(VOLUME), on, async () =>
      ((await docker.volumes.list(on.limits)).Volumes ?? []).map((volume) => redactVolume({ ...volume })),
    ),
    read(z.array(PLUGIN), on, () => docker.plugins.list(on.limits)),
    collectImages(on),
    collectTls(docker, options),
  ])
  const target = formatEndpoint(endpoint)
  const at = new Date().toISOString()
  const header = { format: SNAPSHOT_FORMAT, at, target, apiVersion } as const
  return withoutHidden({ ...header, version, ...daemon, ...workloads, networks, volumes, plugins, images, tls })
}

/** What the daemon says about itself, with its swarm and its host. */
async function collectDaemon(
  on: Collection,
  options: CollectOptions,
): Promise<Pick<Snapshot, 'info' | 'infoAt' | 'gateway' | 'swarm' | 'nodes' | 'services' | 'configs' | 'host'>> {
  const told = await collectInfo(on)
  const [swarm, host] = await Promise.all([collectSwarm(on, told.info), collectHost(on.docker, told.info, options)])
  return { ...told, ...swarm, host }
}

async function collectWorkloads(on: Collection): Promise<Pick<Snapshot, 'containers' | 'runningImages'>> {
  const containers = await collectContainers(on)
  return { containers, runningImages: await collectRunningImages(on, containers) }
}

async function collectContainers(on: Collection): Promise<Snapshot['containers']> {
  const listed = await read(z.array(LISTED), on, () => on.docker.containers.list({ all: true, ...on.limits }))
  if ('unknown' in listed) return listed
  const found = await Promise.all(listed.value.map((one) => collectContainer(on, one)))
  const missing = listed.value.filter((_, index) => found[index] === undefined)
  const hidden = missing.length === 0 ? [] : await findHidden(on, missing)
  return { value: [...found.filter((one) => one !== undefined), ...hidden] }
}

/** Of containers that are not there, those that are still listed: something between us and the daemon hides them. */
async function findHidden(on: Collection, missing: readonly z.infer<typeof LISTED>[]): Promise<AuditedContainer[]> {
  const again = await read(z.array(LISTED), on, () => on.docker.containers.list({ all: true, ...on.limits }))
  const ids = 'value' in again ? new Set(again.value.map(({ Id }) => Id)) : undefined
  const unseen = { unknown: 'the daemon lists it, but does not show it' }
  return missing
    .filter(({ Id }) => ids?.has(Id) !== false)
    .map(({ Id: id, Image: listedImage }) => ({
      id,
      name: id,
      inspect: unseen,
      execs: unseen,
      commands: unseen,
      listedImage,
    }))
}

/** Undefined if the container was removed meanwhile. */
async function collectContainer(
  on: Collection,
  { Id: id, Image: listedImage }: z.infer<typeof LISTED>,
): Promise<AuditedContainer | undefined> {
  const inspect = await readIfThere(CONTAINER, on, async () =>
    fillOmitted(redactContainer({ ...(await on.docker.containers.inspect(id, on.limits)) })),
  )
  if (!inspect) return undefined
  const { Name, ExecIDs, State } = 'value' in inspect ? inspect.value : {}
  const name = (Name ?? id).replace(/^\//, '')
  const [execs, commands] = await Promise.all([collectExecs(on, ExecIDs), collectCommands(on, id, State?.Running)])
  return { id, name, inspect, execs, commands, listedImage }
}

/** Asks ps(1) for names alone: the arguments of a process may be secrets, and are not even sent. */
async function collectCommands(
  on: Collection,
  id: string,
  isRunning: boolean | undefined,
): Promise<AuditedContainer['commands']> {
  if (isRunning === undefined) return { unknown: 'the daemon did not report State.Running' }
  if (!isRunning) return { value: [] }
  const top = await read(TOP, on, () => on.docker.containers.top(id, { ps_args: '-o pid,comm', ...on.limits }))
  if ('unknown' in top) return top
  const column = top.value.Titles.indexOf('COMMAND')
  if (column < 0) return { unknown: 'the ps command of the host did not list the names of processes' }
  return { value: [...new Set(top.value.Processes.flatMap((words) => words[column] ?? []))] }
}

async function collectExecs(on: Collection, ids: readonly string[] | undefined): Promise<AuditedContainer['execs']> {
  if (!ids) return { unknown: 'the daemon did not report ExecIDs' }
  const execs: z.infer<typeof EXEC>[] = []
  for (const id of ids) {
    const exec = await readIfThere(EXEC, on, () => on.docker.exec.inspect(id, on.limits))
    if (exec && 'unknown' in exec) return exec
    if (exec) execs.push(exec.value)
  }
  return { value: execs }
}

async function collectNetworks(on: Collection): Promise<Snapshot['networks']> {
  // The list never says which containers are in a network.
  const listed = await read(z.array(LISTED_NETWORK), on, () => on.docker.networks.list(on.limits))
  if ('unknown' in listed) return listed
  return { value: await Promise.all(listed.value.map((network) => collectNetwork(on, network))) }
}

/** What the list says about it, if it can't be read or was removed meanwhile. */
async function collectNetwork(on: Collection, listed: z.infer<typeof LISTED_NETWORK>): Promise<NetworkFacts> {
  const network = await read(NETWORK, on, () => on.docker.networks.inspect(listed.Id, on.limits))
  return 'value' in network ? network.value : { ...listed, Containers: undefined }
}
