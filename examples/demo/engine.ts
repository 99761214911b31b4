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

/** The result of looking for a Docker Engine. */
export interface Engine {
  /** The packages that this run installed. */
  readonly installed: readonly string[]
  /** Why there is no Docker Engine, if there is none. */
  readonly obstacle?: string
}

/** Uses the installed engine, or installs one if possible. On a terminal it asks first. */
export async function ensureEngine(progress: Progress, packages = ENGINE_PACKAGES): Promise<Engine> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return { installed: [] }
  const why = whyNoInstall()
  if (why !== undefined) return { installed: [], obstacle: lacking(missing, why) }
  const names = missing.map(({ name }) => name)
  if (!(await isWanted(names))) return { installed: [], obstacle: lacking(missing, 'you declined to install them') }
  return install(progress, missing)
}

async function install(progress: Progress, missing: readonly DebianPackage[]): Promise<Engine> {
  try {
    const absent = await progress.step(
      'Installing a Docker Engine with apt-get',
      () => ensurePackages(missing, ignore),
      () => 'Installed a Docker Engine with apt-get, without starting services',
    )
    const installed = missing.filter((wanted) => !absent.includes(wanted)).map(({ name }) => name)
    progress.note(installed.join(' '))
    return absent.length === 0 ? { installed } : { installed, obstacle: lacking(absent, "apt-get doesn't have them") }
  } catch (error) {
    if (isInterrupted()) throw error
    progress.note((error as Error).message)
    return { installed: [], obstacle: lacking(missing, "apt-get couldn't install them") }
  }
}

function ignore(): void {
  // The step already reports it.
}

function lacking(packages: readonly DebianPackage[], why: string): string {
  const list = packages.map(({ name, neededFor }) => `  ${name.padEnd(14)} ${neededFor}`)
  return [`packages are missing, and ${why}:`, ...list].join('\n')
}

/** Without a terminal nobody can answer, and a user who runs the demo as root on Debian wants to see it. */
async function isWanted(names: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // readline handles Ctrl-C itself, so forward it.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('no')))
  const question = `No Docker Engine is installed. Install ${names.join(', ')} with apt-get, without starting services? [Y/n] `
  const answer = await Promise.race([terminal.question(question), closed])
  terminal.close()
  return /^\s*(y|yes)?\s*$/i.test(answer)
}
