/**
 * `npm run bench [-- --short] [--only=PART,...]`: compares this package with its peers, in one run against one real
 * dockerd. Installs what it needs, builds, and continues in its own namespaces (run.ts).
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FOLDER, runInNamespaces, whyNoNamespaces } from '../scripts/namespaces.ts'
import { ensurePackages, TEST_PACKAGES, type DebianPackage } from '../scripts/packages.ts'
import { installPeers } from '../scripts/peers.ts'
import { cleanEnvironment } from '../test/support/command.ts'

const BENCH: string = fileURLToPath(new URL('.', import.meta.url))
const ROOT: string = fileURLToPath(new URL('..', import.meta.url))
/** What `--only=gateways` needs besides. */
const PROXY: DebianPackage = { name: 'haproxy', provides: 'haproxy', neededFor: 'comparing the gateway' }
const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'
const NEEDED = new Set(['dockerd', 'docker', BUILDX, 'iptables', 'ip', 'unshare', 'openssl'])

/** @throws Error if a build fails, so that old files aren't measured as new ones */
function build(): void {
  // npm run check checks the types.
  const builds = [
    [`${ROOT}scripts/build.mjs`, '--noCheck'],
    [`${ROOT}node_modules/typescript/bin/tsc`, '-p', `${BENCH}tsconfig.build.json`],
  ]
  for (const args of builds) {
    const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
    if (status !== 0) throw new Error(`${args.join(' ')} failed`)
  }
}

async function main(): Promise<number> {
  const isCompared = process.argv.some((arg) => arg.startsWith('--only=') && /[=,]gateways(?:,|$)/.test(arg))
  const needed = [...TEST_PACKAGES.filter(({ provides }) => NEEDED.has(provides)), ...(isCompared ? [PROXY] : [])]
  const absent = await ensurePackages(needed, (line) => console.log(line))
  const obstacle = whyNoNamespaces()
  if (absent.length > 0 || obstacle !== undefined) {
    console.error(
      `The benchmark needs its own dockerd, which can't run here: ${obstacle ?? 'a package could not be installed'}.`,
    )
    return 1
  }
  installPeers((line) => console.log(line))
  build()
  const command = [process.execPath, '--import', 'tsx', `${BENCH}run.ts`, ...process.argv.slice(2)]
  return runInNamespaces(command, cleanEnvironment({ HOME: FOLDER }))
}

process.exitCode = await main()
