import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createCrl } from '../../lib/pki.ts'
import { CLI, runProcess } from '../cli/support/run-cli.ts'
import { cleanEnvironment } from '../support/command.ts'
import { runFaked } from '../support/faketime.ts'
import { freePort, isListening } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { credentials, dial, endOf, fakeDaemon, readUntil, serverTls } from './support/fixture.ts'

const DAY_MS = 86_400_000
const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'

/** Starts `gateway run` with a clock that a file moves, and returns what moves it. */
async function startWithClock(t: { after(end: () => Promise<void>): void }) {
  const folder = await temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => {
      if (request.url?.startsWith('/events') !== true) return void response.end('OK')
      const timer = setInterval(() => response.write('tick\n'), 20)
      response.once('close', () => clearInterval(timer))
    },
  })
  const list = createCrl(credentials.authority, {
    revoked: [],
    thisUpdate: new Date(Date.now() - 3_600_000),
    nextUpdate: new Date(Date.now() + 30 * DAY_MS),
    number: 1,
  })
  await writeFile(at('policy.yaml'), 'version: 1\nrules: [{ name: all, who: { any: true }, level: read-only }]\n')
  await writeFile(at('ca.pem'), serverTls.ca)
  await writeFile(at('server-cert.pem'), serverTls.cert)
  await writeFile(at('server-key.pem'), serverTls.key, { mode: 0o600 })
  await writeFile(at('crl.pem'), list.pem)
  const move = async (offset: string): Promise<void> => {
    await writeFile(at('clock.new'), offset)
    await rename(at('clock.new'), at('clock'))
  }
  await move('+0d')
  const port = await freePort()
  const { stdout: library } = await runFaked('+0d', ['printenv', 'LD_PRELOAD'], {})
  assert.notEqual(library.trim(), '')
  const words = ['gateway', 'run', '--listen', `127.0.0.1:${port}`, '--policy', at('policy.yaml'), '--from', folder]
  const [file, ...args] = [...CLI, ...words, '--log', at('audit.log'), '--host', `unix://${daemon.socketPath}`]
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: cleanEnvironment({
      LD_PRELOAD: library.trim(),
      FAKETIME_TIMESTAMP_FILE: at('clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }),
  })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  for (let round = 0; !(await isListening(port)); round++) {
    assert.ok(round < 800 && child.exitCode === null, 'it does not listen')
    await delay(50)
  }
  return { port, move, log: at('audit.log'), stop: () => (child.kill('SIGTERM'), closed) }
}

describe('a gateway whose clock is moved', { skip: lacks('faketime') }, () => {
  test('refuses what is not valid then, cuts its streams, and recovers by itself', async (t) => {
    const { port, move, log, stop } = await startWithClock(t)
    let open = await dial(t, port)
    const ask = async (): Promise<string> => {
      open.write(PING)
      const answer = await readUntil(open, /\r\n\r\n(?:OK|.*\}\n)/)
      return `${answer.slice(9, 12)} ${/x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1] ?? ''}`.trim()
    }
    const listen = async (): Promise<{ isCut: (milliseconds: number) => Promise<boolean> }> => {
      const stream = await dial(t, port)
      stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
      await readUntil(stream, 'tick')
      const end = endOf(stream).then(() => true)
      return { isCut: (milliseconds) => Promise.race([end, delay(milliseconds, false)]) }
    }
    assert.equal(await ask(), '200')
    const first = await listen()

    // The list lasts 30 days, the certificate longer.
    await move('+40d')
    assert.equal(await ask(), '503 CRL_EXPIRED')
    assert.equal(await first.isCut(1_500), false)
    await move('+2000d')
    assert.equal(await ask(), '403 CERTIFICATE_EXPIRED')
    assert.equal(await first.isCut(10_000), true)
    const late = await dial(t, port)
    late.write(PING)
    assert.equal(await Promise.race([readUntil(late, 'HTTP'), endOf(late).then(() => '')]), '')

    await move('+0d')
    open = await dial(t, port)
    assert.equal(await ask(), '200')
    const second = await listen()
    await move('-2000d')
    // Its CA isn't valid yet, either.
    assert.equal(await ask(), '403 CERTIFICATE_UNTRUSTED')
    assert.equal(await second.isCut(10_000), true)

    await move('+0d')
    open = await dial(t, port)
    assert.equal(await ask(), '200')
    await listen()
    await stop()
    const verified = await runProcess(['gateway', 'log', 'verify', log])
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    const years = new Set((await readFile(log, 'utf8')).match(/"time":"\d{4}/g))
    assert.ok(years.size >= 3, [...years].join())
  })
})
