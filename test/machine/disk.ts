import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { runCommand } from '../support/command.ts'
import type { Supervisor } from './supervisor.ts'

const ATTEMPTS = 50

/**
 * Makes the disk as small as what is on it: nothing is written for that, and what is there can still be overwritten in
 * place, as on any full disk.
 *
 * @param leave - bytes that are still free, in whole pages of 4096
 */
export async function shrinkDisk(supervisor: Supervisor, leave: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { bsize, blocks, bfree } = await statfs(`/proc/${supervisor.pid}/root${supervisor.disk}`)
    const used = (blocks - bfree) * bsize
    // Refused where somebody has written meanwhile.
    if (await resize(supervisor, String(used + leave))) return
    await delay(10)
  }
  throw new Error('the disk is never still')
}

/** Gives it its size again. */
export async function growDisk(supervisor: Supervisor, megabytes: number): Promise<void> {
  if (!(await resize(supervisor, `${megabytes}m`))) throw new Error('the disk could not be made larger')
}

async function resize({ pid, disk }: Supervisor, size: string): Promise<boolean> {
  const command = ['--target', String(pid), '--mount', '--', 'mount', '-n', '-o', `remount,size=${size}`, disk]
  return (await runCommand('nsenter', command)).code === 0
}
