import { createInterface } from 'node:readline/promises'
import {
  ensurePackages,
  ENGINE_PACKAGES,
  missingPackages,
  whyNoInstall,
  type DebianPackage,
} from '../../scripts/packages.ts'
import { isInterrupted } from '../../scripts/interrupt.ts'
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
  const why = whyNoInstall()
  if (why !== undefined) return { installed: [], obstacle: lacking(missing, why) }
  const names = missing.map(({ name }) => name)
  if (!(await isWanted(names))) return { installed: [], obstacle: lacking(missing, 'they were not to be installed') }
  return install(progress, missing)
}

async function install(progress: Progress, missing: readonly DebianPackage[]): Promise<Engine> {
  try {
    const absent = await progress.step(
      'Installing a Docker Engine with apt-get',
      () => ensurePackages(ENGINE_PACKAGES, ignore),
      () => 'Installed a Docker Engine with apt-get, and started no service',
    )
    const installed = missing.filter((wanted) => !absent.includes(wanted)).map(({ name }) => name)
    progress.note(installed.join(' '))
    return absent.length === 0 ? { installed } : { installed, obstacle: lacking(absent, 'apt-get knows none of them') }
  } catch (error) {
    if (isInterrupted()) throw error
    progress.note((error as Error).message)
    return { installed: [], obstacle: lacking(missing, "apt-get couldn't install them") }
  }
}

function ignore(): void {
  // The step says it already.
}

function lacking(packages: readonly DebianPackage[], why: string): string {
  const list = packages.map(({ name, neededFor }) => `  ${name.padEnd(14)} ${neededFor}`)
  return [`packages are missing, and ${why}:`, ...list].join('\n')
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
