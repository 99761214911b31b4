/** Judged by tsc alone: what calls for the daemon, its networks, volumes and plugins take and give. */
import { createReadStream } from 'node:fs'
import type { Duplex } from 'node:stream'
import {
  loadRegistryCredentials,
  type DockerClient,
  type EventMessage,
  type NetworkCreateRequest,
  type Ping,
  type SystemInfo,
} from '../../lib/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_proof: Equal<A, B>): void => {}

/** Every field has a name: what is misspelt is no `unknown`. */
export function fields(info: SystemInfo): void {
  same<SystemInfo['NCPU'], number>(true)
  same<SystemInfo['Swarm']['LocalNodeState'], '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked'>(true)
  same<string extends keyof SystemInfo ? true : false, false>(true)
  // @ts-expect-error misspelt
  void info.Ncpu
  // @ts-expect-error an answer isn't written to
  info.NCPU = 1
}

export async function system({ system: daemon }: DockerClient): Promise<void> {
  same<Awaited<ReturnType<typeof daemon.pingHead>>, Ping>(true)
  const { Images, ImageUsage, VolumeUsage } = await daemon.df({ type: ['image', 'volume'], verbose: true })
  void Images?.[0]?.RepoTags
  void ImageUsage?.Items?.[0]?.RepoTags
  same<NonNullable<typeof VolumeUsage>['Reclaimable'], number>(true)
  // @ts-expect-error no such kind
  await daemon.df({ type: 'network' })
  // @ts-expect-error it takes nothing else
  await daemon.info({ verbose: true })
  same<Awaited<ReturnType<typeof daemon.auth>>['IdentityToken'], string | undefined>(true)
  // @ts-expect-error a user has a password
  await daemon.auth({ username: 'ann' })
}

export async function events({ system: daemon }: DockerClient): Promise<void> {
  for await (const event of daemon.events({ since: new Date(), until: '2026-11-25T10:00:00Z' })) {
    same<typeof event, EventMessage>(true)
    same<typeof event.Actor.Attributes, Readonly<Record<string, string>>>(true)
  }
  const open = await daemon.events({ since: 1_764_000_000, filters: { type: ['container', 'image'], label: 'a=b' } })
  await open.close()
  // @ts-expect-error no such kind of thing
  daemon.events({ filters: { type: 'containers' } })
  // @ts-expect-error no such filter
  daemon.events({ filters: { types: 'container' } })
  // @ts-expect-error filters are a plain object
  daemon.events({ filters: '{"type":["container"]}' })
  // @ts-expect-error a moment is no boolean
  daemon.events({ since: true })
}

export async function networks({ networks: all }: DockerClient, request: NetworkCreateRequest): Promise<void> {
  const { Id } = await all.create({ ...request, IPAM: { Config: [{ Subnet: '10.0.0.0/24' }] } })
  const { Containers } = await all.inspect(Id, { verbose: true, scope: 'swarm' })
  same<NonNullable<typeof Containers>[string]['IPv4Address'], string>(true)
  await all.connect(Id, { Container: 'x', EndpointConfig: { Aliases: ['db'], GwPriority: 1 } })
  await all.prune({ filters: { until: '1h', 'label!': ['keep'] } })
  // @ts-expect-error it has to have a name
  await all.create({})
  // @ts-expect-error the API's own name
  await all.create({ name: 'x' })
  // @ts-expect-error which container?
  await all.connect(Id, {})
  // @ts-expect-error the daemon gives addresses out, nobody else
  await all.connect(Id, { Container: 'x', EndpointConfig: { IPAddress: '10.0.0.2' } })
}

export async function volumes({ volumes: all }: DockerClient): Promise<void> {
  const { ClusterVolume } = await all.create({ ClusterVolumeSpec: { Availability: 'active' } })
  if (ClusterVolume) await all.update('x', { Spec: ClusterVolume.Spec }, { version: ClusterVolume.Version.Index })
  // @ts-expect-error which version?
  await all.update('x', {})
  // @ts-expect-error true or false
  await all.prune({ filters: { all: 'yes' } })
}

export async function plugins({ plugins: all, session }: DockerClient): Promise<void> {
  const privileges = await all.privileges('vieux/sshfs', { auth: loadRegistryCredentials() })
  const { digest } = await all.pull('vieux/sshfs', privileges, { name: 'sshfs' })
  same<typeof digest, string>(true)
  for await (const { status } of all.upgrade('sshfs', 'vieux/sshfs:2', privileges)) {
    same<typeof status, string | undefined>(true)
  }
  const { tag, size } = await all.push('sshfs', { auth: { username: 'ann', password: 'x' } })
  same<[typeof tag, typeof size], [string, number]>(true)
  await all.create('sshfs', createReadStream('plugin.tar'))
  await all.set('sshfs', ['DEBUG=1'])
  same<Awaited<ReturnType<typeof session.open>>, Duplex>(true)
  // @ts-expect-error what is it granted?
  all.pull('vieux/sshfs')
  // @ts-expect-error settings are a list
  await all.set('sshfs', { DEBUG: '1' })
  // @ts-expect-error seconds
  await all.enable('sshfs', { clientTimeout: '5s' })
}
