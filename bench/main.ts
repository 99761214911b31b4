/**
 * `npm run bench [-- --short] [--only=PART,...]`: this package side by side with its peers, in one run against one real
 * dockerd. Brings what it needs, builds, and goes on in namespaces of its own (run.ts).
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FOLDER, runInNamespaces, whyNoNamespaces } from '../scripts/namespaces.ts'
import { ensurePackages, TEST_PACKAGES } from '../scripts/packages.ts'
import { cleanEnvironment } from '../test/support/command.ts'

const BENCH: string = fileURLToPath(new URL('.', import.meta.url))
const ROOT: string = fileURLToPath(new URL('..', import.meta.url))
const NEEDED = new Set(['dockerd', 'docker', 'iptables', 'ip', 'unshare', 'openssl'])

/** The peers are this folder's own dependencies; without a registry the benchmark runs without them. */
function installPeers(): void {
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return
  console.log('Installing the peers (npm ci in bench/)')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: 'inherit' })
  if (status !== 0) console.log('They could not be installed: the benchmark goes on without them.')
}

function changedAt(file: string): number {
  return statSync(BENCH + file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** @throws Error where a build fails: old files must not be measured as new ones */
function build(): void {
  const builds = [
    [`${ROOT}scripts/build.mjs`],
    [`${ROOT}node_modules/typescript/bin/tsc`, '-p', `${BENCH}tsconfig.build.json`],
  ]
  for (const args of builds) {
    const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
    if (status !== 0) throw new Error(`${args.join(' ')} failed`)
  }
}

async function main(): Promise<number> {
  const needed = TEST_PACKAGES.filter(({ provides }) => NEEDED.has(provides))
  const absent = await ensurePackages(needed, (line) => console.log(line))
  const obstacle = whyNoNamespaces()
  if (absent.length > 0 || obstacle !== undefined) {
    console.error(`The benchmark needs a real dockerd of its own: ${obstacle ?? 'not everything could be installed'}.`)
    return 1
  }
  installPeers()
  build()
  const command = [process.execPath, '--import', 'tsx', `${BENCH}run.ts`, ...process.argv.slice(2)]
  return runInNamespaces(command, cleanEnvironment({ HOME: FOLDER }))
}

process.exitCode = await main()
