import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'busybox', 'ip')

type Call = (docker: DockerClient, input: Readable) => PromiseLike<unknown>

const CALLS: Readonly<Record<string, Call>> = {
  'run()': (docker, stdin) => docker.run('busybox', ['cat'], { stdin }),
  'exec.run()': (docker, stdin) => docker.exec.run('web', ['cat'], { stdin }),
  'images.build() with BuildKit': (docker, tar) => docker.images.build(tar, { builder: 'buildkit' }),
  'images.build() with the classic builder': (docker, tar) => docker.images.build(tar, { builder: 'classic' }),
  'images.load()': (docker, tar) => docker.images.load(tar),
  'images.import()': (docker, tar) => docker.images.import(tar),
  'plugins.create()': (docker, tar) => docker.plugins.create('made/plugin', tar),
  'containers.archive.put()': (docker, tar) => docker.containers.archive.put('web', '/', tar),
  'containers.copyTo()': (docker, content) =>
    docker.containers.copyTo('web', [{ path: 'a', content, size: 9999 }], '/'),
}

async function* breaking(): AsyncGenerator<Buffer, void, undefined> {
  // The header of a tar's first entry is longer.
  yield Buffer.alloc(100, 'a')
  await delay(300)
  throw new Error('the disk is gone')
}

const SOURCES: Readonly<Record<string, () => Readable>> = {
  "a file that doesn't exist": () => createReadStream('/no/such/file'),
  'a source that breaks off': () => Readable.from(breaking()),
}

describe('a stream as input whose source fails', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    await engine.start({}, 'web')
    await docker.images.tag(engine.image, 'busybox')
  })
  after(() => engine?.stop())

  const names = async (): Promise<string[]> => {
    const all = await docker.containers.list({ all: true })
    return all.flatMap(({ Names }) => Names)
  }

  for (const [name, call] of Object.entries(CALLS)) {
    for (const [source, make] of Object.entries(SOURCES)) {
      test(`${name}: ${source}`, async () => {
        const ends = assert.rejects(async () => call(docker, make()), { code: 'ERR_INPUT_FAILED', name: 'FileError' })
        await soon(name, ends)
        assert.deepEqual(await names(), ['/web'])
      })
    }
  }
})
