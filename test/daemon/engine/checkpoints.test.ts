import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ConflictError, NotFoundError, ServerError, type DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

describe('checkpoints of an experimental daemon', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let running: string
  before(async () => {
    engine = await startBusyboxEngine({ flags: ['--experimental'] })
    docker = engine.docker
    running = await engine.start()
  })
  after(() => engine?.stop())

  test('there are none', async () => {
    assert.equal((await docker.ping()).experimental, true)
    assert.deepEqual(await docker.checkpoints.list(running), [])
    await assert.rejects(docker.checkpoints.list('nothing'), NotFoundError)
  })

  test('without CRIU none can be made, and the container goes on', async () => {
    await assert.rejects(docker.checkpoints.create(running, { CheckpointID: 'one', Exit: true }), (error: unknown) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.daemonMessage ?? '', /[Cc]heckpoint/)
      return true
    })
    assert.equal((await docker.containers.inspect(running)).State.Running, true)
    assert.deepEqual(await docker.checkpoints.list(running), [])
    await assert.rejects(docker.checkpoints.create(running, { CheckpointID: '../one' }), ServerError)
  })

  test('one that runs is needed', async () => {
    const { Id } = await docker.containers.create({ Image: engine.image })
    await assert.rejects(docker.checkpoints.create(Id, { CheckpointID: 'one' }), ConflictError)
    await docker.containers.remove(Id)
  })

  test('what is not there can neither be removed nor gone on from', async () => {
    await assert.rejects(docker.checkpoints.remove(running, 'one'), (error: unknown) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.daemonMessage ?? '', /checkpoint one does not exist/)
      return true
    })
    await assert.rejects(docker.checkpoints.remove(running, 'one', { dir: '/nowhere' }), ServerError)
    await assert.rejects(docker.checkpoints.remove(running, '..'), { code: 'ERR_PATH_SEGMENT_INVALID' })
    const { Id } = await docker.containers.create({ Image: engine.image })
    await assert.rejects(docker.containers.start(Id, { checkpoint: 'one' }), (error: unknown) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.daemonMessage ?? '', /checkpoint/)
      return true
    })
    await docker.containers.remove(Id)
  })
})
