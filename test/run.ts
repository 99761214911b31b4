/**
 * `npm test [-- FILE... OPTION...]`: installs what the tests need and lack, compiles and builds once, and runs the files
 * that were named, or those of a tier, each in namespaces of its own and five at a time. Options are those of Node's test
 * runner, and
 *
 *     --tier=TIER         test, daemon, faults, machine or all: runner/tiers.ts
 *     --changed           of those, the ones that import what has changed since the main branch
 *     --through-gateway   puts a gateway at level privileged in front of the daemons of daemon/harness/secured.ts
 *     --engine=ENGINE     puts another engine in the place of the system's: scripts/engines.ts
 *     --lanes=N           how many files at a time
 *     --write-seconds     notes how long each file took, in runner/seconds.json
 *     --write-names=FILE  writes the name of each test there
 *     --write-counts=FILE writes there how many tests of each file passed and failed, as JSON
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { compileAll } from '../scripts/compile.mjs'
import { type Engine, engineNamed, fetchEngine } from '../scripts/engines.ts'
import { isInterrupted, onInterrupt } from '../scripts/interrupt.ts'
import { whyNoNamespaces, withoutDaemonGroups } from '../scripts/namespaces.ts'
import { BROWSER_PACKAGES, ensurePackages, isDebian, isRoot, TEST_PACKAGES } from '../scripts/packages.ts'
import { installPeers } from '../scripts/peers.ts'
import { changedFiles, testsOfChanges } from './runner/changed.ts'
import { runInLanes, writeSeconds } from './runner/lanes.ts'
import { buildPackage } from './runner/package.ts'
import { lineOf, reportOf, summaryOf } from './runner/report.ts'
import { type FileResult, hasFailed, testsOf } from './runner/results.ts'
import { runFile } from './runner/run-file.ts'
import { filesAfter, filesOf, measures, needsBrowser, TIERS } from './runner/tiers.ts'

const OWN_OPTIONS = {
  tier: { type: 'string', default: 'test' },
  changed: { type: 'boolean', default: false },
  'through-gateway': { type: 'boolean', default: false },
  engine: { type: 'string' },
  lanes: { type: 'string', default: '5' },
  'write-seconds': { type: 'boolean', default: false },
  'write-names': { type: 'string' },
  'write-counts': { type: 'string' },
} as const
/** What a person may have set for other programs, and what would change what the tests see. */
const FOREIGN = /^(DOCKER_|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|NODE_TLS_|SSL_CERT_|XDG_|.*_CA_BUNDLE$|.*_proxy$)/i

interface Asked {
  readonly files: readonly string[]
  /** Files that look at the others when these have ended. */
  readonly last: readonly string[]
  readonly options: readonly string[]
  readonly lanes: number
  readonly writeSeconds: boolean
  readonly writeNames: string | undefined
  readonly writeCounts: string | undefined
  readonly throughGateway: boolean
  readonly engine: Engine | undefined
}

function readArguments(args: readonly string[]): Asked {
  const isOwn = (arg: string): boolean => Object.keys(OWN_OPTIONS).some((name) => arg.split('=')[0] === `--${name}`)
  const { values } = parseArgs({ args: args.filter(isOwn), options: OWN_OPTIONS })
  const options = args.filter((arg) => arg.startsWith('-') && !isOwn(arg))
  const named = args.filter((arg) => !arg.startsWith('-')).map((path) => relative('.', path))
  const tier = TIERS.find((known) => known === values.tier)
  if (tier === undefined) throw new Error(`--tier=${values.tier}: there are ${TIERS.join(', ')}`)
  const all = named.length > 0 ? named : filesOf(tier)
  const files = values.changed ? testsOfChanges(all, changedFiles()) : all
  return {
    files,
    last: named.length > 0 || options.length > 0 ? [] : filesAfter(files),
    options,
    lanes: Number(values.lanes),
    writeSeconds: values['write-seconds'],
    writeNames: values['write-names'],
    writeCounts: values['write-counts'],
    throughGateway: values['through-gateway'],
    engine: values.engine === undefined ? undefined : engineNamed(values.engine),
  }
}

/** The variables of the tests: nothing of the person's own Docker, CAs and proxies. */
function testEnvironment(command: string, notes: string, { throughGateway, engine }: Asked): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)))
  const cache = process.env['npm_config_cache'] ?? join(homedir(), '.npm')
  // Where everything can be installed, a skipped test is a gap that nobody would see.
  const requireAll = process.env['REQUIRE_ALL'] ?? (isDebian() && isRoot() ? '1' : '0')
  return {
    ...own,
    npm_config_cache: cache,
    REQUIRE_ALL: requireAll,
    DOCKER_MTLS_COMMAND: command,
    DOCKER_MTLS_CALLED: notes,
    ...(throughGateway && { DOCKER_MTLS_THROUGH_GATEWAY: '1' }),
    ...(engine && { DOCKER_MTLS_ENGINE: fetchEngine(engine, say).folder }),
  }
}

function say(line: string): void {
  console.log(line)
}

/** Runs them all, and says how each ended. */
async function runFiles({ files, last, lanes, options }: Asked, env: NodeJS.ProcessEnv): Promise<FileResult[]> {
  const obstacle = whyNoNamespaces()
  if (obstacle !== undefined) say(`Tests with a real dockerd are skipped: ${obstacle}.`)
  const run = async (file: string): Promise<FileResult> => {
    const result = await runFile(file, { options, env, enclosed: obstacle === undefined })
    if (isInterrupted()) return result
    say(lineOf(result))
    for (const test of testsOf(result)) if (!test.passed) say(`       ${test.path.join(' > ')}`)
    // The report has it after a failure.
    if (measures(file) && !hasFailed(result)) say(result.output)
    return result
  }
  const beside = files.filter((file) => !measures(file))
  const results = await runInLanes(beside, lanes, run)
  const alone = await runInLanes(files.filter(measures), 1, run)
  return [...results, ...alone, ...(await runInLanes(last, 1, run))]
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2))
  if (asked.files.length === 0) say('No test imports what has changed.')
  await ensurePackages([...TEST_PACKAGES, ...(asked.files.some(needsBrowser) ? BROWSER_PACKAGES : [])], say)
  installPeers(say)
  const started = performance.now()
  const [command] = await Promise.all([buildPackage(), compileAll()])
  const notes = mkdtempSync(join(tmpdir(), 'docker-mtls-called-'))
  const forget = onInterrupt(() => rmSync(notes, { recursive: true, force: true }))
  const env = testEnvironment(command, join(notes, 'called'), asked)
  try {
    const results = await withoutDaemonGroups(() => runFiles(asked, env))
    if (asked.writeSeconds) writeSeconds(results, [...filesOf('all'), ...filesAfter(filesOf('all'))])
    if (asked.writeNames !== undefined) writeFileSync(asked.writeNames, namesOf(results))
    if (asked.writeCounts !== undefined) writeFileSync(asked.writeCounts, JSON.stringify(countsOf(results)))
    say(`\n${reportOf(results, (performance.now() - started) / 1000)}`)
    return exitCodeOf(results, env['REQUIRE_ALL'] === '1')
  } finally {
    rmSync(notes, { recursive: true, force: true })
    forget()
  }
}

function namesOf(results: readonly FileResult[]): string {
  const names = results.flatMap((result) => testsOf(result).map(({ path }) => [result.file, ...path].join(' > ')))
  return `${names.toSorted().join('\n')}\n`
}

function countsOf(results: readonly FileResult[]): Record<string, { passed: number; failed: number; skipped: number }> {
  return Object.fromEntries(results.map((result) => [result.file, summaryOf([result])]))
}

function exitCodeOf(results: readonly FileResult[], requireAll: boolean): number {
  const { passed, failed, skipped } = summaryOf(results)
  if (requireAll && skipped > 0) say('REQUIRE_ALL=1, so this run failed: here nothing may be skipped.')
  return failed > 0 || (passed === 0 && results.length > 0) || (requireAll && skipped > 0) ? 1 : 0
}

process.exitCode = await main()
