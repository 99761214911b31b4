import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import type { DockerClient, EventMessage, FollowEventsOptions, Reconnection } from '../../../lib/index.ts'
import { startFakeScene, type Asked } from '../support/fake-engine.ts'

const START = '2026-11-25T10:00:00.000000000Z'
const SECOND = 1_000_000_000n
const startNano = BigInt(Date.parse(START)) * 1_000_000n

/** What a daemon remembers, and sends as it does: everything since a moment, oldest first. */
class Events {
  #lines: { readonly nano: bigint; readonly line: string }[] = []
  readonly #open = new Set<ServerResponse>()
  #count = 0

  /** A new event, some time after the start of all. */
  emit(name: string, after: bigint = SECOND * BigInt(++this.#count)): void {
    const nano = startNano + after
    const seconds = nano / SECOND
    const head = `{"Type":"container","Action":"${name}","Actor":{"ID":"c","Attributes":{}},"scope":"local"`
    const line = `${head},"time":${seconds},"timeNano":${nano}}\n`
    this.#lines.push({ nano, line })
    for (const response of this.#open) response.write(line)
  }

  forget(count: number = this.#lines.length): void {
    this.#lines = this.#lines.slice(count)
  }

  /** Ends or cuts the open streams. */
  interrupt(how: 'end' | 'cut' | 'halfway'): void {
    for (const response of this.#open) {
      if (how === 'halfway') response.end('{"Type":"contai')
      else if (how === 'end') response.end()
      else response.destroy()
    }
    this.#open.clear()
  }

  serve({ query }: Asked, response: ServerResponse): void {
    const [since, until] = ['since', 'until'].map((name) => nanoOf(query.get(name)))
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
    // As dockerd: from the end to the first that is older.
    const older = this.#lines.findLastIndex(({ nano }) => since !== undefined && nano < since)
    for (const { nano, line } of this.#lines.slice(older + 1)) {
      if (since !== undefined && (until === undefined || nano <= until)) response.write(line)
    }
    if (until !== undefined) response.end()
    else {
      this.#open.add(response)
      response.once('close', () => this.#open.delete(response))
    }
  }
}

function nanoOf(moment: string | null): bigint | undefined {
  if (moment === null) return undefined
  const [seconds = '', fraction = ''] = moment.split('.')
  return BigInt(seconds) * SECOND + BigInt(fraction.padEnd(9, '0'))
}

interface Scene {
  readonly docker: DockerClient
  readonly events: Events
  readonly asked: readonly Asked[]
  /** Answers the next requests for events. */
  readonly next: ((response: ServerResponse) => void)[]
}

async function scene(t: TestContext): Promise<Scene> {
  const events = new Events()
  const next: ((response: ServerResponse) => void)[] = []
  const { docker, fake } = await startFakeScene(t, {
    version: '1.45',
    answer: (asked, response) => {
      if (asked.path === '/info') return response.end(JSON.stringify({ SystemTime: START }))
      if (asked.path !== '/events') return response.destroy()
      const answer = next.shift()
      return answer === undefined ? events.serve(asked, response) : answer(response)
    },
  })
  return { docker, events, asked: fake.asked, next }
}

/** Reads so many events. */
async function take(iterator: AsyncIterator<EventMessage>, count: number): Promise<string[]> {
  const names: string[] = []
  while (names.length < count) {
    const { value, done } = await iterator.next()
    if (done === true) break
    names.push(value.Action)
  }
  return names
}

interface Followed {
  readonly iterator: AsyncIterator<EventMessage>
  readonly told: boolean[]
  readonly errors: unknown[]
  readonly close: () => Promise<void>
}

async function follow({ docker }: Scene, options: FollowEventsOptions = {}): Promise<Followed> {
  const told: boolean[] = []
  const errors: unknown[] = []
  const onReconnect = ({ complete, error }: Reconnection): void => {
    told.push(complete)
    errors.push((error as { code?: string } | undefined)?.code)
  }
  const stream = await docker.system.followEvents({ onReconnect, ...options })
  return { iterator: stream[Symbol.asyncIterator](), told, errors, close: () => stream.close() }
}

describe('docker.system.followEvents()', () => {
  for (const how of ['end', 'cut', 'halfway'] as const) {
    test(`loses and doubles nothing: ${how}`, async (t) => {
      const given = await scene(t)
      const { events } = given
      const { iterator, told, errors, close } = await follow(given)
      const read: string[] = []
      for (const round of [1, 2, 3]) {
        events.emit(`a${round}`)
        events.emit(`b${round}`)
        read.push(...(await take(iterator, 2)))
        events.interrupt(how)
        // While nobody listens.
        events.emit(`c${round}`)
        read.push(...(await take(iterator, 1)))
      }
      assert.deepEqual(read, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3'])
      assert.deepEqual(told, [true, true, true])
      const code = { end: undefined, cut: 'ERR_CONNECTION_CLOSED', halfway: 'ERR_API_STREAM_TRUNCATED' }[how]
      assert.deepEqual(errors, [code, code, code])
      await close()
      assert.deepEqual(await iterator.next(), { done: true, value: undefined })
    })
  }

  test('several events of the same moment, and equal ones', async (t) => {
    const given = await scene(t)
    const { events } = given
    const { iterator, told } = await follow(given)
    for (const name of ['x', 'y', 'x']) events.emit(name, SECOND)
    assert.deepEqual(await take(iterator, 3), ['x', 'y', 'x'])
    events.interrupt('cut')
    // Those are new, although they look the same or nearly so; JavaScript rounds their time.
    for (const [name, after] of [
      ['x', 0n],
      ['y', 1n],
      ['z', 3n],
    ] as const)
      events.emit(name, SECOND + after)
    assert.deepEqual(await take(iterator, 3), ['x', 'y', 'z'])
    assert.deepEqual(told, [true])
  })

  test('an event that is stored later than its time says', async (t) => {
    const given = await scene(t)
    const { events } = given
    const { iterator, told } = await follow(given)
    events.emit('second', 5n * SECOND)
    assert.deepEqual(await take(iterator, 1), ['second'])
    events.interrupt('cut')
    events.emit('first', 5n * SECOND - 2_000_000n)
    assert.deepEqual(await take(iterator, 1), ['first'])
    assert.deepEqual(told, [true])
  })

  test('says that events may be missing: after a restart, too many others, and before the first one', async (t) => {
    const given = await scene(t)
    const { events } = given
    const { iterator, told } = await follow(given)
    events.interrupt('end')
    events.emit('a')
    assert.deepEqual(await take(iterator, 1), ['a'])
    assert.deepEqual(told, [false], 'no event yet')
    events.interrupt('cut')
    events.forget()
    events.emit('b')
    assert.deepEqual(await take(iterator, 1), ['b'])
    assert.deepEqual(told, [false, false], 'restarted')
    events.interrupt('cut')
    events.emit('c')
    events.emit('d')
    events.forget(1)
    assert.deepEqual(await take(iterator, 2), ['c', 'd'])
    assert.deepEqual(told, [false, false, false], 'b was forgotten')
  })

  test('says so at once, even if no event follows', async (t) => {
    const given = await scene(t)
    const { events } = given
    let tell: ((complete: boolean) => void) | undefined
    const first = new Promise<boolean>((resolve) => (tell = resolve))
    const { iterator, close } = await follow(given, { onReconnect: ({ complete }) => tell?.(complete) })
    events.emit('a')
    await take(iterator, 1)
    const next = iterator.next()
    events.forget()
    events.interrupt('end')
    assert.equal(await first, false)
    await close()
    assert.deepEqual(await next, { done: true, value: undefined })
  })

  test('an event that is lost between the two looks is noticed', async (t) => {
    const given = await scene(t)
    const { events, next } = given
    const { iterator, told } = await follow(given)
    events.emit('a')
    await take(iterator, 1)
    // The stream lacks it, although the daemon still had it when it was asked.
    next.push((response) => {
      response.writeHead(200).flushHeaders()
      setTimeout(() => response.write(lineOf('later')), 50)
    })
    events.interrupt('cut')
    assert.deepEqual(await take(iterator, 1), ['later'])
    assert.deepEqual(told, [false])
  })

  test('begins at the moment of the daemon in which it is opened, or at another one', async (t) => {
    const given = await scene(t)
    given.events.emit('old', -SECOND)
    given.events.emit('new')
    const { iterator, close } = await follow(given)
    assert.deepEqual(await take(iterator, 1), ['new'])
    await close()
    const since = new Date(Date.parse(START) - 1_000)
    const second = await follow(given, { since, filters: { type: 'container' } })
    assert.deepEqual(await take(second.iterator, 2), ['old', 'new'])
    const { query } = given.asked.at(-1) ?? assert.fail()
    assert.equal(query.get('filters'), '{"type":["container"]}')
    await second.close()
  })

  test('waits through answers that may pass', async (t) => {
    const given = await scene(t)
    const { events, next } = given
    const { iterator, told } = await follow(given)
    events.emit('a')
    await take(iterator, 1)
    next.push(
      (response) => response.writeHead(503).end('{"message":"starting"}'),
      (response) => response.writeHead(502).end('<html>'),
      (response) => response.destroy(),
    )
    events.interrupt('cut')
    events.emit('b')
    assert.deepEqual(await take(iterator, 1), ['b'])
    assert.deepEqual(told, [true])
  })

  test('a failure that stays ends it', async (t) => {
    const given = await scene(t)
    const { events, next } = given
    const { iterator } = await follow(given)
    next.push((response) => response.writeHead(400).end('{"message":"invalid filter"}'))
    events.interrupt('cut')
    await assert.rejects(take(iterator, 1), { code: 'ERR_API_BAD_REQUEST' })
    next.push((response) => response.writeHead(400).end('{"message":"invalid filter"}'))
    await assert.rejects(Promise.resolve(given.docker.system.followEvents()), { code: 'ERR_API_BAD_REQUEST' })
    const broken = await follow(given)
    next.push((response) => response.end('no JSON\n'))
    events.interrupt('cut')
    await assert.rejects(take(broken.iterator, 1), { code: 'ERR_API_STREAM_INVALID' })
  })

  test('onReconnect may take its time, is repeated after another cut, and otherwise ends the stream', async (t) => {
    const given = await scene(t)
    const { events } = given
    const told: boolean[] = []
    const { iterator } = await follow(given, {
      onReconnect: async ({ complete }) => {
        told.push(complete)
        if (told.length === 3) throw new Error('mine')
        if (told.length > 1) return
        // Listing is cut, too.
        events.interrupt('cut')
        await given.docker.containers.list()
      },
    })
    events.emit('a')
    await take(iterator, 1)
    events.forget()
    events.interrupt('cut')
    events.emit('b')
    assert.deepEqual(await take(iterator, 1), ['b'])
    assert.deepEqual(told, [false, false])
    events.interrupt('cut')
    await assert.rejects(take(iterator, 1), /^Error: mine$/)
  })

  test('break, close(), a signal, a time limit and a closed client end it, also while it waits', async (t) => {
    const given = await scene(t)
    const { docker, events, next } = given
    const down = (): void => {
      for (let i = 0; i < 20; i++) next.push((response) => response.destroy())
      events.interrupt('cut')
    }
    const up = (): void => void next.splice(0)
    events.emit('a')
    for await (const { Action } of docker.system.followEvents()) {
      assert.equal(Action, 'a')
      break
    }
    const closed = await follow(given, { since: START })
    await take(closed.iterator, 1)
    const end = closed.iterator.next()
    down()
    setTimeout(() => void closed.close(), 300)
    assert.deepEqual(await end, { done: true, value: undefined })
    up()

    const signal = AbortSignal.timeout(300)
    const aborted = await follow(given, { signal })
    down()
    await assert.rejects(take(aborted.iterator, 2), (error: unknown) => error === signal.reason)
    up()

    const late = await follow(given, { timeout: 300 })
    down()
    await assert.rejects(take(late.iterator, 2), { code: 'ERR_CALL_TIMEOUT' })
    up()

    const silent = await follow(given, { idleTimeout: 200, since: START })
    assert.deepEqual(await take(silent.iterator, 1), ['a'])
    const two = take(silent.iterator, 1)
    setTimeout(() => events.emit('b'), 1_500)
    assert.deepEqual(await two, ['b'])
    assert.ok(silent.told.length > 0 && silent.told.every((complete) => complete), String(silent.told))
    assert.equal(silent.errors[0], 'ERR_RESPONSE_TIMEOUT')
    await silent.close()

    const opening = docker.system.followEvents()
    down()
    const never = opening[Symbol.asyncIterator]().next()
    setTimeout(() => void opening.close(), 300)
    assert.deepEqual(await never, { done: true, value: undefined })
    up()

    const last = await follow(given)
    down()
    setTimeout(() => void docker.close(), 300)
    await assert.rejects(take(last.iterator, 3), { code: 'ERR_CLIENT_CLOSED' })
  })

  test('refuses wrong options, before anything is sent', async (t) => {
    const { docker, asked } = await scene(t)
    const rows: [object, string][] = [
      [{ until: 1 }, 'ERR_OPTION_UNKNOWN'],
      [{ onReconnect: 'x' }, 'ERR_ARGUMENT_INVALID'],
      [{ since: NaN }, 'ERR_ARGUMENT_INVALID'],
      [{ timeout: 0 }, 'ERR_ARGUMENT_INVALID'],
    ]
    for (const [options, code] of rows) {
      await assert.rejects(Promise.resolve(docker.system.followEvents(options)), { code })
    }
    assert.equal(asked.length, 0)
  })
})

function lineOf(name: string): string {
  const nano = startNano + 60n * SECOND
  return `{"Type":"container","Action":"${name}","Actor":{"ID":"c","Attributes":{}},"scope":"local","time":${nano / SECOND},"timeNano":${nano}}\n`
}
