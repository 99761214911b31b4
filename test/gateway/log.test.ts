import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  chmod,
  cp,
  link,
  lstat,
  mkdir,
  readdir,
  rename,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError, openAuditLog, verifyAuditLog, type AuditLog, type GatewayEvent } from '../../lib/gateway.ts'
import { groupBy } from '../../lib/base/group-by.ts'
import { loggedPath } from '../../lib/gateway/log/logged-path.ts'
import { definePolicy } from '../../lib/policy.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { answerOn, faultsOf, linesOf, pathIn, stall, write } from './support/log-files.ts'
import { dial, endOf, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { startOwnClock } from '../support/own-time.ts'

const ENDLESS = fileURLToPath(new URL('support/endless-log.ts', import.meta.url))
const eve = await newClient('eve')
const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'

const post = (target: string, value: object, fields = ''): string => {
  const text = JSON.stringify(value)
  return `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`
}

/** All files in the folder of a log. */
const filesBeside = async (path: string): Promise<string[]> =>
  (await readdir(join(path, '..'))).map((name) => join(path, '..', name))

const get = (line: string, fields = ''): string => `${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`

describe('the audit log of a gateway', () => {
  test('has a line before the daemon gets a request, and one at its end; its file is for its owner alone', async (t) => {
    const path = await pathIn(t)
    const atDaemon: string[] = []
    const daemon = await fakeDaemon(t, {
      answer: (_, response) =>
        void linesOf(path).then((lines) => {
          atDaemon.push(lines.map(({ event, operation }) => `${event} ${operation ?? ''}`.trim()).join(', '))
          response.end('OK')
        }),
    })
    const auditLog = await openAuditLog({ path })
    const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'baseline' }] })
    const { gateway, port } = await front(
      t,
      { socketPath: daemon.socketPath },
      { authorize: undefined, policy, auditLog },
    )
    const socket = await dial(t, port)
    socket.write('POST /build?t=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 1\r\n\r\nx')
    await readUntil(socket, 'OK')
    socket.write(PING)
    await readUntil(socket, 'OK')
    await gateway.close()
    await auditLog.close()
    assert.equal(atDaemon[0], 'open, begin images.build')
    const lines = await linesOf(path)
    assert.deepEqual(
      lines.map(({ n, event, operation, verdict, rule, level, status }) =>
        [n, event, operation, verdict, rule, level, status].join(' ').trim(),
      ),
      [
        '1 open',
        '2 begin images.build allow all baseline',
        '3 request images.build allow all baseline 200',
        '4 request system.ping allow all baseline 200',
        '5 close',
      ],
    )
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(`${path}.head`)).mode & 0o777, 0o600)
    const { faults, lines: count, hasHead, last } = await verifyAuditLog([path])
    assert.deepEqual([faults, count, hasHead, last?.n], [[], 5, true, 5])
    assert.deepEqual(await readdir(join(path, '..')), ['audit.log', 'audit.log.head'])
  })

  test('says who was cut or got a new certificate, and from where', async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path })
    const who = { identity: 'CN=ann', fingerprint: 'AA', address: '10.0.0.17' }
    const renewed = { serial: '0B', notAfter: '2026-11-28T08:00:00.000Z', origin: '0A' }
    await log.record({ event: 'cut', ...who, reason: 'RULE_ENDED' })
    await log.record({ event: 'cut', identity: 'socket agent', reason: 'RULE_ENDED' })
    await log.record({ event: 'renewal', ...who, ...renewed })
    await log.close()
    assert.deepEqual(
      (await linesOf(path)).slice(1, -1).map(({ n: _n, time: _time, previous: _previous, ...line }) => line),
      [
        { event: 'cut', ...who, reason: 'RULE_ENDED' },
        { event: 'cut', identity: 'socket agent', reason: 'RULE_ENDED' },
        { event: 'renewal', ...who, ...renewed },
      ],
    )
  })

  test('the daemon gets nothing until the line is written, and nothing at all if it cannot be', async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path })
    for (let index = 0; index < 50; index++) {
      await log.record({ event: 'cut', identity: `CN=client ${index}`, reason: 'X' })
      assert.ok(readFileSync(path, 'utf8').includes(`"CN=client ${index}"`))
    }
    await log.close()
    const daemon = await fakeDaemon(t)
    const written: ((isWritten: boolean) => void)[] = []
    const record = (): Promise<boolean> => new Promise((resolve) => written.push(resolve))
    const slow = { record, write: () => undefined, isReady: true, onFailure: () => () => undefined }
    const { port } = await front(t, { socketPath: daemon.socketPath }, { auditLog: slow as never })
    for (const [isWritten, status] of [
      [true, '200'],
      [false, '503'],
    ] as const) {
      const before = daemon.requests.length
      const socket = await dial(t, port)
      socket.write('POST /containers/a/start HTTP/1.1\r\nHost: x\r\n\r\n')
      const answer = readUntil(socket, /OK$|\}\n/)
      while (written.length === 0) await delay(10)
      await delay(50)
      assert.equal(daemon.requests.length, before)
      written.pop()?.(isWritten)
      assert.equal((await answer).slice(9, 12), status)
      assert.equal(daemon.requests.length, before + (isWritten ? 1 : 0))
    }
  })

  test('contains no secret', async (t) => {
    const path = await pathIn(t)
    const daemon = await fakeDaemon(t, { answer: (_, response) => void response.writeHead(201).end('{}\n') })
    const auditLog = await openAuditLog({ path })
    const policy = definePolicy({
      version: 1,
      rules: [
        { name: 'root', who: { commonName: 'eve' }, level: 'privileged' },
        { name: 'all', who: { any: true }, level: { enforce: 'baseline', audit: 'restricted', warn: 'restricted' } },
      ],
    })
    const { gateway, port, events } = await front(
      t,
      { socketPath: daemon.socketPath },
      { authorize: undefined, policy, auditLog },
    )
    const secret = 'hunter2'
    const base64 = Buffer.from(secret).toString('base64')
    const named = { [secret]: secret, token: secret }
    const body = {
      Image: 'alpine',
      Env: [`PASSWORD=${secret}`],
      Labels: named,
      Cmd: ['sh', '-c', secret],
      Entrypoint: [secret],
      Shell: [secret],
      OnBuild: [`ENV A=${secret}`],
      Hostname: secret,
      Domainname: secret,
      WorkingDir: `/${secret}`,
      Healthcheck: { Test: ['CMD', secret] },
      HostConfig: {
        Binds: [`/srv:/${secret}`],
        Mounts: [
          {
            Type: 'volume',
            Source: 'data',
            Target: `/${secret}`,
            VolumeOptions: {
              Labels: named,
              DriverConfig: {
                Name: 'local',
                Options: {
                  type: 'cifs',
                  o: `username=a,password=${secret}`,
                  device: `//a:${secret}@h/s`,
                  token: secret,
                },
              },
            },
          },
        ],
        Annotations: named,
        ExtraHosts: [`${secret}:10.0.0.1`],
        LogConfig: { Type: 'splunk', Config: { 'splunk-token': secret } },
        SecurityOpt: [`seccomp={"a":"${secret}"}`, `credentialspec=raw://${secret}`],
        StorageOpt: { size: secret },
        Sysctls: { 'kernel.domainname': secret },
        Tmpfs: { [`/${secret}`]: secret },
      },
    }
    const service = {
      Name: 'web',
      Labels: named,
      TaskTemplate: {
        ContainerSpec: {
          Image: 'alpine',
          Env: [`PASSWORD=${secret}`],
          Labels: named,
          Command: [secret],
          Args: [secret],
          HealthCheck: { Test: ['CMD', secret] },
          Privileges: { CredentialSpec: { Config: secret } },
        },
        LogDriver: { Name: 'splunk', Options: { 'splunk-token': secret } },
      },
    }
    const auth = `X-Registry-Auth: ${secret}\r\nX-Registry-Config: ${secret}\r\nAuthorization: ${secret}\r\n`
    const encoded = encodeURIComponent(JSON.stringify({ TOKEN: secret, [secret]: secret }))
    const remote = encodeURIComponent(`https://ann:${secret}@h/a.git?token=${secret}#${secret}`)
    const tar = `${auth}Content-Type: application/x-tar\r\nContent-Length: 0\r\n`
    const requests = [
      post('/containers/create?name=web', body),
      post('/containers/create', { ...body, HostConfig: {} }),
      post('/containers/create', { ...body, Image: `https://ann:${secret}@ghcr.io/app` }),
      post('/containers/create', { [secret]: 1 }),
      post('/containers/web/exec', { Cmd: [secret], Env: [`A=${secret}`], WorkingDir: `/${secret}`, User: '0' }),
      post('/services/create', service, auth),
      post('/secrets/create', { Name: 'a', Data: base64, Labels: { a: secret } }),
      post('/configs/create', { Name: 'a', Data: base64, Labels: { a: secret }, Templating: { Name: 'golang' } }),
      post('/volumes/create', { Name: 'v', Labels: named, DriverOpts: { o: `password=${secret}`, token: secret } }),
      post('/networks/create', { Name: 'n', Labels: named, Options: { token: secret } }),
      post('/auth', { username: 'me', password: secret, identitytoken: secret }),
      post('/swarm/init', { JoinToken: secret }),
      post('/swarm/join', { RemoteAddrs: ['10.0.0.1'], JoinToken: secret }),
      post('/swarm/unlock', { UnlockKey: secret }),
      post('/plugins/sshfs/set', [`password=${secret}`]),
      get('POST /images/create?fromImage=alpine', auth),
      get(`POST /images/create?fromImage=ann%3A${secret}%40ghcr.io%2Fapp`, auth),
      get(`POST /images/create?fromSrc=${remote}&repo=a&changes=ENV%20A%3D${secret}&message=${secret}`, auth),
      get(`POST /commit?container=web&repo=a&comment=${secret}&author=${secret}&changes=ENV%20A%3D${secret}`),
      get(`POST /build?t=a&buildargs=${encoded}&labels=${encoded}`, tar),
      get(`POST /build?t=a&remote=${remote}&outputs=${encoded}`, tar),
      get(`POST /v1.45/images/user:${secret}@reg/app/push`, auth),
      get(`POST /images/user%3A${secret}%40reg%2Fapp/push`, auth),
      get(`POST /plugins/user:${secret}@reg/app/enable`),
      get(`POST http://ann:${secret}@gw:2376/containers/web/start`),
      get(`GET /images/search?term=${secret}`, auth),
      get(`GET /containers/json?filters=${encodeURIComponent(JSON.stringify({ label: [`a=${secret}`] }))}`),
      get(`GET /containers/json?${secret}=1`),
    ]
    for (const client of [undefined, eve]) {
      const socket = await dial(t, port, { client })
      for (const request of requests) {
        socket.write(request)
        await readUntil(socket, /\}\n/)
      }
      socket.destroy()
    }
    await gateway.close()
    await auditLog.close()
    const text = await readFile(path, 'utf8')
    const lines = (await linesOf(path)).filter(({ event }) => event === 'request')
    assert.equal(lines.length, 2 * requests.length)
    for (const verdict of ['allow', 'refuse'])
      assert.ok(lines.filter((line) => line['verdict'] === verdict).length > 5, verdict)
    assert.match(
      text,
      /"operation":"containers.create","details":\{"image":"alpine","name":"web",[^\n]+"mounts":\["\/srv","data"\]/,
    )
    assert.match(text, /"remote":"https:\/\/h\/a.git"/)
    assert.match(text, /"LOG_DRIVER"/)
    assert.match(text, /"audit":\[\{"code":"NOT_HARDENED"/)
    for (const one of [secret, base64]) {
      assert.ok(
        !text.includes(one),
        text.split('\n').find((line) => line.includes(one)),
      )
      assert.ok(!JSON.stringify(events).includes(one))
    }
  })

  test('has paths without queries and logins', () => {
    const digest = `sha256:${'0a'.repeat(32)}`
    const encoded = digest.replace(':', '%3A')
    const rows: Readonly<Record<string, string>> = {
      '/_ping': '/_ping',
      '/build?remote=https://ann:pw@h/a.git': '/build',
      '/images/user:pw@reg/app/push': '/images/*@reg/app/push',
      '/images/user:pw@reg:5000/app:1/push?tag=2': '/images/*@reg:5000/app:1/push',
      '/images/user%3Apw%40reg%2Fapp/push': '/images/*%40reg%2Fapp/push',
      '/images/user%253Apw%2540reg/app/push': '/images/*%2540reg/app/push',
      '/images/user:p@w@reg/app/push': '/images/*@reg/app/push',
      '/images/user:pw@reg/ann:pw@app/push': '/images/*@reg/*@app/push',
      [`/images/app@${digest}/json`]: `/images/app@${digest}/json`,
      [`/images/reg:5000/app:1@${digest}`]: `/images/reg:5000/app:1@${digest}`,
      [`/images/app%40${encoded}/json`]: `/images/app%40${encoded}/json`,
      [`/images/user:pw@app@${digest}/json`]: `/images/*@app@${digest}/json`,
      // A host of that name, with its port.
      '/images/user:pw@sha256:5000/app/push': '/images/*@sha256:5000/app/push',
      'http://ann:pw@gw:2376/_ping': 'http://*@gw:2376/_ping',
      'http://ann:p/w@gw:2376/_ping': 'http://*@gw:2376/_ping',
      '/images/https://ann:p/w@reg/app/push': '/images/https://*@reg/app/push',
      'http://gw:2376/_ping': 'http://gw:2376/_ping',
      'ann:pw@gw:2376': '*@gw:2376',
      '': '',
    }
    for (const [target, path] of Object.entries(rows)) assert.equal(loggedPath(target), path)
    const ownTime = startOwnClock()
    for (const one of ['@', '/', '//@', '@sha256:', '%2540', 'a', '%25', '@/']) loggedPath(`/@${one.repeat(64 * 1024)}`)
    assert.ok(ownTime() < 1_000)
  })

  test('goes on after a restart, and marks a line that a crash has cut', async (t) => {
    const path = await pathIn(t)
    await write(path, 3)
    await write(path, 2)
    assert.deepEqual(
      (await linesOf(path)).map(({ n }) => n),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
    assert.deepEqual(await faultsOf(path), [])
    await truncate(path, (await stat(path)).size - 20)
    // A killed process has also left its head behind the log.
    await rm(`${path}.head`)
    assert.deepEqual(await faultsOf(path), ['torn 9'])
    await write(path, 1)
    const { faults, torn, lines } = await verifyAuditLog([path])
    assert.deepEqual([faults, torn, lines], [[], 1, 13])
    assert.match(await readFile(path, 'utf8'), /\n\{"n":10,"time":"[^"]+","event":"torn","bytes":\d+,/)
  })

  test('is whole after its process was killed, again and again', async (t) => {
    const path = await pathIn(t)
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [...TYPESCRIPT, ENDLESS, path], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await delay(100 + round * 50)
      child.kill('SIGKILL')
      await once(child, 'close')
      const files = await filesBeside(path)
      const { faults, lines, last, headless } = await verifyAuditLog(files)
      assert.deepEqual(headless, [])
      // A line that was cut last is marked by the next process.
      assert.deepEqual(
        faults.filter(({ kind }) => kind !== 'torn'),
        [],
      )
      assert.ok(lines > 50 * (round + 1) && last)
    }
  })

  test('what was cut or changed while no gateway ran stays visible', async (t) => {
    const rows: readonly (readonly [does: (lines: string[]) => string[], ...faults: string[]])[] = [
      [(lines) => lines.slice(0, -2), 'missing 4'],
      [(lines) => lines.map((line, index) => (index === 4 ? line.replace('close', 'clone') : line)), 'changed 5'],
      [() => [], 'missing 1'],
    ]
    for (const [does, ...faults] of rows) {
      const path = await pathIn(t)
      await write(path, 3)
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
      const changed = does(lines)
      await writeFile(path, changed.map((line) => `${line}\n`).join(''))
      await write(path, 1)
      assert.deepEqual(await faultsOf(path), faults)
    }
  })

  test('begins a new file when one is full, and the chain goes on', async (t) => {
    const path = await pathIn(t)
    await write(path, 20, { maxBytes: 1_000 })
    const filesNow = async (): Promise<string[]> => (await filesBeside(path)).filter((name) => !name.endsWith('.head'))
    const files = await filesNow()
    assert.ok(files.length > 3)
    const { faults, first, last, lines } = await verifyAuditLog(files)
    assert.deepEqual([faults, first?.n, last?.n], [[], 1, lines])
    for (const file of files) assert.equal((await stat(file)).mode & 0o777, 0o600)
    const [oldest = '', second = '', ...rest] = files.filter((name) => name !== path).toSorted()
    assert.deepEqual((await verifyAuditLog([second, ...rest, path])).faults, [])
    assert.deepEqual(
      (await verifyAuditLog([oldest, ...rest, path])).faults.map(({ kind }) => kind),
      ['missing'],
    )
    await write(path, 1, { maxBytes: 1_000 })
    assert.deepEqual((await verifyAuditLog(await filesNow())).faults, [])
  })

  for (const bytes of [0, 20])
    test(`goes on after a crash that left ${bytes} bytes in a new file`, async (t) => {
      const path = await pathIn(t)
      const copy = await pathIn(t)
      // On a slow disk, the head would name a line that the crash takes away, or another file begin while this one is copied.
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const now = t.mock.method(performance, 'now', () => 0)
      const log = await openAuditLog({ path, maxBytes: 1 })
      for (let index = 0; index < 5; index++) await log.record({ event: 'cut', identity: 'CN=a', reason: 'X' })
      await cp(join(path, '..'), join(copy, '..'), { recursive: true })
      now.mock.restore()
      t.mock.timers.reset()
      await log.close()
      await rm(`${copy}.lock`)
      await truncate(copy, bytes)
      const crashed = (await verifyAuditLog(await filesBeside(copy))).faults.map(({ kind }) => kind)
      assert.deepEqual(
        crashed.filter((kind) => kind !== 'missing'),
        bytes === 0 ? [] : ['torn'],
      )
      await write(copy, 1)
      const files = await filesBeside(copy)
      const { faults, lines } = await verifyAuditLog(files)
      assert.deepEqual(faults, [])
      assert.ok(files.length > 5 && lines > 8)
    })

  test('notices at once that another process writes to it, as from another container, and writes nothing between its lines', async (t) => {
    const path = await pathIn(t)
    const earlier = await openAuditLog({ path })
    const event = { event: 'cut', identity: 'CN=a', reason: 'X' } as const
    assert.equal(await earlier.record(event), true)
    await rm(`${path}.lock`)
    const later = await openAuditLog({ path })
    assert.equal(await earlier.record(event), false)
    assert.equal(await later.record(event), true)
    assert.match(String(earlier.failure), /something else has changed it[^]*Let nothing else write to it/)
    await assert.rejects(earlier.close(), { code: 'ERR_FILE_WRITE' })
    // The lock is that of the later one.
    await assert.rejects(openAuditLog({ path }), /is changing this audit log/)
    await later.close()
    assert.deepEqual(await faultsOf(path), [])
  })

  for (const [what, change] of [
    ['shortens it', (path: string) => truncate(path)],
    ['renames it', (path: string) => rename(path, `${path}.1`)],
  ] as const)
    test(`writes no more if something ${what}, and the same process can open it again`, async (t) => {
      const path = await pathIn(t)
      const event = { event: 'cut', identity: 'CN=a', reason: 'X' } as const
      const log = await openAuditLog({ path })
      assert.equal(await log.record(event), true)
      await change(path)
      assert.equal(await log.record(event), false)
      await assert.rejects(log.close(), { code: 'ERR_FILE_WRITE' })
      const again = await openAuditLog({ path })
      assert.equal(await again.record(event), true)
      await again.close()
    })

  for (const [what, own, others] of [
    ['has begun a new file', 100_000, 1],
    ['writes on, before it begins a new file itself', 1_000, 100_000],
  ] as const)
    test(`notices that another process ${what}`, async (t) => {
      const path = await pathIn(t)
      const event = { event: 'cut', identity: 'CN=a', reason: 'X' } as const
      const earlier = await openAuditLog({ path, maxBytes: own })
      while ((await lstat(path)).size < 1_000) assert.equal(await earlier.record(event), true)
      // Its head is written meanwhile. It begins a new file only with the next line.
      await delay(300)
      assert.deepEqual(
        (await filesBeside(path)).filter((name) => /\.\d+$/.test(name)),
        [],
      )
      await rm(`${path}.lock`)
      const later = await openAuditLog({ path, maxBytes: others })
      assert.equal(await later.record(event), true)
      assert.equal(await earlier.record(event), false)
      await assert.rejects(earlier.close(), { code: 'ERR_FILE_WRITE' })
      await later.close()
      assert.deepEqual((await verifyAuditLog(await filesBeside(path))).faults, [])
    })

  test('refuses what another user, or another file, could be behind', async (t) => {
    const opened: AuditLog[] = []
    const rows: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
      'it is a symbolic link': async (path) => {
        await writeFile(`${path}.other`, '')
        await symlink(`${path}.other`, path)
      },
      'it has another name': async (path) => {
        await writeFile(`${path}.other`, '')
        await link(`${path}.other`, path)
      },
      'it is a folder': (path) => mkdir(path),
      'there is no folder': (path) => rm(join(path, '..'), { recursive: true }),
      'its last line is not one of an audit log': (path) => writeFile(path, 'hello\n'),
      'audit.log.head: it is a symbolic link': async (path) => {
        await writeFile(`${path}.other`, '')
        await symlink(`${path}.other`, `${path}.head`)
      },
      'audit.log.head: it is a folder': (path) => mkdir(`${path}.head`),
      'other users may write to': (path) => chmod(join(path, '..'), 0o777),
      'could create the files of the log before you': (path) => chmod(join(path, '..'), 0o1777),
      'and could create the files of the log before you': (path) => chmod(join(path, '..'), 0o1770),
      'is changing this audit log': async (path) => opened.push(await openAuditLog({ path })),
    }
    for (const [got, prepare] of Object.entries(rows)) {
      const path = await pathIn(t)
      await prepare(path)
      const before = await lstat(path).catch(() => undefined)
      await assert.rejects(openAuditLog({ path }), (error) => {
        assert.ok(isDockerMtlsError(error, 'ERR_FILE_WRITE'), String(error))
        assert.ok(error.message.includes(got), error.message)
        return true
      })
      assert.equal((await lstat(path).catch(() => undefined))?.mode, before?.mode)
    }
    for (const log of opened) await log.close()
    for (const options of [{ path: '' }, { path: 'x', onFailure: 'stop' }, { path: 'x', maxBytes: 0 }, { file: 'x' }])
      await assert.rejects(openAuditLog(options as never), TypeError)
  })
})

describe('a slow disk, behind which 10,000 lines wait', () => {
  const START = 'POST /containers/a/start'
  for (const [onFailure, answer, daemonGets] of [
    ['refuse', '503LOG_FAILED', []],
    ['go on', '200', [START]],
  ] as const)
    test(`${onFailure}: a change whose line is not kept gets ${answer}`, async (t) => {
      const path = await pathIn(t)
      const daemon = await fakeDaemon(t)
      const auditLog = await openAuditLog({ path, onFailure })
      const { gateway, port, events } = await front(t, { socketPath: daemon.socketPath }, { auditLog })
      const stalled = stall(t)
      auditLog.write({ event: 'cut', identity: 'CN=a', reason: 'X' })
      await delay(20)
      for (let index = 0; index < 10_000; index++) auditLog.write({ event: 'cut', identity: 'CN=a', reason: 'X' })
      assert.equal(await answerOn(t, port, START), answer)
      assert.deepEqual(daemon.requests, daemonGets)
      while (!events.some(({ event }) => event === 'request')) await delay(5)
      stalled.abort()
      while (!readFileSync(path, 'utf8').includes('"event":"lost"')) await delay(20)
      assert.equal(await answerOn(t, port, START), '200')
      await gateway.close()
      await auditLog.close()
      const lines = await linesOf(path)
      assert.equal(lines.filter(({ event }) => event === 'begin').length, 1)
      // The beginning and the end of the first request.
      const { faults, lost } = await verifyAuditLog([path])
      assert.deepEqual([faults, lost], [[], 2])
    })

  test('refuse: nothing is done after the log was closed', async (t) => {
    const daemon = await fakeDaemon(t)
    const auditLog = await openAuditLog({ path: await pathIn(t) })
    const { port } = await front(t, { socketPath: daemon.socketPath }, { auditLog })
    await auditLog.close()
    assert.equal(await answerOn(t, port, START), '503LOG_FAILED')
    assert.deepEqual(daemon.requests, [])
  })
})

describe('clients that may not come in get few lines, and all are counted', () => {
  const REQUEST = { event: 'request', id: 1, identity: 'CN=bob', method: 'GET', path: '/', verdict: 'refuse' } as const
  const REFUSED = { ...REQUEST, reason: 'CERTIFICATE_REVOKED', status: 403, milliseconds: 1, bytesIn: 1, bytesOut: 1 }
  const CUT = { event: 'cut', identity: 'CN=bob', reason: 'too many connections' } as const
  const rows: readonly (readonly [GatewayEvent, counted: string])[] = [
    [{ event: 'handshake refused', reason: 'CERT_REVOKED' }, 'handshakes refused'],
    [REFUSED, 'requests refused'],
    [CUT, 'connections refused'],
  ]

  test('each kind for itself', async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path })
    for (const [event] of rows) for (let index = 0; index < 1_000; index++) log.write(event)
    await log.close()
    const lines = await linesOf(path)
    for (const [one, counted] of rows) {
      const alone = lines.filter(({ event }) => event === one.event).length
      const more = lines.reduce((sum, { event, count }) => sum + (event === counted ? Number(count) : 0), 0)
      assert.ok(alone >= 10 && alone <= 20, `${one.event}: ${alone}`)
      assert.equal(alone + more, 1_000)
    }
  })

  test('all others have a line each: allowed requests, other refusals, requests with a begin, and cut streams', async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path })
    const others: GatewayEvent[] = [
      { ...REFUSED, reason: 'IDENTITY_UNKNOWN' },
      { ...REFUSED, verdict: 'allow' },
      { ...REFUSED, operation: 'containers.start' },
      { ...CUT, reason: 'CERTIFICATE_REVOKED' },
    ]
    for (let index = 0; index < 1_000; index++) for (const event of others) log.write(event)
    await log.close()
    assert.equal((await linesOf(path)).length, 1 + others.length * 1_000 + 1)
  })

  test('a revoked certificate, whatever it sends', async (t) => {
    const path = await pathIn(t)
    const daemon = await fakeDaemon(t)
    const auditLog = await openAuditLog({ path })
    const { gateway, port, events } = await front(
      t,
      { socketPath: daemon.socketPath },
      { auditLog, limits: { connections: 20 } },
    )
    gateway.revoke(new X509Certificate(eve.cert))
    const silent = await Promise.all(Array.from({ length: 20 }, () => dial(t, port, { client: eve })))
    for (let round = 0; round < 30; round++) await endOf(await dial(t, port, { client: eve }))
    for (const socket of silent) socket.destroy()
    const sent = [
      PING.repeat(9),
      get('TRACE /'),
      get('GET /', 'Upgrade: x\r\n'),
      'nonsense\r\n\r\n',
      get('CONNECT a:1'),
    ]
    for (let round = 0; round < 8; round++)
      for (const one of sent) {
        const socket = await dial(t, port, { client: eve })
        const answer = readUntil(socket, /\}\n/)
        socket.write(one)
        assert.match(await answer, /^HTTP\/1\.1 403 [^]*CERTIFICATE_REVOKED[^]*Connection: close/i)
        await endOf(socket)
        socket.destroy()
      }
    assert.equal(await answerOn(t, port, 'GET /_ping'), '200')
    await gateway.close()
    await auditLog.close()
    const lines = await linesOf(path)
    const ofEve = lines.filter(({ identity }) => identity === 'CN=eve')
    const perSecond = groupBy(ofEve, ({ event, time }) => `${event} ${String(time).slice(0, 19)}`)
    for (const [second, some] of perSecond) assert.ok(some.length <= 10, second)
    const more = lines.reduce((sum, { event, count }) => sum + (event.endsWith('s refused') ? Number(count) : 0), 0)
    const all = events.filter((event) => 'identity' in event && event.identity === 'CN=eve').length
    const requests = events.filter((event) => event.event === 'request' && event.identity === 'CN=eve')
    assert.deepEqual([...new Set(requests.map((event) => 'reason' in event && event.reason))], ['CERTIFICATE_REVOKED'])
    assert.ok(all > 30 + 8 * sent.length, String(all))
    assert.equal(ofEve.length + more, all)
    assert.equal(lines.filter(({ event, identity }) => event === 'request' && identity !== 'CN=eve').length, 1)
  })
})

test('a refused request has a line with its reason, and one that cannot be read, too', async (t) => {
  const path = await pathIn(t)
  const daemon = await fakeDaemon(t)
  const auditLog = await openAuditLog({ path })
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }] })
  const { gateway, port } = await front(
    t,
    { socketPath: daemon.socketPath },
    { authorize: undefined, policy, auditLog },
  )
  const socket = await dial(t, port, { client: eve })
  socket.write(PING)
  await readUntil(socket, /\}\n/)
  socket.write('nonsense\r\n\r\n')
  await readUntil(socket, /\}\n/)
  gateway.revoke('0a')
  gateway.reload({ policy })
  await gateway.close()
  await auditLog.close()
  const lines = (await linesOf(path)).map(({ event, identity, verdict, reason, status, changed }) =>
    [event, identity, verdict, reason, status, changed].filter((one) => one !== undefined).join(' '),
  )
  assert.deepEqual(lines, [
    'open',
    'request CN=eve refuse IDENTITY_UNKNOWN 403',
    'request CN=eve refuse MALFORMED_REQUEST 400',
    'revoke 0a',
    'reload policy',
    'close',
  ])
})
