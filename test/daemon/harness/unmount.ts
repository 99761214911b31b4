import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'

/** Mount points at or below a folder, the deepest first (proc_pid_mountinfo(5): the fifth field, white space in octal). */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8))))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)
}

/** Unmounts what a daemon left below its folder: one that is killed while starting has its data folder mounted on itself. */
export function unmountBelow(folder: string): void {
  for (const path of mountsBelow(folder)) spawnSync('umount', ['-n', '--lazy', path])
}

/** Removes a daemon's folder, once nothing is mounted in it any more. */
export async function removeUnmounted(folder: string): Promise<void> {
  unmountBelow(folder)
  if (mountsBelow(folder).length > 0) throw new Error(`still mounted: ${mountsBelow(folder).join(', ')}`)
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
