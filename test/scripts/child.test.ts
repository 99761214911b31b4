import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { endOf, exitCodeOf } from '../../scripts/child.ts'
import { ROOT } from '../support/packed.ts'
import { TYPESCRIPT } from '../support/programs.ts'

test('a child has its exit code, or 1 if a signal ended it', async () => {
  for (const wait of [exitCodeOf, endOf]) {
    assert.equal(await wait(spawn('sh', ['-c', 'exit 0'])), 0)
    assert.equal(await wait(spawn('sh', ['-c', 'exit 7'])), 7)
    assert.equal(await wait(spawn('sh', ['-c', 'kill -9 $$'])), 1)
  }
})

test('a program that is missing is an error', async () => {
  for (const wait of [exitCodeOf, endOf]) await assert.rejects(wait(spawn('/nonexistent')), { code: 'ENOENT' })
})

test('an interrupt ends the child with the signal first', { timeout: 20_000 }, async () => {
  const script = `
    import { spawn } from 'node:child_process'
    import { exitCodeOf } from ${JSON.stringify(join(ROOT, 'scripts/child.ts'))}
    const wait = 'trap "echo ended; exit 3" HUP; echo ready >&2; while kill -0 $PPID; do sleep 0.05; done'
    const child = spawn('sh', ['-c', wait], { stdio: ['ignore', 'inherit', 'pipe'] })
    const ended = exitCodeOf(child, 'SIGHUP')
    // The interrupt must come when both have their handlers.
    child.stderr.once('data', () => console.log('ready'))
    await ended`
  const args = [...TYPESCRIPT, '--input-type=module', '--eval', script]
  const parent = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const said = text(parent.stdout)
  await once(parent.stdout, 'data')
  parent.kill('SIGTERM')
  const [code] = (await once(parent, 'close')) as [number | null]
  assert.equal(code, 128 + 15)
  assert.equal(await said, 'ready\nended\n')
})
