import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as any from '../../lib/base/wordings/any-call.ts'
import * as podman from '../../lib/base/wordings/podman.ts'
import type { Wording } from '../../lib/base/wordings/wording.ts'
import { connect, type DockerClient, DockerApiError } from '../../lib/index.ts'
import { busyboxTar } from '../daemon/harness/image.ts'
import { startRegistry, type Registry } from '../daemon/harness/registry.ts'
import { startPodman, type Podman } from './support/podman.ts'

const IMAGE = 'busybox:made-here'

let service: Podman
let registry: Registry
let docker: DockerClient
before(async () => {
  service = await startPodman()
  registry = await startRegistry()
  docker = await connect({}, { HOME: '/nonexistent', ...service.env })
  await docker.images.import(await busyboxTar(), { repo: 'busybox', tag: 'made-here' })
})
after(async () => {
  await docker?.close()
  await Promise.all([registry?.stop(), service?.stop()])
})

/** What Podman answers to calls that it refuses. */
async function refusals(): Promise<string[]> {
  const { containers, images, secrets } = docker
  await containers.create({ Image: IMAGE }, { name: 'taken' })
  const { ID } = await secrets.create({ Name: 'token', Data: Buffer.from('x') })
  const calls: readonly (() => PromiseLike<unknown>)[] = [
    () => images.inspect('nosuch:1'),
    () => containers.create({ Image: 'nosuch:1' }),
    () => containers.create({ Image: IMAGE }, { name: 'taken' }),
    () => docker.plugins.list(),
    () => docker.swarm.init({ ListenAddr: '127.0.0.1' }),
    () => images.buildPrune(),
    () => docker.request({ method: 'POST', path: '/grpc' }),
    () => docker.request({ method: 'DELETE', path: '/info' }),
    () => secrets.update(ID, { Name: 'token', Labels: {} }, { version: 1 }),
  ]
  return Promise.all(
    calls.map(async (call) => {
      const error: unknown = await Promise.resolve(call()).catch((reason: unknown) => reason)
      assert.ok(error instanceof DockerApiError, `${call.toString()}: ${String(error)}`)
      return error.daemonMessage ?? ''
    }),
  )
}

async function failedExec(): Promise<string> {
  const { Id } = await docker.containers.create({ Image: IMAGE, Cmd: ['sleep', '1000'] })
  await docker.containers.start(Id)
  const { Id: exec } = await docker.exec.create(Id, { Cmd: ['/no'], AttachStdout: true, AttachStderr: true })
  let output = ''
  await assert.rejects(
    async () => {
      for await (const { data } of await docker.exec.start(exec)) output += data.toString()
    },
    { code: 'ERR_API_EXEC_FAILED' },
  )
  await docker.containers.remove(Id, { force: true })
  return output
}

async function pulled(): Promise<string[]> {
  const name = `${registry.host}/app:1`
  await docker.images.tag(IMAGE, name)
  await docker.images.push(name)
  const said: string[] = []
  for await (const { status = '' } of docker.images.pull(name)) said.push(status)
  return said
}

test('Podman says what the tables say of it, and nothing else of them', async () => {
  const said = [...(await refusals()), await failedExec(), ...(await pulled())]
  const rows = Object.entries({ any, podman }).flatMap(([table, of]) =>
    Object.entries<Wording>(of).map(([name, { pattern, seen }]) => ({
      name: `${table}.${name}`,
      fires: said.some((text) => text.search(pattern) >= 0),
      isSeen: seen.includes('Podman 5.8'),
    })),
  )
  assert.deepEqual(
    rows.filter(({ fires }) => fires).map(({ name }) => name),
    rows.filter(({ isSeen }) => isSeen).map(({ name }) => name),
    said.join('\n'),
  )
})
