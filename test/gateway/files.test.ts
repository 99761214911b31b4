import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { FollowedFiles } from '../../lib/gateway/files/follow.ts'
import { MOST_LIST_BYTES } from '../../lib/identity/crl.ts'
import { createAuthority, createCrl, createIssuer, createRequest, type Authority } from '../../lib/pki.ts'
import { recertifyIssuer } from '../../lib/pki/issuer.ts'
import { RENEWAL_PATH } from '../../lib/gateway/renewal/path.ts'
import { runCommand } from '../support/command.ts'
import { startOwnClock } from '../support/own-time.ts'
import { temporaryFolder } from '../support/temporary.ts'
import {
  clientOf,
  credentials,
  dial,
  endOf,
  front,
  newClient,
  newServerTls,
  readUntil,
  tickingDaemon,
} from './support/fixture.ts'
import type { Client, Fronted } from './support/fixture.ts'

const DAY = 86_400_000
const REST = 'certificates and policy'
const READ_ONLY = 'version: 1\nrules:\n  - { name: all, who: { any: true }, level: read-only }\n'
const RENEWING = READ_ONLY.replace('any: true', 'commonName: [alice, late]').replace(
  ' }\n',
  ', renew: { for: 10m } }\n',
)
const OTHERS = READ_ONLY.replace('any: true', 'commonName: other')

const NAMES = ['ca', 'cert', 'key', 'crl', 'policy', 'issuerCert', 'issuerKey'] as const
type Paths = Record<(typeof NAMES)[number], string>

let lists = 0
const crlOf = (...revoked: readonly Client[]): string => crlBy(credentials.authority, ...revoked)

function crlBy(authority: Authority, ...revoked: readonly Client[]): string {
  const entries = revoked.map(({ cert }) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() }))
  const dates = { thisUpdate: new Date(), nextUpdate: new Date(Date.now() + DAY) }
  return createCrl(authority, { revoked: entries, ...dates, number: ++lists }).pem
}

/** As an administrator replaces a file. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

interface Followed extends Fronted {
  readonly paths: Paths
  readonly reloads: string[]
  readonly failures: string[]
  readonly messages: string[]
}

async function start(t: TestContext, { lacksCrl = false, renews = false, policy = READ_ONLY } = {}): Promise<Followed> {
  const folder = await temporaryFolder(t)
  const paths = Object.fromEntries(NAMES.map((name) => [name, join(folder, name)])) as Paths
  const { ca, cert, key } = await newServerTls()
  const { cert: issuerCert, key: issuerKey } = await createIssuer(credentials.authority, { name: 'renewals' })
  const texts = { ca, cert, key, crl: crlOf(), policy, issuerCert, issuerKey }
  await Promise.all(NAMES.map((name) => writeFile(paths[name], texts[name])))
  if (lacksCrl) await rm(paths.crl)
  const followed = await FollowedFiles.read({
    tls: paths,
    crl: [paths.crl],
    mayLackCrl: lacksCrl,
    policy: paths.policy,
    ...(renews && { issuer: { cert: paths.issuerCert, key: paths.issuerKey } }),
  })
  const daemon = await tickingDaemon(t)
  const fronted = await front(t, { socketPath: daemon.socketPath }, { ...followed.contents, authorize: undefined })
  const reloads: string[] = []
  const failures: string[] = []
  const messages: string[] = []
  followed.follow(fronted.gateway, {
    onReload: (part) => reloads.push(part),
    onFailure: (part, error) => {
      failures.push(`${part}: ${isDockerMtlsError(error) ? error.code : String(error)}`)
      messages.push(String(error))
    },
  })
  t.after(async () => followed.stop())
  return { ...fronted, paths, reloads, failures, messages }
}

/** The status of a ping on a new connection, and the reason of the gateway. `undefined`: the handshake was refused. */
async function ping(t: TestContext, { port }: Fronted, client?: Client): Promise<string | undefined> {
  const socket = await dial(t, port, { client }).catch(() => undefined)
  if (socket === undefined) return undefined
  const answer = await ask(socket)
  socket.destroy()
  return answer
}

async function ask(socket: TLSSocket): Promise<string | undefined> {
  socket.write('GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n')
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)/)
  if (answer === '') return undefined
  const reason = /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${reason === undefined ? '' : ` ${reason}`}`
}

async function until(what: string, holds: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const began = performance.now()
  while (!(await holds())) {
    assert.ok(performance.now() - began < milliseconds, `in vain: ${what}`)
    await delay(20)
  }
}

/** Of the time of this process, in which the gateway runs. */
async function withinASecond(change: () => Promise<void>): Promise<void> {
  const stop = startOwnClock()
  await change()
  const milliseconds = stop()
  assert.ok(milliseconds <= 1_000, `it took ${milliseconds} ms`)
}

const CHANGES = [
  [OTHERS, '403 IDENTITY_UNKNOWN'],
  [READ_ONLY, '200'],
  [OTHERS, '403 IDENTITY_UNKNOWN'],
] as const

describe('a gateway follows its files', () => {
  test('a policy is in force within a second', async (t) => {
    const followed = await start(t)
    assert.equal(await ping(t, followed), '200')
    for (const [round, [policy, answer]] of CHANGES.entries()) {
      await withinASecond(async () => {
        await replace(followed.paths.policy, policy)
        await until('in force', async () => (await ping(t, followed)) === answer)
      })
      assert.deepEqual([followed.reloads, followed.failures], [Array(round + 1).fill(REST), []])
    }
  })

  test('looks at no file while nothing changes, and a revocation is in force within a second nevertheless', async (t) => {
    const followed = await start(t)
    const client = await newClient('bob')
    // Until it relies on the watch.
    await delay(2_000)
    const looks = t.mock.method(fs, 'stat')
    for (const revoked of [[client], [client, await newClient('late')]]) {
      looks.mock.resetCalls()
      await delay(3_000)
      assert.equal(looks.mock.callCount(), 0)
      const before = followed.reloads.length
      await withinASecond(async () => {
        await replace(followed.paths.crl, crlOf(...revoked))
        await until('in force', () => followed.reloads.length > before)
      })
      assert.equal(await ping(t, followed, client), '403 CERTIFICATE_REVOKED')
      await delay(2_000)
    }
  })

  test('a policy that is half written changes nothing, is said once, and recovers by itself', async (t) => {
    const followed = await start(t)
    await writeFile(followed.paths.policy, OTHERS.slice(0, 20))
    await until('said', () => followed.failures.length > 0)
    assert.equal(await ping(t, followed), '200')
    await delay(1_200)
    assert.deepEqual([followed.reloads, followed.failures], [[], [`${REST}: ERR_POLICY_INVALID`]])
    await writeFile(followed.paths.policy, OTHERS)
    await until('recovered', async () => (await ping(t, followed)) === '403 IDENTITY_UNKNOWN')
    assert.deepEqual(followed.reloads, [REST])
  })

  test('a policy that is gone stays in force', async (t) => {
    const followed = await start(t)
    await rm(followed.paths.policy)
    await until('said', () => followed.failures.length > 0)
    assert.deepEqual(followed.failures, [`${REST}: ERR_FILE_READ`])
    assert.equal(await ping(t, followed), '200')
  })

  test('a revocation list refuses its clients and cuts their streams within a second', async (t) => {
    const followed = await start(t)
    for (let round = 0; round < 3; round++) {
      const bob = await newClient('bob')
      const stream = await dial(t, followed.port, { client: bob })
      stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
      await readUntil(stream, 'tick')
      const ended = endOf(stream)
      await withinASecond(async () => {
        await replace(followed.paths.crl, crlOf(bob))
        await ended
      })
      assert.equal(await ping(t, followed, bob), '403 CERTIFICATE_REVOKED')
      assert.equal(await ping(t, followed), '200')
    }
  })

  test('also while the client sends what takes long to judge', async (t) => {
    const followed = await start(t, { policy: READ_ONLY.replace('read-only', 'baseline') })
    const values = `[${'{},'.repeat(90_000)}{}]`
    const quota = `${'{"a":'.repeat(95)}${values}${'}'.repeat(95)}`
    const body = `{"Image":"a","HostConfig":{"NetworkMode":"none","DiskQuota":${quota}}}`
    const head = `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
    const costly = Buffer.from(`${head}\r\n\r\n${body}`)
    const bob = await newClient('bob')
    const stream = await dial(t, followed.port, { client: bob })
    stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    let answers = 0
    for (let index = 0; index < 16; index++) {
      const socket = await dial(t, followed.port, { client: bob })
      socket.on('data', () => {
        answers++
        socket.write(costly)
      })
      socket.write(costly)
    }
    await until('judged', () => answers > 0)
    const ended = endOf(stream)
    await withinASecond(async () => {
      await replace(followed.paths.crl, crlOf(bob))
      await ended
    })
    assert.deepEqual(followed.failures, [])
  })

  test('without its revocation list everybody is refused, until it is back', async (t) => {
    const followed = await start(t)
    await rm(followed.paths.crl)
    await until('refused', async () => (await ping(t, followed)) === '503 CRL_MISSING')
    assert.deepEqual(followed.failures, ['revocation lists: ERR_FILE_READ'])
    await writeFile(followed.paths.crl, crlOf())
    await until('recovered', async () => (await ping(t, followed)) === '200')
  })

  test('a revocation list that is older than the one in force is not used, nor one that can not be read', async (t) => {
    const followed = await start(t)
    const bob = await newClient('bob')
    const older = crlOf()
    await delay(1_100)
    await replace(followed.paths.crl, crlOf(bob))
    await until('reloaded', () => followed.reloads.length > 0)
    await replace(followed.paths.crl, older)
    await until('said', () => followed.failures.length > 0)
    await replace(followed.paths.crl, older.slice(0, 200))
    await until('said, too', () => followed.failures.length > 1)
    assert.deepEqual(followed.failures, Array(2).fill('revocation lists: ERR_CRL_INVALID'))
    assert.equal(await ping(t, followed, bob), '403 CERTIFICATE_REVOKED')
    assert.equal(await ping(t, followed), '200')
  })

  test('a list that was never there may be missing, and is required once it is there', async (t) => {
    const followed = await start(t, { lacksCrl: true })
    const bob = await newClient('bob')
    await delay(4_000)
    assert.equal(await ping(t, followed, bob), '200')
    await writeFile(followed.paths.crl, crlOf(bob))
    await until('reloaded', () => followed.reloads.length > 0)
    assert.equal(await ping(t, followed, bob), '403 CERTIFICATE_REVOKED')
    assert.deepEqual(followed.failures, [])
    await rm(followed.paths.crl)
    await until('refused', async () => (await ping(t, followed)) === '503 CRL_MISSING')
  })

  test('the beginning of a policy is not used while the rest is being written', async (t) => {
    const followed = await start(t)
    const whole = READ_ONLY.replace('level: read-only', 'level: read-only, deny: { operations: [containers.list] }')
    for (let round = 1; round <= 4; round++) {
      await writeFile(followed.paths.policy, `${READ_ONLY}# ${round}\n`)
      await delay(100)
      await writeFile(followed.paths.policy, `${whole}# ${round}\n`)
      await until('in force', () => followed.reloads.length >= round)
      assert.equal(await ping(t, followed), '403 OPERATION_REFUSED')
      assert.equal(followed.reloads.length, round)
    }
  })

  test('a pipe in the place of the revocation list refuses everybody only as long as it is there', async (t) => {
    const followed = await start(t)
    for (const milliseconds of [1_500, 4_500]) {
      await rm(followed.paths.crl)
      assert.equal((await runCommand('mkfifo', [followed.paths.crl])).code, 0)
      await delay(milliseconds)
      assert.equal(await ping(t, followed), milliseconds < 3_000 ? '200' : '503 CRL_MISSING')
      const seen = followed.reloads.length
      await replace(followed.paths.crl, crlOf())
      await until('reloaded', () => followed.reloads.length > seen)
      assert.equal(await ping(t, followed), '200')
    }
    assert.deepEqual(followed.failures, ['revocation lists: ERR_FILE_READ'])
  })

  test('a revocation list that is too large refuses everybody, and is never read', async (t) => {
    const followed = await start(t)
    await writeFile(followed.paths.crl, '')
    await truncate(followed.paths.crl, 600 * 1024 * 1024)
    const before = process.memoryUsage.rss()
    await until('refused', async () => (await ping(t, followed)) === '503 CRL_MISSING')
    assert.ok(process.memoryUsage.rss() - before < 100 * 1024 * 1024)
    assert.match(followed.messages.join(), /crl: it has more than 4194304 bytes, which is too large/)
    await assert.rejects(FollowedFiles.read({ crl: [followed.paths.crl], policy: followed.paths.policy }), {
      code: 'ERR_FILE_READ',
    })
    await replace(followed.paths.crl, crlOf())
    await until('recovered', async () => (await ping(t, followed)) === '200')
  })

  test('revocation lists that are too large together are not used', async (t) => {
    const followed = await start(t)
    const at = new Date()
    const entries = Array.from({ length: 45_000 }, (_, index) => ({
      serialNumber: `7f${'0'.repeat(32)}${100_000 + index}`,
      at,
    }))
    const long = (): string =>
      createCrl(credentials.authority, { revoked: entries, nextUpdate: new Date(Date.now() + DAY), number: ++lists })
        .pem
    const [one, two] = [long(), long()]
    assert.ok(one.length < MOST_LIST_BYTES && one.length + two.length > MOST_LIST_BYTES)
    assert.doesNotThrow(() => followed.gateway.reload({ crl: one }))
    assert.throws(() => followed.gateway.reload({ crl: `${one}\n${two}` }), /it has more than 4194304 bytes/)
  })

  test('a file that is never read to its end does not keep a revocation list from being used within a second', async (t) => {
    const followed = await start(t)
    await rm(followed.paths.policy)
    assert.equal((await runCommand('mkfifo', [followed.paths.policy])).code, 0)
    const bob = await newClient('bob')
    await withinASecond(async () => {
      await replace(followed.paths.crl, crlOf(bob))
      await until('refused', async () => (await ping(t, followed, bob)) === '403 CERTIFICATE_REVOKED', 20_000)
    })
    assert.equal(await ping(t, followed), '200')
    await until('said', () => followed.failures.length > 0)
    assert.deepEqual(followed.failures, [`${REST}: ERR_FILE_READ`])
  })

  test('certificate and key may be replaced one after the other', async (t) => {
    const followed = await start(t)
    const { cert, key } = await newServerTls()
    await replace(followed.paths.key, key)
    await delay(1_200)
    assert.equal(await ping(t, followed), '200')
    await replace(followed.paths.cert, cert)
    await until('reloaded', () => followed.reloads.includes(REST))
    const socket = await dial(t, followed.port)
    assert.equal(socket.getPeerX509Certificate()?.fingerprint256, new X509Certificate(cert).fingerprint256)
    assert.deepEqual(followed.failures, [])
  })

  test('nobody notices while everything is replaced: certificate, key, CAs, lists, policy and issuer', async (t) => {
    const followed = await start(t, { renews: true })
    const { paths, port } = followed
    const other = await createAuthority()
    const late = await clientOf(other, 'late')
    const firstIssuer = new X509Certificate(await readFile(paths.issuerCert))
    const stream = await dial(t, port)
    stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    const over = new AbortController()
    const answers: (string | undefined)[] = []
    // At each moment, requests are open: on connections that stay, and in new ones.
    const repeat = async (call: () => Promise<string | undefined>): Promise<void> => {
      while (!over.signal.aborted) answers.push(await call())
    }
    const kept = await Promise.all([1, 2, 3].map(() => dial(t, port)))
    const calls = [
      ...kept.map((socket) => repeat(() => ask(socket))),
      ...[1, 2, 3].map(() => repeat(() => ping(t, followed))),
    ]
    for (let round = 0; round < 6; round++) {
      const seen = followed.reloads.length
      const isOdd = round % 2 === 1
      const { ca, cert, key } = await newServerTls()
      const issuer = recertifyIssuer(credentials.authority, firstIssuer, 30 + round)
      const texts = {
        ca: isOdd ? ca : other.certificate + ca,
        key,
        cert,
        crl: crlOf() + crlBy(other),
        policy: `${RENEWING}# ${round}\n`,
        issuerCert: issuer.cert,
      }
      for (const [name, text] of Object.entries(texts)) await replace(paths[name as keyof Paths], text)
      await until('reloaded', () => followed.reloads.length >= seen + 2)
      // A certificate can be renewed once in a second.
      const socket = await dial(t, port, { client: await newClient('alice') })
      assert.equal(socket.getPeerX509Certificate()?.fingerprint256, new X509Certificate(cert).fingerprint256)
      assert.equal(await ping(t, followed, late), isOdd ? undefined : '200')
      const { request } = await createRequest({ name: 'x' })
      socket.write(`POST ${RENEWAL_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${request.length}\r\n\r\n${request}`)
      const renewed = JSON.parse((await readUntil(socket, /\}\n?$/)).replace(/^[^{]*/, '')) as { certificate: string }
      assert.ok(renewed.certificate.includes(issuer.cert.trim()))
    }
    over.abort()
    await Promise.all(calls)
    assert.ok(answers.length > 300, `only ${answers.length} calls`)
    assert.deepEqual([...new Set(answers)], ['200'])
    assert.match(await readUntil(stream, 'tick'), /tick/)
    assert.deepEqual([followed.failures, followed.events.filter(({ event }) => event === 'cut')], [[], []])
  })
})
