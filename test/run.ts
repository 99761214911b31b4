/**
 * `npm test [-- FILE... OPTION...]`: installs what the tests need and lack, makes namespaces of their own, and runs in
 * them the files that were named, or all, with Node's test runner.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { onInterrupt } from '../scripts/interrupt.ts'
import { FOLDER, runInNamespaces, whyNoNamespaces } from '../scripts/namespaces.ts'
import { ensurePackages, isDebian, isRoot, TEST_PACKAGES } from '../scripts/packages.ts'
import { installPeers } from '../scripts/peers.ts'

/** Longer than any file takes: one that hangs, or leaves a server open when it fails, must end, and be named. */
const TIMEOUT_MS = 10 * 60_000
/** What a person may have set for other programs, and what would change what the tests see. */
const FOREIGN = /^(DOCKER_|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|NODE_TLS_|SSL_CERT_|XDG_|.*_CA_BUNDLE$|.*_proxy$)/i

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return testFiles(path)
      return entry.name.endsWith('.test.ts') ? [path] : []
    })
    .toSorted()
}

function testCommand(args: readonly string[]): string[] {
  const options = args.filter((arg) => arg.startsWith('-'))
  const named = args.filter((arg) => !arg.startsWith('-'))
  // One file at a time: there is one docker0 in a network namespace, and two daemons would fight for it.
  const runner = ['--import', 'tsx', '--test', '--test-concurrency=1', `--test-timeout=${TIMEOUT_MS}`]
  const reporter = ['--test-reporter=./test/support/reporter.mjs', '--test-reporter-destination=stdout']
  return [process.execPath, ...runner, ...reporter, ...options, ...(named.length > 0 ? named : testFiles('test'))]
}

/** The variables of the tests: nothing of the person's own Docker, CAs and proxies, and another home. */
function testEnvironment(folder: string): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)))
  const cache = process.env['npm_config_cache'] ?? join(homedir(), '.npm')
  // Where everything can be installed, a skipped test is a gap that nobody would see.
  const requireAll = process.env['REQUIRE_ALL'] ?? (isDebian() && isRoot() ? '1' : '0')
  return { ...own, HOME: folder, TMPDIR: folder, npm_config_cache: cache, REQUIRE_ALL: requireAll }
}

async function runHere(command: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-'))
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: 'inherit', env: testEnvironment(folder) })
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  }).finally(() => rmSync(folder, { recursive: true, force: true }))
  const forget = onInterrupt(async () => {
    child.kill('SIGTERM')
    await closed
  })
  return closed.finally(forget)
}

function say(line: string): void {
  console.log(line)
}

async function main(): Promise<number> {
  await ensurePackages(TEST_PACKAGES, say)
  installPeers(say)
  const command = testCommand(process.argv.slice(2))
  const obstacle = whyNoNamespaces()
  if (obstacle === undefined) return runInNamespaces(command, testEnvironment(FOLDER))
  say(`Tests with a real dockerd are skipped: ${obstacle}.`)
  return runHere(command)
}

process.exitCode = await main()
