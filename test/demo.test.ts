import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { WriteStream } from 'node:tty'
import { formatTime, Progress } from '../examples/demo/progress.ts'
import { demonstrateStandIn } from '../examples/demo/stand-in.ts'
import { processesNaming } from './support/processes.ts'
import { TYPESCRIPT } from './support/programs.ts'
import { lacks } from './support/requirements.ts'

const MAIN = fileURLToPath(new URL('../examples/demo/main.ts', import.meta.url))

type Demo = ChildProcessByStdio<null, Readable, Readable>

/** As from a pipe, and with a person's own Docker variables, which play no part. */
function startDemo(): Demo {
  const env = { ...process.env, DOCKER_HOST: 'tcp://192.0.2.1:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CONTEXT: 'none' }
  return spawn(process.execPath, [...TYPESCRIPT, MAIN], { stdio: ['ignore', 'pipe', 'pipe'], env })
}

/** Collects what it says, and how it ends. */
async function watch(
  demo: Demo,
  onText: (text: string) => void = () => undefined,
): Promise<[text: string, code: number]> {
  let text = ''
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      onText(text)
    })
  }
  const [code] = (await once(demo, 'close')) as [number]
  return [text, code]
}

class Screen {
  readonly isTTY: boolean
  text = ''
  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }
  write(text: string): boolean {
    this.text += text
    return true
  }
}

function progressOn(screen: Screen, env: NodeJS.ProcessEnv = {}): Progress {
  return new Progress(screen as unknown as WriteStream, env)
}

const REFUSALS = [
  /✔ Refused: plain HTTP .*\n.*HTTP 400, Client sent an HTTP request to an HTTPS server\n.*ERR_PLAINTEXT_REFUSED/,
  /✔ Refused: no certificate .*\n.*certificate required\n.*ERR_IDENTITY_REQUIRED/,
  /✔ Refused: a foreign CA .*\n.*unknown ca\n.*ERR_SERVER_CERT_UNTRUSTED/,
]

describe('the demo with a real daemon', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  test('does the main job, and leaves nothing', async () => {
    const before = await readdir(tmpdir())
    const [text, code] = await watch(startDemo())
    assert.equal(code, 0, text)
    assert.match(text, /ExecStart=\S+dockerd\n\s+-H unix:\S+\n\s+--tlsverify\n/)
    assert.match(text, /✔ Connected with this package: TLSv1\.3 to 127\.0\.0\.1, as demo/)
    assert.match(text, /✔ Connected with Docker's own command line, \d+/)
    assert.match(text, /✔ Ran a container .*: its root is user [1-9]\d+ on the host/)
    for (const refusal of REFUSALS) assert.match(text, refusal)
    assert.match(text, /\nNothing was left behind\.\n/)
    assert.doesNotMatch(text, /✖|not Docker/)
    assert.ok(!text.includes('\u001B'), 'no colours in a pipe')
    assert.deepEqual(await readdir(tmpdir()), before)
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`ends everything at ${signal}`, async () => {
      const before = await readdir(tmpdir())
      const demo = startDemo()
      let sent = false
      const [text, code] = await watch(demo, (said) => {
        if (sent || !said.includes('Started dockerd')) return
        sent = true
        demo.kill(signal)
      })
      assert.equal(code, expected, text)
      assert.match(text, /Interrupted\. All started processes have ended\. Nothing was left behind\./)
      assert.deepEqual(processesNaming('demo/inside.ts'), [])
      assert.deepEqual(processesNaming('dockerd'), [])
      assert.deepEqual(await readdir(tmpdir()), before)
    })
  }
})

test('the demo without a Docker Engine says so, connects to its stand-in, and is refused where it must be', async () => {
  const before = await readdir(tmpdir())
  const screen = new Screen(false)
  await demonstrateStandIn(progressOn(screen), 'this is a test')
  assert.match(screen.text, /^! This is not Docker:.*\n! .*because this is a test\n/)
  assert.match(screen.text, /✔ Connected with this package: TLSv1\.3 to 127\.0\.0\.1, as demo/)
  for (const what of ['plain HTTP', 'no certificate', 'a foreign CA']) {
    assert.match(screen.text, new RegExp(`✔ Refused: ${what} .*\n.*the stand-in: .*\n.*this package: ERR_`))
  }
  assert.deepEqual(await readdir(tmpdir()), before)
})

async function shown(isTTY: boolean, env: NodeJS.ProcessEnv): Promise<string> {
  const screen = new Screen(isTTY)
  await progressOn(screen, env).step(
    'Doing',
    () => Promise.resolve(),
    () => 'Did',
  )
  return screen.text.replace(/ {2,}\S*\d+ ms/, ' TIME')
}

describe('the progress that is shown', () => {
  const rows: [what: string, isTTY: boolean, env: NodeJS.ProcessEnv, colours: boolean, live: boolean][] = [
    ['a terminal', true, {}, true, true],
    ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false, true],
    ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false, false],
    ['a file', false, {}, false, false],
  ]
  for (const [what, isTTY, env, colours, live] of rows) {
    test(what, async () => {
      const text = await shown(isTTY, env)
      assert.equal(text.includes('\u001B[32m✔\u001B[0m'), colours)
      assert.equal(text.includes('Doing ...\r\u001B[K'), live)
      assert.match(text, /✔.* Did/)
    })
  }

  test('a step that fails keeps its name, and its error', async () => {
    const screen = new Screen(false)
    const failing = progressOn(screen).step(
      'Doing',
      () => Promise.reject(new Error('no')),
      () => 'Did',
    )
    await assert.rejects(failing, /^Error: no$/)
    assert.match(screen.text, /^✖ Doing /)
  })

  test('times', () => {
    assert.deepEqual([0.4, 12.3, 999.4, 1000, 26_049].map(formatTime), [
      '   0 ms',
      '  12 ms',
      ' 999 ms',
      '  1.0 s',
      ' 26.0 s',
    ])
  })
})
