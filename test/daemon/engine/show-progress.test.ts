import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, describe, test, type TestContext } from 'node:test'
import {
  BuildFailedError,
  showProgress,
  type DockerClient,
  type Progress,
  type ProgressMessage,
} from '../../../lib/index.ts'
import { screenOf } from '../../cli/support/screen.ts'
import { runCommand } from '../../support/command.ts'
import { TYPESCRIPT } from '../../support/programs.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { IMAGE } from '../harness/image.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')
const BUILDERS = ['buildkit', 'classic'] as const
const UTF8 = { LANG: 'C.UTF-8', NO_COLOR: '1' }

/** A terminal or a log. */
class Shown extends Writable {
  readonly isTTY: boolean
  readonly columns = 100
  readonly rows = 24
  text = ''

  constructor(isTTY: boolean) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }

  /** The lines that are left in the end. */
  get lines(): string[] {
    return this.isTTY ? screenOf(this.text, this.columns, this.rows) : this.text.split('\n')
  }
}

async function folderWith(t: TestContext, ...steps: string[]): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'Dockerfile'), [`FROM ${IMAGE}`, ...steps, ''].join('\n'))
  return folder
}

describe('showProgress', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let registry: Registry
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    registry = await startRegistry()
  })
  after(() => Promise.all([registry?.stop(), engine?.stop()]))

  for (const builder of BUILDERS) {
    test(`a build with ${builder}: its steps, its output, and its cache`, async (t) => {
      const folder = await folderWith(t, `RUN echo ${builder} && echo 'said this'; sleep 0.3`, 'LABEL a=b')
      for (const [isTTY, cached] of [
        [false, false],
        [true, true],
        [false, true],
      ] as const) {
        const output = new Shown(isTTY)
        const { ID } = await showProgress(docker.images.build(folder, { builder }), { output }, UTF8)
        assert.match(ID, /^sha256:/)
        const text = output.lines.join('\n')
        const step = `\\[2/[23]\\] RUN echo ${builder} .*`
        if (isTTY) assert.match(text, new RegExp(`^- ${step}  cached$`, 'm'))
        else if (cached) assert.match(text, new RegExp(`^#\\d+ ${step}\\n(.*\\n)*#\\d+ cached$`, 'm'))
        else
          assert.match(
            text,
            new RegExp(`^(#\\d+) ${step}\\n(.*\\n)*\\1 said this\\n(.*\\n)*\\1 done, \\d\\.\\d s$`, 'm'),
          )
        assert.equal(text.includes('said this\n'), !cached)
      }
    })

    test(`a build with ${builder} that fails: the step, its output and the error`, async (t) => {
      const folder = await folderWith(t, 'RUN echo why it failed && exit 3')
      for (const isTTY of [false, true]) {
        const output = new Shown(isTTY)
        await assert.rejects(showProgress(docker.images.build(folder, { builder }), { output }, UTF8), (error) => {
          assert.ok(error instanceof BuildFailedError)
          assert.equal(error.exitCode, 3)
          return true
        })
        const text = output.lines.join('\n')
        if (isTTY) assert.match(text, /^✗ \[2\/2\] RUN echo why it failed[^]*\n {3}why it failed\n$/m)
        else assert.match(text, /^(#\d+) why it failed\n(.*\n)*\1 failed after .*\n$/m)
      }
    })
  }

  test('a push, a pull, a load and ensure(), in both ways', async () => {
    for (const isTTY of [false, true]) {
      const mark = (words: string, layer = '[0-9a-f]{12}'): RegExp =>
        isTTY
          ? new RegExp(`^✓ ${layer}: ${words}(  \\d+ s)?$`, 'm')
          : new RegExp(`^${layer}: ${words}( \\d+.*B)?$`, 'm')
      const name = `${registry.host}/team/app:${isTTY}`
      const shownOf = async <Result>(call: Progress<ProgressMessage, Result>): Promise<string> => {
        const output = new Shown(isTTY)
        await showProgress(call, { output }, UTF8)
        return output.lines.join('\n')
      }
      await docker.images.tag(isTTY ? await made('terminal') : engine.image, name)
      assert.match(await shownOf(docker.images.push(name)), mark('(pushed|mounted from .*)'))
      assert.match(await shownOf(docker.images.push(name)), mark('exists already'))
      const tar = await docker.images.save(name)
      const saved: Buffer[] = []
      for await (const chunk of tar) saved.push(chunk as Buffer)
      await docker.images.remove(name, { force: true })
      assert.match(await shownOf(docker.images.pull(name)), /^Digest: sha256:[0-9a-f]{64}\nStatus: /m)
      assert.equal((await shownOf(docker.images.ensure(name))).trim(), '')
      await docker.images.remove(name, { force: true })
      assert.match(await shownOf(docker.images.load(Buffer.concat(saved))), /^Loaded image: /m)
      await assert.rejects(shownOf(docker.images.pull(`${registry.host}/team/none:1`)), /not found|unknown/)
    }
  })

  /** An image with a layer of its own. */
  async function made(text: string): Promise<string> {
    const Id = await engine.start({ Cmd: ['sh', '-c', `echo ${text} > /file`] })
    await docker.containers.wait(Id)
    const { Id: image } = await docker.images.commit(Id)
    return image
  }

  test('an abort leaves whole lines, and its own error', async (t) => {
    const folder = await folderWith(t, 'RUN echo going && sleep 100')
    for (const isTTY of [false, true]) {
      const output = new Shown(isTTY)
      const stop = new AbortController()
      const reason = new Error('enough')
      const building = docker.images.build(folder, { builder: 'buildkit', nocache: true, signal: stop.signal })
      const watch = setInterval(() => /going\n/.test(output.text) && stop.abort(reason), 50)
      t.after(() => clearInterval(watch))
      await assert.rejects(showProgress(building, { output }, UTF8), reason)
      assert.match(output.text, /\n$/)
      if (isTTY) assert.match(output.lines.join('\n'), /^✗ \[2\/2\] RUN echo going && sleep 100: not finished/m)
    }
  })

  test('process.stderr whose reader has left: the program still gets its result', async (t) => {
    const folder = await folderWith(t, 'RUN for i in $(seq 200); do echo line $i; done')
    const script = join(await temporaryFolder(t), 'build.ts')
    const library = new URL('../../../lib/index.ts', import.meta.url).href
    await writeFile(
      script,
      `import { connect, showProgress } from '${library}'
       const docker = await connect()
       const { ID } = await showProgress(docker.images.build(process.argv[2]!, { nocache: true }), { mode: 'plain' })
       console.log(ID)
       await docker.close()`,
    )
    const words = [process.execPath, ...TYPESCRIPT, script, folder].map((word) => `'${word}'`).join(' ')
    const { code, stdout, stderr } = await runCommand('bash', ['-c', `${words} 2> >(exec 0<&-; exit)`], {
      env: { HOME: '/nonexistent', ...engine.daemon.clientEnv },
    })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/)
  })
})
