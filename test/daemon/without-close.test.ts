import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { runCommand, type CommandResult } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { startSshd, type Sshd } from './harness/sshd.ts'
import { startTinyproxy, type Tinyproxy } from './harness/tinyproxy.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'ssh', 'sshd', 'tinyproxy', 'ip')

const INDEX = new URL('../../lib/index.ts', import.meta.url).href
/** Less than undici keeps an idle connection (4 s), which then would have held the app and let it go. */
const SOON_MS = 3_000
const GOES_ON = 9

/** How the daemon is reached. */
interface Way {
  readonly env: Readonly<Record<string, string>>
  readonly proxy?: string
}

/** An app of its own: it connects, does that, and has nothing more to do. */
function runApp({ env, proxy }: Way, lines: string): Promise<CommandResult> {
  const app = [
    `import { connect } from ${JSON.stringify(INDEX)}`,
    `const docker = await connect(${JSON.stringify({ proxy })})`,
    lines,
    `setTimeout(() => process.exit(${GOES_ON}), ${SOON_MS}).unref()`,
  ]
  const args = [...TYPESCRIPT, '--input-type=module', '-e', app.join('\n')]
  return runCommand(process.execPath, args, { env })
}

describe('an app that forgets close()', { skip }, () => {
  let daemon: SecuredDaemon
  let sshd: Sshd
  let tinyproxy: Tinyproxy
  let ways: readonly Way[]
  before(async () => {
    daemon = await startSecuredDaemon()
    const [local] = daemon.place.listen
    sshd = await startSshd({ dockerHost: local })
    tinyproxy = await startTinyproxy({ connectPort: daemon.place.port })
    ways = [
      { env: daemon.clientEnv },
      { env: daemon.clientEnv, proxy: `http://127.0.0.1:${tinyproxy.port}` },
      { env: { DOCKER_HOST: local } },
      { env: { DOCKER_HOST: `ssh://root@127.0.0.1:${sshd.port}` } },
    ]
  })
  after(async () => {
    await Promise.all([sshd.stop(), tinyproxy.stop()])
    await daemon.stop()
  })

  const rows: readonly (readonly [string, string, number])[] = [
    ['with idle connections', 'await Promise.all([docker.ping(), docker.ping(), docker.version()])', 0],
    [
      'after it has left a loop',
      'await docker.volumes.create({})\nfor await (const _ of docker.system.events({ since: 1 })) break',
      0,
    ],
    ['with a stream that is open', 'await docker.system.events()', GOES_ON],
    ['with a stream that is open, but closes', 'await docker.system.events()\nawait docker.close()', 0],
  ]
  for (const [what, lines, code] of rows) {
    test(`${what}: it ${code === 0 ? 'ends by itself' : 'goes on'}`, async () => {
      const all = await Promise.all(ways.map((way) => runApp(way, lines)))
      for (const [index, ran] of all.entries()) {
        assert.deepEqual([ran.code, ran.stderr], [code, ''], JSON.stringify(ways[index]))
      }
    })
  }
})
