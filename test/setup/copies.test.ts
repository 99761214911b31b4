import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { PREAMBLE } from '../../lib/host/shell.ts'
import { copiesScript, parseCopies } from '../../lib/setup/gateway/copies.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = await temporaryFolder()
const root = join(folder, 'copies')
const units = join(folder, 'units')

const copy = (digit: string): string => `0.2.0-${digit.repeat(12)}`
const FREE = copy('a')
const OF_GATEWAY = copy('b')
const OF_PLUGIN = copy('c')
const RUNNING = copy('d')
const ENTERED = copy('e')
const FOREIGN = ['0.2.0-notes', '9-abc-12345678', `x${copy('f')}`, 'notes.txt', copy('9'), copy('8')]
const GATEWAY = 'docker-mtls-gateway.service'

const exec = (name: string): string => `[Service]\nExecStart=/usr/bin/node ${join(root, name)}/dist/cli/main.js\n`

async function found(values: { leaving?: string; removes?: boolean } = {}): Promise<string[]> {
  const script = PREAMBLE + copiesScript({ root, units: [units, join(folder, 'none')], ...values })
  const { code, stdout, stderr } = await runCommand('sh', [], { input: script })
  assert.equal(code, 0, stderr)
  return stdout.trim().split('\n').toSorted()
}

describe('the copies of docker-mtls on a host', () => {
  before(async () => {
    for (const name of [FREE, OF_GATEWAY, OF_PLUGIN, RUNNING, ENTERED, '.copy.Ab3xYz', '0.2.0-notes', '9-abc-12345678'])
      await mkdir(join(root, name, 'dist'), { recursive: true })
    await mkdir(join(root, `x${copy('f')}`))
    await writeFile(join(root, 'notes.txt'), 'mine')
    await writeFile(join(root, copy('9')), 'a file')
    await symlink('/srv', join(root, copy('8')))
    await mkdir(join(units, 'plugin.service.d'), { recursive: true })
    await writeFile(join(units, GATEWAY), exec(OF_GATEWAY))
    await writeFile(join(units, 'plugin.service.d', 'run.conf'), exec(OF_PLUGIN))
  })

  test('go if nothing uses them; those of a unit or a process stay, and so do files of others', async (t) => {
    const path = join(root, RUNNING, 'dist', 'main.js')
    await writeFile(path, 'process.stdin.resume()')
    const processes = [spawn(process.execPath, [path]), spawn('sleep', ['60'], { cwd: join(root, ENTERED) })]
    t.after(() => processes.map((one) => one.kill('SIGKILL')))
    await Promise.all(processes.map((one) => once(one, 'spawn')))

    const used = [`process ${RUNNING}`, `process ${ENTERED}`, `unit ${OF_PLUGIN}`]
    const ofGateway = [`unit ${OF_GATEWAY}`]
    const free = [`remove ${FREE}`, 'remove .copy.Ab3xYz']
    assert.deepEqual(await found(), [...used, ...ofGateway, ...free].toSorted())
    const without = await found({ leaving: GATEWAY })
    assert.deepEqual(without, [...used, `remove ${OF_GATEWAY}`, ...free].toSorted())

    assert.deepEqual(await found({ removes: true }), [...used, ...ofGateway, ...free].toSorted())
    assert.deepEqual((await readdir(root)).toSorted(), [OF_GATEWAY, OF_PLUGIN, RUNNING, ENTERED, ...FOREIGN].toSorted())
  })

  test('are reported by their folders, and nothing else is', () => {
    assert.deepEqual(parseCopies(`remove ${FREE}\nprocess ${RUNNING}\nunit ../x\nunit ${OF_PLUGIN}\n`), {
      removed: [`/usr/local/lib/docker-mtls/${FREE}`],
      stays: [
        `/usr/local/lib/docker-mtls/${RUNNING}: a running process uses it`,
        `/usr/local/lib/docker-mtls/${OF_PLUGIN}: a unit of systemd names it`,
      ],
    })
  })
})
