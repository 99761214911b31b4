import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type * as api from '../../lib/index.ts'
import { buildPackage } from '../runner/package.ts'
import { runProcess } from '../cli/support/run-cli.ts'
import { runCommand } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { IMAGE } from './harness/image.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'
import { until } from './support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
/** More than what a tar stream holds at once. */
const LARGE = randomBytes(8 * 2 ** 20)

/** A folder with a large file, an empty one, a long name and a link. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'context', 'long'.repeat(50)), { recursive: true })
  await writeFile(join(folder, 'context/large'), LARGE)
  await writeFile(join(folder, 'context', 'long'.repeat(50), 'é'.repeat(80)), '')
  await symlink('large', join(folder, 'context/link'))
  await writeFile(join(folder, 'context/Dockerfile'), `FROM ${IMAGE}\nCOPY . /context\n`)
}

async function assertSame(folder: string): Promise<void> {
  assert.ok(LARGE.equals(await readFile(join(folder, 'large'))))
  assert.equal(await readlink(join(folder, 'link')), 'large')
  assert.equal(await readFile(join(folder, 'long'.repeat(50), 'é'.repeat(80)), 'utf8'), '')
}

// The packages that pack, unpack and speak to BuildKit are part of the built code. All other tests load them from node_modules.
describe('the built package', { skip }, () => {
  let engine: BusyboxEngine
  let docker: api.DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    const index = join(dirname(await buildPackage()), '../index.js')
    const built = (await import(pathToFileURL(index).href)) as typeof api
    docker = await built.connect({}, { HOME: '/nonexistent', ...engine.daemon.clientEnv })
  })
  after(async () => {
    await docker?.close()
    await engine?.stop()
  })

  for (const builder of ['buildkit', 'classic'] as const) {
    test(`builds a folder with ${builder}, and copies it out of a container and back`, async (t) => {
      const folder = await temporaryFolder(t)
      await makeFolder(folder)
      const { ID } = await docker.images.build(join(folder, 'context'), { builder })
      const { Id } = await docker.containers.create({ Image: ID, Cmd: ['true'] })
      const copies = await temporaryFolder(t)
      await docker.containers.copyFrom(Id, '/context', join(copies, 'first'))
      await assertSame(join(copies, 'first'))
      await docker.containers.copyTo(Id, join(copies, 'first'), '/again')
      await docker.containers.copyFrom(Id, '/again', join(copies, 'second'))
      await assertSame(join(copies, 'second'))
      await docker.containers.remove(Id)
    })
  }

  test('builds with the docker command through a gateway', async (t) => {
    const { daemon } = engine
    const folder = await temporaryFolder(t)
    await makeFolder(folder)
    const policy = join(folder, 'policy.yaml')
    await writeFile(policy, 'version: 1\nrules: [{ name: all, who: { any: true }, level: baseline }]\n')
    const listen = `127.0.0.1:${await freePort()}`
    const words = ['gateway', 'run', '--policy', policy, '--from', daemon.server.folder, '--listen', listen]
    let pid: number | undefined
    const ran = runProcess([...words, '--host', `unix://${daemon.place.socketPath}`], {
      program: [process.execPath, await buildPackage()],
      when: [/until Ctrl-C/, (gateway) => (pid = gateway)],
    })
    let isOver = false
    t.after(async () => {
      if (pid !== undefined && !isOver) process.kill(pid, 'SIGKILL')
      await ran
    })
    await until('the gateway', async () => pid !== undefined)
    const env = { ...daemon.clientEnv, DOCKER_HOST: `tcp://${listen}`, DOCKER_BUILDKIT: '1' }
    const built = await runCommand('docker', ['build', '-t', 'through-gateway', 'context'], { env, cwd: folder })
    if (pid !== undefined) process.kill(pid, 'SIGINT')
    const { signal, stderr } = await ran
    isOver = true
    assert.equal(built.code, 0, built.stderr + stderr)
    assert.equal(signal, 'SIGINT', stderr)
    await docker.images.inspect('through-gateway')
  })
})
