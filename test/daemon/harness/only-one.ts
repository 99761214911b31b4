import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { removeUnmounted } from './unmount.ts'

/** The one daemon of these namespaces: docker0 and its rules would be fought for by two. */
interface Claim {
  readonly owner: number
  readonly dockerd: number
  readonly folder: string
}

/** Longer than a dockerd takes that was told to end: it dies with its owner, and cleans up on the way. */
const END_MS = 20_000

const claimFile = (): string => join(tmpdir(), 'dockerd.claim')

export function noteDaemon(dockerd: number, folder: string): void {
  writeFileSync(claimFile(), JSON.stringify({ owner: process.pid, dockerd, folder } satisfies Claim))
}

export function forgetDaemon(): void {
  rmSync(claimFile(), { force: true })
}

/**
 * Makes sure that no other daemon runs in these namespaces; what a test process left behind when it was killed is removed.
 *
 * @throws Error where the other one is in use
 */
export async function assertNoOther(): Promise<void> {
  if (!existsSync(claimFile())) return
  const { owner, dockerd, folder } = JSON.parse(readFileSync(claimFile(), 'utf8')) as Claim
  if (isAlive(dockerd) && isAlive(owner)) {
    throw new Error(`one daemon at a time: stop the one at ${folder} (process ${dockerd}) first`)
  }
  for (const start = Date.now(); isAlive(dockerd) && Date.now() - start < END_MS;) await delay(100)
  if (isAlive(dockerd)) process.kill(dockerd, 'SIGKILL')
  await removeUnmounted(folder)
  forgetDaemon()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
