import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isDockerMtlsError } from '../../../lib/base/errors.ts'
import { connect } from '../../../lib/index.ts'
import { runCommand } from '../../support/command.ts'
import type { Machine } from '../machine.ts'
import type { Desk, JsonRun } from './setup.ts'

/** A run of `cert rotate-ca` with --json, and where it came to. */
export interface RotationRun extends JsonRun {
  readonly phase: unknown
  readonly outcome: unknown
}

/** `cert rotate-ca` where the authority is kept. */
export async function rotateAt(desk: Desk, ...words: readonly string[]): Promise<RotationRun> {
  const run = await desk.lines(['cert', 'rotate-ca', ...words])
  const phase = run.result['phase']
  // A daemon that isn't as it should be in the named phase fails the command.
  const isNamed = words.includes('--phase') && words.includes(String(phase))
  assert.equal(run.code, isNamed && looksOf(run).includes(false) ? 1 : 0, run.stderr)
  return { ...run, phase, outcome: run.result['outcome'] }
}

/** What the looks of a run came to: was the daemon as it should be? */
export function looksOf({ result }: JsonRun): boolean[] {
  return (result['looks'] as { ok: boolean }[]).map(({ ok }) => ok)
}

/** Brings a server a folder of the desk, into root's home folder. */
export async function carry(desk: Desk, machine: Machine, folder: string, to: string): Promise<void> {
  const from = join(desk.folder, 'docker-mtls', folder)
  const names = (await readdir(from, { recursive: true })).filter((name) => /\.(?:pem|conf)$/.test(name))
  for (const name of names) await machine.write(join('/root', to, name), await readFile(join(from, name)), 0o600)
}

/** Brings a client what there is for it, and says which of its files are others than before. */
export async function follow(desk: Desk, name: string, home: string): Promise<string[]> {
  const fresh = await mkdtemp(`${home}-fresh-`)
  const tar = join(fresh, 'client.tar')
  const { code, stderr } = await desk.run(['client', 'export', name, '--out', tar, '--force'])
  assert.equal(code, 0, stderr)
  assert.equal((await runCommand('tar', ['-xf', tar, '-C', fresh])).code, 0)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const changed: string[] = []
  for (const file of ['ca.pem', 'cert.pem', 'key.pem']) {
    const there = await readFile(join(home, file), 'utf8').catch(() => undefined)
    if (there === (await readFile(join(fresh, file), 'utf8'))) continue
    await rename(join(fresh, file), join(home, file))
    changed.push(file)
  }
  return changed
}

/** The code of the error that a client with these files gets; undefined: it gets in. */
export async function refusalOf(host: string, certPath: string): Promise<string | undefined> {
  try {
    await (await connect({ host, certPath }, {})).close()
    return undefined
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return error.code
  }
}
