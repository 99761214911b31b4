import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The peers (other clients) are dependencies of the benchmark. Tests and examples use them from there. */
const BENCH: string = fileURLToPath(new URL('../bench/', import.meta.url))
/** Measured: 4 s. An unresponsive registry must not block everything. */
const INSTALL_MS = 180_000

/**
 * Installs the peers with npm if they are missing or older than their lock file, without running their scripts
 * (bench/.npmrc). Reports what it does, and failures.
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
    say(`The peers could not be installed (${error?.message ?? `npm ended with ${status}`}). Continuing without them.`)
}

/** Whether a peer is installed. */
export function hasPeer(name: string): boolean {
  return changedAt(`node_modules/${name}/package.json`) > 0
}

function changedAt(file: string): number {
  return statSync(BENCH + file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
