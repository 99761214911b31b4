/** Judged by tsc alone: what calls for images take and give. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { loadRegistryCredentials, type DockerClient, type OCIPlatform } from '../../lib/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_proof: Equal<A, B>): void => {}

const platform: OCIPlatform = { os: 'linux', architecture: 'arm64', variant: 'v8' }

export async function pulls({ images }: DockerClient): Promise<void> {
  const { reference, digest, status } = await images.pull('alpine', { platform: 'linux/arm64', allTags: false })
  same<typeof reference, string>(true)
  same<typeof digest, string | undefined>(true)
  same<typeof status, 'downloaded' | 'up to date' | undefined>(true)
  for await (const { id, status: words, progressDetail } of images.pull('alpine')) {
    same<typeof id, string | undefined>(true)
    same<typeof words, string | undefined>(true)
    same<NonNullable<typeof progressDetail>['current'], number | undefined>(true)
  }
  await images.pull('alpine', { auth: loadRegistryCredentials() })
  await images.pull('alpine', { auth: { username: 'ann', password: 'x' } })
  await images.pull('alpine', { auth: { identitytoken: 'x' }, signal: AbortSignal.timeout(1) })
  // @ts-expect-error a password has a user
  images.pull('alpine', { auth: { password: 'x' } })
  // @ts-expect-error the tag is part of the name
  images.pull('alpine', { tag: '3' })
  // @ts-expect-error misspelt
  images.pull('alpine', { alltags: true })
  // @ts-expect-error a pull's platform is a text
  images.pull('alpine', { platform })
  // @ts-expect-error a name is a text
  images.pull(3)
}

export async function pushes({ images }: DockerClient): Promise<void> {
  const { tag, digest, size, tags } = await images.push('ghcr.io/me/app', { platform })
  same<[typeof tag, typeof digest, typeof size], [string, string, number]>(true)
  for (const pushed of tags) same<typeof pushed.digest, string>(true)
  // @ts-expect-error a push's platform is an object
  images.push('ghcr.io/me/app', { platform: 'linux/arm64' })
}

export async function transfers({ images }: DockerClient): Promise<void> {
  const tar = await images.save(['a', 'b'], { platform: [platform] })
  same<typeof tar, Readable>(true)
  const { images: names } = await images.load(createReadStream('x.tar'))
  same<typeof names, readonly string[]>(true)
  const { id } = await images.import(new Uint8Array(), { changes: ['CMD ["sh"]'] })
  same<typeof id, string>(true)
  await images.import('https://example.com/root.tar')
  const nothing = await images.create({ fromImage: 'alpine', tag: '3' })
  same<typeof nothing, void>(true)
  // @ts-expect-error a path is no archive
  images.load('x.tar')
  // @ts-expect-error nor is JSON
  images.load({ a: 1 })
}

export async function looks({ images, distribution }: DockerClient): Promise<void> {
  const [summary] = await images.list({ filters: { dangling: true, label: ['a', 'b=c'] }, sharedSize: true })
  same<NonNullable<typeof summary>['RepoTags'], readonly string[]>(true)
  // @ts-expect-error there is no such filter
  images.list({ filters: { colour: 'red' } })
  // @ts-expect-error filters are a plain object
  images.list({ filters: new Map([['label', 'x']]) })
  // @ts-expect-error an answer is not to be changed
  if (summary) summary.RepoTags = []
  const { Config, GraphDriver } = await images.inspect('alpine', { platform })
  same<NonNullable<typeof Config>['Env'], readonly string[] | null | undefined>(true)
  same<NonNullable<typeof GraphDriver>['Name'], string>(true)
  // @ts-expect-error it may not be there
  Config.Env.length.toFixed()
  const [removed] = await images.remove('alpine', { force: true })
  same<NonNullable<typeof removed>['Untagged'], string | undefined>(true)
  const { ImagesDeleted } = await images.prune({ filters: { dangling: false, 'label!': 'keep' } })
  same<NonNullable<typeof ImagesDeleted>[number]['Deleted'], string | undefined>(true)
  const { Descriptor, Platforms } = await distribution.inspect('alpine', { auth: loadRegistryCredentials() })
  same<[typeof Descriptor.digest, NonNullable<typeof Platforms>[number]['os']], [string, string]>(true)
  // @ts-expect-error what BuildKit asks for is there or not
  images.buildPrune({ filters: { inuse: false } })
  await images.commit('web', { Cmd: ['sh'], Labels: { a: 'b' } }, { repo: 'me/app', pause: false })
  // @ts-expect-error the new name is an argument
  images.tag('alpine', { repo: 'x' })
}
