import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createDispatcher, isDockerMtlsError, type DockerDispatcher } from '../../lib/index.ts'
import { temporaryFolder } from '../support/temporary.ts'

interface Daemon {
  /** The paths that came, in order. */
  readonly asked: readonly string[]
  /** The lists that hang. */
  readonly hung: readonly ServerResponse[]
  readonly connections: () => number
  readonly dispatcher: DockerDispatcher
}

interface Settings {
  readonly connectTimeout?: number
  readonly pingMilliseconds?: number
}

/** A daemon that answers pings, and never a list. */
async function start(t: TestContext, { connectTimeout = 2_000, pingMilliseconds }: Settings = {}): Promise<Daemon> {
  const path = join(await temporaryFolder(t), 'd.sock')
  const asked: string[] = []
  const hung: ServerResponse[] = []
  let connections = 0
  const answer = ({ url = '' }: IncomingMessage, response: ServerResponse): void => {
    asked.push(url)
    if (url.startsWith('/containers/json')) hung.push(response)
    else if (pingMilliseconds === undefined) response.end('OK')
    else setTimeout(() => response.end('OK'), pingMilliseconds)
  }
  const server: Server = createServer(answer).on('connection', () => void connections++)
  server.listen(path)
  await once(server, 'listening')
  const dispatcher = createDispatcher({ kind: 'unix', path } as never, undefined, { connectTimeout })
  t.after(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { asked, hung, dispatcher, connections: () => connections }
}

async function get(dispatcher: DockerDispatcher, path: string, signal?: AbortSignal): Promise<string> {
  const { body } = await dispatcher.request({ path, method: 'GET', ...(signal && { signal }) })
  return body.text()
}

function hang({ dispatcher }: Daemon, count: number): Promise<unknown>[] {
  const calls = Array.from({ length: count }, () => get(dispatcher, '/containers/json?secret=1'))
  for (const call of calls) call.catch(() => {})
  return calls
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(10)
}

async function timeOf(work: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work
  return performance.now() - began
}

/** Where calls starve, these end anyway. */
const limited = { timeout: 8_000 }

describe('short calls that wait for a connection', () => {
  for (const count of [16, 64, 127]) {
    test(`are answered while ${count} others hang`, limited, async (t) => {
      const daemon = await start(t)
      hang(daemon, count)
      const took = await timeOf(get(daemon.dispatcher, '/_ping'))
      assert.ok(took < 2_000, `${took} ms`)
      assert.equal(daemon.hung.length, count)
      // The others have hung for longer than a moment now: the next call doesn't wait for that again.
      await delay(1_300)
      const again = await timeOf(get(daemon.dispatcher, '/version'))
      assert.ok(again < 500, `${again} ms`)
    })
  }

  test('fail with an error of their own when everything hangs', limited, async (t) => {
    const daemon = await start(t)
    const lists = hang(daemon, 128)
    const failed = timeOf(
      assert.rejects(get(daemon.dispatcher, '/_ping?secret=2'), (error) => {
        assert.ok(isDockerMtlsError(error, 'ERR_QUEUE_TIMEOUT'))
        assert.match(error.message, /^GET \/_ping at unix:.* 2000 ms/)
        assert.match(error.message, /128 calls are .* \(GET \/containers\/json\) for over [12] s/)
        assert.doesNotMatch(error.message, /secret/)
        return true
      }),
    )
    const took = await failed
    assert.ok(took > 1_900 && took < 2_700, `${took} ms`)
    assert.equal(daemon.connections(), 128)
    // Once these are answered, calls are as before.
    for (const response of daemon.hung) response.end('[]')
    assert.equal((await Promise.all(lists)).length, 128)
    assert.equal(await get(daemon.dispatcher, '/_ping'), 'OK')
  })

  test('also when more lists were sent than there are connections', limited, async (t) => {
    const daemon = await start(t)
    const calls = [...hang(daemon, 140), get(daemon.dispatcher, '/_ping')]
    const took = await timeOf(assert.rejects(Promise.all(calls.slice(128)), { code: 'ERR_QUEUE_TIMEOUT' }))
    assert.ok(took > 1_900 && took < 2_700, `${took} ms`)
    const late = await Promise.allSettled(calls.slice(128))
    assert.equal(late.filter(({ status }) => status === 'rejected').length, 13)
    assert.equal(daemon.hung.length, 128)
  })

  test('wait as long as others are answered', limited, async (t) => {
    // A call is slow after half of the limit: much later than a loaded machine answers.
    const { dispatcher, connections } = await start(t, { connectTimeout: 1_600, pingMilliseconds: 200 })
    const took = await timeOf(Promise.all(Array.from({ length: 16 * 13 }, () => get(dispatcher, '/_ping'))))
    assert.ok(took > 2_500, `${took} ms`)
    assert.equal(connections(), 16)
  })

  test('use 16 connections if the daemon answers', limited, async (t) => {
    const { dispatcher, connections } = await start(t)
    await Promise.all(Array.from({ length: 1_000 }, () => get(dispatcher, '/_ping')))
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 64 }, () => get(dispatcher, '/_ping')))
    assert.equal(connections(), 16)
  })

  test('also after this process was busy', limited, async (t) => {
    const { dispatcher, connections } = await start(t, { connectTimeout: 1_000, pingMilliseconds: 50 })
    const calls = Array.from({ length: 100 }, () => get(dispatcher, '/_ping'))
    await delay(150)
    for (const end = performance.now() + 1_500; performance.now() < end;);
    await Promise.all(calls)
    assert.equal(connections(), 16)
  })

  test('are sent in order', limited, async (t) => {
    const daemon = await start(t)
    hang(daemon, 16)
    await until(() => daemon.hung.length === 16)
    const names = Array.from({ length: 40 }, (_, index) => `/containers/c${index}/json`)
    const calls = names.map((name) => get(daemon.dispatcher, name))
    // One connection for all of them.
    daemon.hung[0]?.end('[]')
    await Promise.all(calls)
    assert.deepEqual(daemon.asked.slice(16), names)
  })

  test('are sent once, although the first queue still has those that moved', limited, async (t) => {
    const daemon = await start(t)
    const lists = hang(daemon, 16)
    await until(() => daemon.hung.length === 16)
    const names = Array.from({ length: 40 }, (_, index) => `/containers/c${index}/json`)
    await Promise.all(names.map((name) => get(daemon.dispatcher, name)))
    // Now the connections of the first queue become free.
    for (const response of daemon.hung) response.end('[]')
    await Promise.all(lists)
    assert.equal(await get(daemon.dispatcher, '/version'), 'OK')
    assert.deepEqual(daemon.asked.slice(16).toSorted(), [...names, '/version'].toSorted())
  })

  test('are never sent after an abort', limited, async (t) => {
    const daemon = await start(t)
    hang(daemon, 16)
    await until(() => daemon.hung.length === 16)
    const stop = new AbortController()
    const aborted = get(daemon.dispatcher, '/containers/aborted/json', stop.signal)
    const other = get(daemon.dispatcher, '/version')
    stop.abort()
    await assert.rejects(aborted, { name: 'AbortError' })
    await other
    assert.deepEqual(daemon.asked.slice(16), ['/version'])
  })

  test("are waited for with 'drain'", limited, async (t) => {
    const { dispatcher, hung } = await start(t)
    const ping = { path: '/_ping', method: 'GET' } as const
    const list = { path: '/containers/json', method: 'GET' } as const
    const send = (options: typeof ping | typeof list): boolean =>
      dispatcher.dispatch(
        { ...options },
        {
          onConnect() {},
          onHeaders: () => true,
          onData: () => true,
          onComplete() {},
          onError() {},
        },
      )
    let sent = 0
    while (send(list)) sent++
    assert.ok(sent === 15 || sent === 16, `${sent}`)
    if (sent === 15) send(list)
    await once(dispatcher, 'drain')
    assert.ok(hung.length >= 16)
    assert.equal(send(ping), true, 'there is room for more')
  })

  test('are sent before close() ends, and none after', limited, async (t) => {
    const daemon = await start(t, { pingMilliseconds: 50 })
    const calls = Array.from({ length: 64 }, () => get(daemon.dispatcher, '/_ping'))
    const closed = daemon.dispatcher.close()
    assert.equal(daemon.dispatcher.closed, true)
    await assert.rejects(get(daemon.dispatcher, '/_ping'), { code: 'ERR_CLIENT_CLOSED' })
    await closed
    assert.equal((await Promise.all(calls)).length, 64)
    assert.equal(daemon.dispatcher.destroyed, true)
  })

  for (const how of ['destroy', 'close, then destroy'] as const) {
    test(`end on ${how}`, limited, async (t) => {
      const daemon = await start(t)
      const calls = hang(daemon, 64)
      await until(() => daemon.hung.length === 16)
      const closed = how === 'destroy' ? undefined : daemon.dispatcher.close()
      await daemon.dispatcher.destroy()
      await closed
      for (const { status, ...outcome } of await Promise.allSettled(calls)) {
        assert.equal(status, 'rejected')
        assert.equal((outcome as { reason: { code: string } }).reason.code, 'ERR_CLIENT_CLOSED')
      }
      assert.equal(daemon.hung.length, 16)
    })
  }
})
