import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createMetrics, type GatewayOptions, type Metrics } from '../../lib/gateway.ts'
import { pingDaemon } from '../../lib/gateway/deciding/inspect.ts'
import { Health } from '../../lib/gateway/metrics/health.ts'
import { Counter } from '../../lib/gateway/metrics/text.ts'
import { createDispatcher, parseHost } from '../../lib/index.ts'
import { createAuthority, createCrl } from '../../lib/pki.ts'
import { definePolicy } from '../../lib/policy.ts'
import { dial, endOf, fakeDaemon, front, newClient, readUntil, serverTls, type FakeDaemon } from './support/fixture.ts'
import { until } from './support/until.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'

interface Started {
  readonly metrics: Metrics
  readonly daemon: FakeDaemon
  readonly port: number
  readonly get: (path: string, method?: string) => Promise<{ readonly status: number; readonly text: string }>
}

async function start(t: TestContext, options: Partial<GatewayOptions> = {}, identities = false): Promise<Started> {
  const metrics = await createMetrics({ listen: { port: 0 }, identities })
  t.after(() => metrics.close())
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => void (request.url === '/events' ? response.write('tick') : response.end('OK')),
  })
  const { port } = await front(t, { socketPath: daemon.socketPath }, { metrics, ...options })
  const { address } = metrics
  const get: Started['get'] = async (path, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, { method })
    return { status: answer.status, text: await answer.text() }
  }
  return { metrics, daemon, port, get }
}

test('a counter keeps so many sets of labels, and counts all others as one', () => {
  const counter = new Counter('x_total', 'X.')
  for (let number = 0; number < 5_010; number++) counter.add({ reason: `r${number}`, verdict: 'refuse' })
  counter.add({ reason: 'r0', verdict: 'refuse' })
  const lines = counter.render().filter((line) => !line.startsWith('#'))
  assert.equal(lines.length, 5_001)
  assert.ok(lines.includes('x_total{reason="r0",verdict="refuse"} 2'))
  assert.equal(lines.at(-1), 'x_total{reason="other",verdict="other"} 10')
})

describe('/metrics', () => {
  test('counts requests, refusals, streams, connections, handshakes and end dates', async (t) => {
    const policy = definePolicy({
      version: 1,
      rules: [{ name: 'a', who: { any: true }, level: { enforce: 'read-only', audit: 'read-only' } }],
    })
    const { get, port } = await start(t, { authorize: undefined, policy })
    const socket = await dial(t, port)
    for (const line of ['GET /_ping', 'GET /_ping', 'POST /containers/a/start', 'GET /nonsense']) {
      socket.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await readUntil(socket, /OK$|\}\n/)
    }
    const stream = await dial(t, port)
    stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    const nobody = await dial(t, port, { client: { ca: serverTls.ca } as never })
    await endOf(nobody)
    const { status, text } = await get('/metrics')
    assert.equal(status, 200)
    const has = (line: string): void => assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`)
    has('docker_mtls_gateway_requests_total{verdict="allow",operation="system.ping",reason=""} 2')
    has(
      'docker_mtls_gateway_requests_total{verdict="refuse",operation="containers.start",reason="OPERATION_REFUSED"} 1',
    )
    has('docker_mtls_gateway_requests_total{verdict="refuse",operation="",reason="OPERATION_UNKNOWN"} 1')
    has('docker_mtls_gateway_tried_level_refusals_total{mode="audit",operation="containers.start"} 1')
    has('docker_mtls_gateway_request_duration_seconds_count 4')
    has('docker_mtls_gateway_request_duration_seconds_bucket{le="+Inf"} 4')
    has('docker_mtls_gateway_connections 2')
    has('docker_mtls_gateway_open{kind="streams"} 1')
    has('docker_mtls_gateway_open{kind="requests"} 0')
    has('docker_mtls_gateway_handshakes_refused_total{reason="ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"} 1')
    has('docker_mtls_gateway_log_failing 0')
    assert.match(text, /^docker_mtls_gateway_end_timestamp_seconds\{kind="server",name="CN=[^"]+"\} \d{10}$/m)
    assert.match(text, /^docker_mtls_gateway_end_timestamp_seconds\{kind="ca",name="CN=[^"]+"\} \d{10}$/m)
    const sample = /^(?:# (?:HELP|TYPE) .+|[a-z_]+(?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? [\d.e+-]+|)$/
    for (const line of text.split('\n')) assert.match(line, sample)
    assert.doesNotMatch(text, /identity/)
  })

  test('names identities only if it is asked for, and limits how many names there are', async (t) => {
    let round = 0
    const authorize = (): never =>
      ({
        allow: false,
        status: 403,
        code: `CODE_${round++}`,
        message: '',
        decided: { operation: 'a"b\\c\nd' },
      }) as never
    const { get, port } = await start(t, { authorize }, true)
    const socket = await dial(t, port, { client: await newClient('bob') })
    for (let index = 0; index < 3; index++) {
      socket.write(PING)
      await readUntil(socket, /\}\n/)
    }
    const { text } = await get('/metrics')
    assert.ok(
      text.includes(String.raw`{verdict="refuse",operation="a\"b\\c\nd",reason="CODE_0",identity="CN=bob"} 1`),
      text,
    )
  })
})

test('the listener renders metrics once a second at most, and cuts a connection on which more than 4 requests are open', async (t) => {
  const metrics = await createMetrics({ listen: { port: 0 } })
  t.after(() => metrics.close())
  const began = performance.now()
  let asked = 0
  metrics.add({
    open: () => ({ connections: ++asked, requests: 0, streams: 0 }),
    ends: () => [],
    isLogFailing: () => false,
    ping: async () => undefined,
  })
  const ask = (count: number): Socket => {
    const socket = connect(metrics.address.port, '127.0.0.1')
    t.after(() => void socket.destroy())
    socket.on('error', () => {}).setEncoding('latin1')
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count))
    return socket
  }
  let answers = 0
  const greedy = ask(1_000).on('data', (text: string) => (answers += text.split('HTTP/1.1 200').length - 1))
  await Promise.race([endOf(greedy), delay(2_000)])
  assert.ok(answers <= 4, `${answers} answers`)
  for (let round = 0; round < 3; round++) await readUntil(ask(4), /connections \d\n/)
  assert.ok(asked <= 1 + (performance.now() - began) / 1_000, `rendered ${asked} times`)
  const before = asked
  await delay(1_000)
  assert.match(await (await fetch(`http://127.0.0.1:${metrics.address.port}/metrics`)).text(), /connections \d\n/)
  assert.equal(asked, before + 1)
})

const reasonsOf = (text: string): string[] =>
  (JSON.parse(text) as { reasons: { code: string }[] }).reasons.map(({ code }) => code)

describe('/healthz', () => {
  test('is 200 if all is well, and 503 with the reasons if the daemon does not answer', async (t) => {
    const { get, daemon } = await start(t)
    assert.deepEqual(await get('/healthz'), { status: 200, text: '{"ok":true,"reasons":[]}\n' })
    await daemon.close()
    await delay(1_100)
    const { status, text } = await get('/healthz')
    assert.deepEqual([status, reasonsOf(text)], [503, ['DAEMON_UNREACHABLE']])
  })

  test('names a log that fails, an expired list, a missing one, and a gateway that is closed', async (t) => {
    const failing = {
      record: async () => false,
      write: () => undefined,
      isReady: true,
      failure: new Error('full'),
      onFailure: () => () => undefined,
    }
    const { get } = await start(t, { auditLog: failing as never, crl: null })
    const { status, text } = await get('/healthz')
    assert.deepEqual([status, reasonsOf(text)], [503, ['LOG_FAILED', 'CRL_MISSING']])
    assert.match((await get('/metrics')).text, /^docker_mtls_gateway_log_failing 1$/m)
    const ca = await createAuthority()
    const old = new Date(Date.now() - 86_400_000)
    const { pem } = createCrl(ca, {
      number: 1,
      revoked: [],
      thisUpdate: old,
      nextUpdate: new Date(Date.now() - 1_000),
    })
    const expired = await start(t, { tls: { ...serverTls, ca: ca.certificate }, crl: pem })
    assert.deepEqual(reasonsOf((await expired.get('/healthz')).text), ['CRL_EXPIRED'])
    const alone = await createMetrics({ listen: { port: 0 } })
    t.after(() => alone.close())
    const answer = await fetch(`http://127.0.0.1:${alone.address.port}/healthz`)
    assert.deepEqual([answer.status, reasonsOf(await answer.text())], [503, ['NO_GATEWAY']])
  })

  test('ends a question to which the daemon gives no answer', async (t) => {
    const daemon = await fakeDaemon(t, { answer: () => undefined })
    const dispatcher = createDispatcher(parseHost(`unix://${daemon.socketPath}`))
    t.after(() => dispatcher.destroy())
    const source = {
      open: () => ({ connections: 0, requests: 0, streams: 0 }),
      ends: () => [],
      isLogFailing: () => false,
      ping: (signal: AbortSignal) => pingDaemon(dispatcher, { signal }),
    }
    assert.deepEqual(await new Health(100).faults([source]), [{ code: 'DAEMON_UNREACHABLE' }])
    assert.equal(daemon.requests.length, 1)
    await until(() => daemon.open() === 0, 'the daemon has no connection')
  })

  test('asks the daemon at most once a second', async (t) => {
    const { get, daemon } = await start(t)
    await Promise.all(Array.from({ length: 20 }, () => get('/healthz')))
    assert.equal(daemon.requests.length, 1)
  })

  test('asks again also after the clock was set back', async () => {
    let isUp = true
    const source = {
      open: () => ({ connections: 0, requests: 0, streams: 0 }),
      ends: () => [],
      isLogFailing: () => false,
      ping: () => (isUp ? Promise.resolve() : Promise.reject(new Error('down'))),
    }
    const health = new Health()
    assert.deepEqual(await health.faults([source]), [])
    isUp = false
    await delay(1_100)
    assert.deepEqual(await health.faults([source], Date.now() - 3_600_000), [{ code: 'DAEMON_UNREACHABLE' }])
  })
})

describe('the listener', () => {
  test('has no other paths and methods', async (t) => {
    const { get, daemon } = await start(t)
    for (const path of ['/', '/containers/json', '/metrics/', '/_ping']) assert.equal((await get(path)).status, 404)
    assert.equal((await get('/metrics', 'POST')).status, 405)
    assert.equal((await get('/metrics', 'HEAD')).text, '')
    assert.deepEqual(daemon.requests, [])
  })

  test('is on the loopback address unless others are asked for', async (t) => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.evil.example'])
      await assert.rejects(createMetrics({ listen: { host, port: 0 } }), TypeError)
    await assert.rejects(createMetrics({ listen: { port: -1 } }), TypeError)
    for (const host of ['127.0.0.1', 'localhost']) {
      const metrics = await createMetrics({ listen: { host, port: 0 } })
      t.after(() => metrics.close())
      assert.match(metrics.address.host, /^(?:127\.|::1)/)
    }
    const exposed = await createMetrics({ listen: { host: '0.0.0.0', port: 0, exposed: true } })
    t.after(() => exposed.close())
    assert.equal(exposed.address.host, '0.0.0.0')
  })
})
