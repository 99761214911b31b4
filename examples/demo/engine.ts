import { createInterface } from 'node:readline/promises'
import {
  ensurePackages,
  ENGINE_PACKAGES,
  missingPackages,
  whyNoInstall,
  type DebianPackage,
} from '../../scripts/packages.ts'
import type { Progress } from './progress.ts'

/** What became of the Docker Engine that the demo wants. */
export interface Engine {
  /** The packages that this run installed. */
  readonly installed: readonly string[]
  /** Why there is none, where there is none. */
  readonly obstacle?: string
}

/** Uses the engine that is installed, or installs one where that is possible: after asking, if there is someone to ask. */
export async function ensureEngine(progress: Progress): Promise<Engine> {
  const missing = missingPackages(ENGINE_PACKAGES)
  if (missing.length === 0) return { installed: [] }
  const names = missing.map(({ name }) => name)
  const lacking = `what is missing here: ${missing.map(({ name, neededFor }) => `${name} (${neededFor})`).join(', ')}`
  const why = whyNoInstall()
  if (why !== undefined) return { installed: [], obstacle: `${lacking}; ${why}` }
  if (!(await isWanted(names))) return { installed: [], obstacle: `${lacking}; it was not to be installed` }
  return install(progress, names, lacking)
}

async function install(progress: Progress, names: readonly string[], lacking: string): Promise<Engine> {
  try {
    const absent = await progress.step('Installing a Docker Engine with apt-get, starting no service', installEngine)
    progress.note(names.join(' '))
    const installed = names.filter((name) => absent.every((other) => other.name !== name))
    return absent.length === 0 ? { installed } : { installed, obstacle: lacking }
  } catch (error) {
    return { installed: [], obstacle: `${lacking}; ${(error as Error).message}` }
  }
}

function installEngine(): Promise<DebianPackage[]> {
  return ensurePackages(ENGINE_PACKAGES, () => undefined)
}

/** Where there is no terminal there is nobody to ask, and whoever runs a demo as root on Debian wants to see it. */
async function isWanted(names: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // readline keeps Ctrl-C to itself.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('no')))
  const question = `There is no Docker Engine here. Install ${names.join(', ')} with apt-get (no service is started)? [Y/n] `
  const answer = await Promise.race([terminal.question(question), closed])
  terminal.close()
  return /^\s*(y|yes)?\s*$/i.test(answer)
}
