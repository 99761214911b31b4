import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The peers are the benchmark's own dependencies; tests and examples take them from there. */
const BENCH: string = fileURLToPath(new URL('../bench/', import.meta.url))
/** Measured: 4 s. A registry that doesn't answer must not hold everything up. */
const INSTALL_MS = 180_000

/**
 * Installs the peers with npm where they are missing or older than their lock file, running no script of theirs
 * (bench/.npmrc). Says what it does, and what it could not.
 */
export function installPeers(say: (line: string) => void): void {
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return
  say('Installing the peers with npm ci in bench/')
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: BENCH,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_MS,
  })
  if (status !== 0)
    say(`They could not be installed (${error?.message ?? `npm ended with ${status}`}): going on without them.`)
}

/** Whether a peer is there to be used. */
export function hasPeer(name: string): boolean {
  return changedAt(`node_modules/${name}/package.json`) > 0
}

function changedAt(file: string): number {
  return statSync(BENCH + file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
