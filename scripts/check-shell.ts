/**
 * `npm run check:shell`: runs shellcheck on all shell programs of lib/, as POSIX sh. As root on Debian, it installs
 * shellcheck.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHECK_PACKAGES, ensurePackages, findProgram } from './packages.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function shellFiles(): string[] {
  const names = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.sh')).map((name) => join('lib', name))
}

async function main(): Promise<number> {
  // Without shellcheck, the other checks must still run.
  if ((await ensurePackages(CHECK_PACKAGES, console.log)).length > 0) {
    console.log('The shell programs were not checked.')
    return 0
  }
  const args = ['--shell=sh', ...shellFiles()]
  const { status } = spawnSync(findProgram('shellcheck') ?? 'shellcheck', args, { cwd: ROOT, stdio: 'inherit' })
  return status ?? 1
}

process.exitCode = await main()
