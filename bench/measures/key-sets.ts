import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KeyType } from '../../lib/pki.ts'
import { builtEntry } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { runProgram, timeCommand } from '../processes.ts'
import type { Problem } from '../rounds.ts'
import { median } from '../statistics.ts'

export interface KeySetLine {
  readonly keyType: KeyType
  readonly how: 'in process' | 'openssl script'
  readonly sets: number
  /** The median for one set, in milliseconds. */
  readonly median: number
  readonly first: number
}

const SCRIPT: string = fileURLToPath(new URL('../openssl-key-set.sh', import.meta.url))

/**
 * Measures creating a CA, a server certificate and a client certificate with their keys: by this package, and by an
 * openssl script.
 */
export async function measureKeySets(plan: Plan, problems: Problem[]): Promise<KeySetLine[]> {
  const kinds: readonly { keyType: KeyType; sets: number }[] = [
    { keyType: 'p256', sets: plan.keySets },
    { keyType: plan.slowKeyType, sets: plan.slowKeySets },
  ]
  const lines: KeySetLine[] = []
  for (const { keyType, sets } of kinds) {
    for (const [how, measure] of [
      ['in process', inProcess],
      ['openssl script', byScript],
    ] as const) {
      try {
        const times = await measure(keyType, sets)
        lines.push({ keyType, how, sets, median: median(times), first: times[0] ?? Number.NaN })
      } catch (error) {
        problems.push({ who: `${keyType} key set, ${how}`, what: (error as Error).message })
      }
    }
  }
  return lines
}

/** Measured in a process without tsx, with the built files. */
async function inProcess(keyType: KeyType, sets: number): Promise<number[]> {
  const { output } = await runProgram('key-sets', [builtEntry('./pki'), keyType, String(sets)], {})
  return JSON.parse(output) as number[]
}

async function byScript(keyType: KeyType, sets: number): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'key-sets-'))
  const pem = (name: string): string => join(folder, `${name}.pem`)
  try {
    const times: number[] = []
    for (let set = 0; set < sets; set++)
      times.push((await timeCommand(['sh', SCRIPT, keyType, folder], {})).milliseconds)
    // Not timed, like the check of our own certificates.
    await timeCommand(['openssl', 'verify', '-CAfile', ...['ca', 'server', 'client'].map(pem)], {})
    return times
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
