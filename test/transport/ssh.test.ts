import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { SshEndpoint } from '../../lib/endpoint/endpoint.ts'
import { connect, createDispatcher, isDockerMtlsError, parseHost, type ErrorCode } from '../../lib/index.ts'
import { sshArguments } from '../../lib/transport/ssh-arguments.ts'
import { SshStream, startSsh } from '../../lib/transport/ssh-stream.ts'
import { Semaphore } from '../../lib/base/semaphore.ts'
import { withPath, withSsh } from '../support/ssh-program.ts'
import { processesNaming } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startWatch } from '../support/watch.ts'

const skip = process.platform === 'win32' ? 'its programs are shell scripts' : false

async function failure(promise: Promise<unknown>): Promise<Error & { code: ErrorCode; got: string }> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  )
  assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
  return error
}

const ANSWER = String.raw`printf 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 0\r\n\r\n'`

describe('the command line of ssh', () => {
  const rows: [string, string[]][] = [
    ['ssh://h', ['--', 'h', 'docker', 'system', 'dial-stdio']],
    ['ssh://me@h:2222', ['-l', 'me', '-p', '2222', '--', 'h', 'docker', 'system', 'dial-stdio']],
    ['ssh://[::1]', ['--', '::1', 'docker', 'system', 'dial-stdio']],
    ['ssh://h/run/d.sock', ['--', 'h', 'docker', '--host', 'unix:///run/d.sock', 'system', 'dial-stdio']],
  ]
  for (const [host, ends] of rows) {
    test(host, () => {
      const args = sshArguments(parseHost(host) as SshEndpoint, 1_500)
      assert.deepEqual(args.slice(-ends.length), ends)
      const options = args.slice(0, -ends.length).join(' ')
      assert.match(options, /^-T -a -x -o BatchMode=yes .*-o ConnectTimeout=2$/)
      assert.doesNotMatch(options, /HostKey|KnownHosts/i)
    })
  }
})

describe('what ssh would take for an option, or a shell for its own', { skip }, () => {
  const WORDS = [
    '-oProxyCommand=touch${IFS}ran',
    '-l',
    '--',
    '',
    ' ',
    'a b',
    'a;b',
    '$(b)',
    '`b`',
    'a\nb',
    'a\0b',
    '*',
    "a'",
    '~',
  ]
  const endpoints: SshEndpoint[] = [
    ...[...WORDS, 'a@b', 'a:1', 'a/b', 'é', 'a'.repeat(256)].map((host): SshEndpoint => ({ kind: 'ssh', host })),
    ...[...WORDS, 'a:b', 'a@b'].map((user): SshEndpoint => ({ kind: 'ssh', host: 'h', user })),
    ...[...WORDS, 'x', '/a b', '/a;b', '/a/../b', '/a\n', '/'].map((socketPath): SshEndpoint => {
      return { kind: 'ssh', host: 'h', socketPath }
    }),
    ...[0, 65_536, -1, 1.5, Number.NaN, '22 -oProxyCommand=x', '22'].map((port): SshEndpoint => {
      return { kind: 'ssh', host: 'h', port: port as number }
    }),
  ]

  test('never gets to it, neither in a host nor in an endpoint made by hand', async (t) => {
    const folder = await withSsh(t, '#!/bin/sh\n: >"${0%/*}/ran"\n')
    for (const endpoint of endpoints) {
      const shown = JSON.stringify(endpoint)
      assert.throws(() => createDispatcher(endpoint), { code: 'ERR_HOST_INVALID' }, shown)
    }
    for (const host of [
      'ssh://-oProxyCommand=x',
      'ssh://-oProxyCommand=x@h',
      'ssh://h/-oProxyCommand=x y',
      'ssh://a:b@h',
    ]) {
      assert.equal((await failure(connect({ host }))).code, 'ERR_HOST_INVALID', host)
    }
    assert.equal(existsSync(join(folder, 'ran')), false, 'nothing was started')
    assert.equal((await failure(connect({ host: 'ssh://h' }))).code, 'ERR_CONNECTION_CLOSED')
    assert.ok(existsSync(join(folder, 'ran')), 'and the witness would have told')
  })
})

describe('a program that can not be run', { skip }, () => {
  test('is none: ERR_SSH_NOT_INSTALLED, also where the working directory has one', async (t) => {
    const folder = await withSsh(t, '#!/bin/sh\nexit 0\n')
    const cwd = process.cwd()
    t.after(() => process.chdir(cwd))
    process.chdir(folder)
    for (const path of ['', '.', ['', './', 'nowhere', '/nonexistent'].join(delimiter)]) {
      process.env['PATH'] = path
      assert.equal((await failure(connect({ host: 'ssh://h' }))).code, 'ERR_SSH_NOT_INSTALLED', JSON.stringify(path))
    }
  })

  test('is no program: ERR_SSH_FAILED', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'ssh'))
    withPath(t, folder)
    const error = await failure(connect({ host: 'ssh://h' }))
    assert.equal(error.code, 'ERR_SSH_FAILED')
    assert.match(error.got, /could not be started \(EACCES\)/)
  })
})

describe('what ssh and docker say', { skip }, () => {
  const rows: [stderr: string, exit: number | string, ErrorCode][] = [
    ['Host key verification failed.', 255, 'ERR_SSH_HOST_KEY_UNKNOWN'],
    ['WARNING: REVOKED HOST KEY DETECTED!\nHost key verification failed.', 255, 'ERR_SSH_HOST_KEY_CHANGED'],
    ['Received disconnect from h: Too many authentication failures', 255, 'ERR_SSH_LOGIN_REFUSED'],
    ['ssh: connect to host h port 22: No route to host', 255, 'ERR_HOST_UNREACHABLE'],
    ['ssh: connect to host h port 22: Connection timed out', 255, 'ERR_CONNECT_TIMEOUT'],
    ['kex_exchange_identification: Connection closed by remote host', 255, 'ERR_CONNECTION_RESET'],
    ['client_loop: send disconnect: Broken pipe', 255, 'ERR_CONNECTION_RESET'],
    ['Timeout, server h not responding.', 255, 'ERR_HOST_UNREACHABLE'],
    ['something new', 255, 'ERR_SSH_FAILED'],
    ['', 255, 'ERR_SSH_FAILED'],
    ['bash: docker: command not found', 127, 'ERR_SSH_DOCKER_MISSING'],
    ['', 126, 'ERR_SSH_DOCKER_MISSING'],
    ["'docker' is not recognized as an internal or external command", 1, 'ERR_SSH_DOCKER_MISSING'],
    ['Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 1, 'ERR_CONNECTION_REFUSED'],
    [
      'WARNING: Error loading config file: open /root/.docker/config.json: permission denied\n' +
        'failed to open the raw stream connection: dial unix /run/docker.sock: connect: connection refused',
      1,
      'ERR_CONNECTION_REFUSED',
    ],
    ['context "x" not found', 1, 'ERR_SSH_FAILED'],
    ['', 'kill -9 $$', 'ERR_SSH_FAILED'],
  ]
  for (const [stderr, exit, code] of rows) {
    test(`${code}: ${stderr || 'nothing'}, and ${exit}`, async (t) => {
      const end = typeof exit === 'number' ? `exit ${exit}` : exit
      await withSsh(t, `#!/bin/sh\nprintf '%s\\n' ${JSON.stringify(stderr)} >&2\n${end}\n`)
      const error = await failure(connect({ host: 'ssh://h' }))
      assert.equal(error.code, code, error.message)
      if (stderr !== '') assert.ok(error.got.includes(stderr.split('\n').at(-1) ?? ''), error.got)
    })
  }

  test('is shown at its end only, and without what a terminal would obey', async (t) => {
    const noise = 'x'.repeat(99)
    await withSsh(
      t,
      `#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do echo ${noise} >&2; done\nprintf '\\033[31mred' >&2\nexit 255\n`,
    )
    const { message } = await failure(connect({ host: 'ssh://h' }))
    assert.ok(message.length < 600, message)
    assert.match(message, /<U\+001B>\[31mred/)
  })

  const noisy: [what: string, output: string][] = [
    ['a greeting', `echo 'Last login: yesterday'`],
    ['a greeting before the answer', `echo hello; ${ANSWER}`],
    ['something after the answer', `${ANSWER}; echo more`],
    ['an endless line', `exec cat /dev/zero`],
    ['a head without end', `printf 'HTTP/1.1 200 OK\\r\\n'; exec yes 'X: y'`],
  ]
  for (const [what, output] of noisy) {
    test(`no daemon's answer, but ${what}: ERR_SERVER_NOT_DOCKER`, async (t) => {
      await withSsh(t, `#!/bin/sh\nPATH=/bin:/usr/bin\n(${output}) && sleep 30\n`)
      const error = await failure(connect({ host: 'ssh://h', connectTimeout: 8_000 }))
      assert.equal(error.code, 'ERR_SERVER_NOT_DOCKER', error.message)
    })
  }
})

/** Known by its length. */
const SLEEP = `sleep 987.${process.pid}`
const left = (): string[] => processesNaming(SLEEP)

describe('an ssh that hangs', { skip }, () => {
  /** Not even SIGTERM ends it, nor what it started. */
  const STUBBORN = `#!/bin/sh\nPATH=/bin:/usr/bin\ntrap '' TERM\n${SLEEP}\n${SLEEP}\n`

  test('is given up in time, and killed', async (t) => {
    await withSsh(t, STUBBORN)
    const dispatcher = createDispatcher(parseHost('ssh://h'), undefined, { connectTimeout: 300 })
    const began = startWatch()
    const error = await failure(dispatcher.request({ path: '/_ping', method: 'GET' }))
    assert.equal(error.code, 'ERR_CONNECT_TIMEOUT')
    assert.ok(began() < 1_500, `it took ${began()} ms`)
    await dispatcher.destroy()
    assert.deepEqual(left(), [], 'destroy() has waited for its end')
    assert.ok(began() < 4_500, `it took ${began()} ms`)
  })

  test('costs those that wait for their turn no more time than the first ones', async (t) => {
    await withSsh(t, STUBBORN)
    const dispatcher = createDispatcher(parseHost('ssh://h'), undefined, { connectTimeout: 500 })
    t.after(() => dispatcher.destroy())
    const began = startWatch()
    const errors = await Promise.all(Array.from({ length: 24 }, () => failure(dispatcher.open())))
    assert.ok(began() < 1_800, `it took ${began()} ms`)
    assert.deepEqual([...new Set(errors.map(({ code }) => code))], ['ERR_CONNECT_TIMEOUT'])
  })

  test('is left at once by an abort, and ended by it', async (t) => {
    await withSsh(t, STUBBORN)
    const dispatcher = createDispatcher(parseHost('ssh://h'))
    t.after(() => dispatcher.destroy())
    const [mine, began] = [new Error('mine'), startWatch()]
    const controller = new AbortController()
    const opening = assert.rejects(dispatcher.open(controller.signal), mine)
    for (let attempt = 0; attempt < 40 && left().length === 0; attempt++) await delay(25)
    controller.abort(mine)
    await opening
    assert.ok(began() < 1_500, 'at once')
    for (let attempt = 0; attempt < 80 && left().length > 0; attempt++) await delay(50)
    assert.deepEqual(left(), [])
  })
})

const start = async (script: string): Promise<SshStream> => {
  const child = await startSsh('/bin/sh', ['-c', script])
  return new SshStream(child, ({ code, stderr }) => (code === 0 ? undefined : new Error(`${code}: ${stderr.trim()}`)))
}

describe('the streams of a process as one', { skip }, () => {
  const MIB = Buffer.alloc(1 << 20, 'x')

  test('what was written comes back, after the end of the input, too', async () => {
    const stream = await start('cat; sleep 0.2; echo and more')
    const output = buffer(stream)
    await pipeline(Readable.from(Array.from({ length: 16 }, () => MIB)), stream, { end: true }).catch(() => undefined)
    const bytes = await output
    assert.equal(bytes.length, 16 * MIB.length + 'and more\n'.length)
    assert.ok(bytes.toString().endsWith('and more\n'), 'the rest of the output')
    assert.deepEqual(await stream.exit, { code: 0, stderr: '' })
  })

  test('a reader that is slow holds the process up, and a process that reads slowly the writer', async () => {
    const endless = await start('exec cat /dev/zero')
    endless.once('readable', () => undefined)
    await delay(200)
    assert.ok(endless.readableLength < 1 << 20, `${endless.readableLength} bytes are waiting`)
    endless.destroy()
    await once(endless, 'close')
    assert.equal((await endless.exit).code, null)

    const idle = await start('sleep 30')
    assert.equal(idle.write(MIB), false)
    await delay(200)
    assert.ok(idle.writableLength > 0, 'the rest waits here')
    idle.destroy()
    await once(idle, 'close')
  })

  test('why a process has ended comes as the error, and not EPIPE', async () => {
    const stream = await start('sleep 0.1; echo reason >&2; exit 7')
    const failed = once(stream, 'error')
    const interval = setInterval(() => stream.writable && stream.write(MIB), 5)
    const [error] = (await failed.finally(() => clearInterval(interval))) as [Error]
    assert.equal(error.message, '7: reason')
  })

  test('a process that has ended in peace is an end', async () => {
    const stream = await start('echo done')
    assert.equal(String(await buffer(stream)), 'done\n')
    if (!stream.closed) await once(stream, 'close')
    assert.equal(stream.errored, null)
  })

  test('stderr that something holds open delays nothing', async () => {
    const stream = await start('sleep 5 >&- & echo failed >&2; exit 9')
    const began = startWatch()
    const [error] = (await once(stream.resume(), 'error')) as [Error]
    assert.equal(error.message, '9: failed')
    assert.ok(began() < 2_000, `it took ${began()} ms`)
  })
})

test('semaphore are taken in order, given back after a failure, and not waited for after an abort', async () => {
  const semaphore = new Semaphore(2)
  const impatient = new AbortController()
  const order: number[] = []
  let [running, most] = [0, 0]
  const tasks = Array.from({ length: 9 }, (_, index) =>
    semaphore.run(
      async () => {
        order.push(index)
        most = Math.max(most, ++running)
        await delay(5)
        running--
        if (index % 2 === 0) throw new Error(`task ${index}`)
      },
      index === 5 ? impatient.signal : new AbortController().signal,
    ),
  )
  impatient.abort(new Error('enough'))
  const reasons = (await Promise.allSettled(tasks)).map((outcome) => {
    return outcome.status === 'rejected' ? (outcome.reason as Error).message : 'done'
  })
  assert.deepEqual(order, [0, 1, 2, 3, 4, 6, 7, 8])
  assert.equal(most, 2)
  assert.deepEqual(reasons, ['task 0', 'done', 'task 2', 'done', 'task 4', 'enough', 'task 6', 'done', 'task 8'])
})

test('who waits for a semaphore takes turns with others who wait', async () => {
  const semaphore = new Semaphore(1)
  const order: string[] = []
  const impatient = new AbortController()
  const tasks = ['bob', 'bob', 'bob', 'eve', 'alice', 'bob', 'alice'].map((whose) =>
    semaphore.run(async () => void order.push(whose), whose === 'eve' ? impatient.signal : undefined, whose),
  )
  impatient.abort(new Error('enough'))
  await Promise.allSettled(tasks)
  assert.deepEqual(order, ['bob', 'bob', 'alice', 'bob', 'alice', 'bob'])
})
