import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ArgumentError,
  HealthError,
  NotFoundError,
  type ContainerCreateRequest,
  type DockerClient,
  type HealthErrorCode,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { SLEEP, soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const MS = 1_000_000

/** A check every 100 ms, which fails so often before it counts. */
function checked(script: string, Retries = 3): Pick<ContainerCreateRequest, 'Healthcheck'> {
  return { Healthcheck: { Test: ['CMD-SHELL', script], Interval: 100 * MS, Timeout: 5_000 * MS, Retries } }
}

const fails = (code: HealthErrorCode, says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HealthError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, says)
  return true
}

describe('waiting for a container to be healthy', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  const wait = (id: string, options = {}): ReturnType<DockerClient['containers']['waitHealthy']> =>
    soon('its health', docker.containers.waitHealthy(id, options))

  test('until it is', async () => {
    const id = await engine.start(checked('test -f /ready', 100), 'slow')
    const healthy = wait('slow')
    await delay(150)
    await docker.exec.run(id, ['touch', '/ready'])
    const { Id, State } = await healthy
    assert.deepEqual([Id, State.Health?.Status], [id, 'healthy'])
    assert.equal((await wait(id)).State.Health?.Status, 'healthy', 'it is already')
    await docker.containers.remove(id, { force: true })
  })

  test('many at once, none of which is missed', async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const id = await engine.start(checked('true'))
        await delay(index * 15)
        await wait(id)
        return id
      }),
    )
    await Promise.all(ids.map((id) => docker.containers.remove(id, { force: true })))
  })

  test('one that is started later, and one that is restarted', async () => {
    const { Id } = await docker.containers.create({ Image: engine.image, Cmd: SLEEP, ...checked('true') })
    const healthy = wait(Id)
    await delay(100)
    await docker.containers.start(Id)
    await healthy
    const flaky = ['sh', '-c', 'if [ -f /once ]; then sleep 1000; fi; touch /once; sleep 0.3; exit 1']
    const restarted = await engine.start({
      ...checked(
        'test -f /once && test "$(cat /proc/uptime | cut -d. -f1)" -gt 0 && pidof sleep > /dev/null && sleep 0.5',
      ),
      Cmd: flaky,
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } },
    })
    const { RestartCount } = await wait(restarted)
    assert.equal(RestartCount, 1)
    await Promise.all([Id, restarted].map((id) => docker.containers.remove(id, { force: true })))
  })

  test('one that becomes unhealthy, with what its checks said', async () => {
    const id = await engine.start(checked('echo no database; exit 1'))
    await assert.rejects(wait(id), (error: unknown) => {
      assert.ok(fails('ERR_HEALTH_UNHEALTHY', /its last check exited with code 1, "no database"/)(error))
      assert.ok(error instanceof HealthError, String(error))
      assert.equal(error.exitCode, undefined)
      assert.match(error.todo, /State\.Health\.Log of {2}docker\.containers\.inspect\('\w+'\)$/)
      assert.deepEqual(error.checks.at(-1), { exitCode: 1, output: 'no database\n' })
      return true
    })
    await docker.containers.remove(id, { force: true })
  })

  test('one that ends, before or meanwhile', async () => {
    const id = await engine.start({ ...checked('false', 100), Cmd: ['sh', '-c', 'sleep 0.5; exit 7'] })
    await assert.rejects(wait(id), (error: unknown) => {
      assert.ok(fails('ERR_HEALTH_ENDED', /it exited with code 7/)(error))
      assert.equal((error as HealthError).exitCode, 7)
      return true
    })
    await assert.rejects(wait(id), fails('ERR_HEALTH_ENDED', /it exited with code 7/))
    await docker.containers.remove(id)
  })

  test('one that is removed meanwhile, and one that is not there', async () => {
    const id = await engine.start(checked('false', 100))
    const waiting = assert.rejects(wait(id), (error: unknown) => {
      const gone = error instanceof NotFoundError || (error instanceof HealthError && error.code === 'ERR_HEALTH_ENDED')
      assert.ok(gone, String(error))
      return true
    })
    await delay(100)
    await docker.containers.remove(id, { force: true })
    await waiting
    await assert.rejects(wait('nothing'), NotFoundError)
  })

  test('one without a check', async () => {
    for (const config of [{}, { Healthcheck: { Test: ['NONE'] } }]) {
      const id = await engine.start(config)
      await assert.rejects(wait(id), fails('ERR_HEALTH_NO_CHECK', /Create the container with a Healthcheck/))
      await docker.containers.remove(id, { force: true })
    }
  })

  test('only for so long, and until an abort', async () => {
    const id = await engine.start({
      Healthcheck: { Test: ['CMD-SHELL', 'echo not yet; false'], Interval: 100 * MS, Retries: 99 },
    })
    await assert.rejects(
      wait(id, { timeout: 600 }),
      fails('ERR_HEALTH_TIMEOUT', /not healthy after 600 ms; .*"not yet"/),
    )
    const reason = { any: 'thing' }
    await assert.rejects(wait(id, { signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason)
    for (const milliseconds of [0, 5, 300]) {
      const stop = new AbortController()
      setTimeout(() => stop.abort(reason), milliseconds)
      await assert.rejects(wait(id, { signal: stop.signal, timeout: 10_000 }), (thrown) => thrown === reason)
    }
    await docker.containers.remove(id, { force: true })
  })

  test('what can not be meant', async () => {
    for (const options of [{ timeout: 0 }, { timeout: -1 }, { timeout: NaN }, { timeout: '1s' }, { interval: 1 }]) {
      await assert.rejects(wait('x', options), ArgumentError)
    }
  })
})
