import { promises as fs } from 'node:fs'
import { treeOf } from '../../support/tree.ts'
import { mock } from 'node:test'

/** Everything that changes the disk; what is only read may go on. */
const CHANGES = ['mkdir', 'open', 'rename', 'link', 'unlink', 'rm', 'chmod'] as const

type Step = (...args: unknown[]) => Promise<unknown>

/** Runs it with the nth change to the disk, and all that follow, replaced. */
async function withChanges<T>(
  replace: (count: number, change: () => Promise<unknown>) => Promise<unknown>,
  run: () => Promise<T>,
): Promise<T> {
  let count = 0
  const mocks = CHANGES.map((name) => {
    const real = fs[name].bind(fs) as Step
    return mock.method(fs, name, ((...args: unknown[]) => replace(++count, () => real(...args))) as never)
  })
  try {
    return await run()
  } finally {
    for (const { mock: one } of mocks) one.restore()
  }
}

/**
 * Runs it until before its nth change to the disk, and never further, as if the process were killed there: nothing is
 * cleaned up.
 *
 * @returns whether it came to its end
 */
export async function killedBefore(n: number, run: () => Promise<unknown>): Promise<boolean> {
  let stop: (ended: false) => void
  const stopped = new Promise<false>((resolve) => (stop = resolve))
  return withChanges(
    (count, change) => {
      if (count < n) return change()
      stop(false)
      return new Promise(() => undefined)
    },
    () => Promise.race([stopped, run().then(() => true)]),
  )
}

/**
 * Runs it to its end, and gives the numbers for {@link killedBefore} that leave different folders. What only locks, syncs or
 * opens leaves the folder as it was.
 */
export async function stepsThatChange(
  root: string,
  run: () => Promise<unknown>,
  isOfInterest: (path: string) => boolean,
): Promise<number[]> {
  const steps: number[] = []
  let last: string | undefined
  let count = 0
  const look = async (): Promise<void> => {
    count++
    const now = JSON.stringify(Object.entries(await treeOf(root)).filter(([path]) => isOfInterest(path)))
    if (now !== last) steps.push(count)
    last = now
  }
  await withChanges(async (_count, change) => {
    await look()
    return change()
  }, run)
  await look()
  return steps
}

/**
 * Runs it with a disk that fails at the nth change, and at no other.
 *
 * @returns whether it came so far
 */
export async function failingAt(n: number, run: () => Promise<unknown>): Promise<boolean> {
  let reached = false
  await withChanges(
    (count, change) => {
      if (count !== n) return change()
      reached = true
      return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
    },
    () => run().catch(() => undefined),
  )
  return reached
}
