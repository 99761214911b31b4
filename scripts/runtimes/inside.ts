/**
 * `inside.ts PLAN`: runs the same apps on each runtime, with a real daemon and with servers that must be refused, and prints
 * a table. Started by scripts/test-runtimes.ts, in namespaces of its own.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBusyboxEngine, type BusyboxEngine } from '../../test/daemon/support/busybox-engine.ts'
import { runCommand, type CommandResult } from '../../test/support/command.ts'
import { makeCa, makeClient } from '../../test/support/openssl-certs.ts'
import type { Runtime } from './runtimes.ts'
import { startServers, type Refusal } from './servers.ts'
import { printTable, type Column } from './table.ts'

/** What to run. */
export interface Plan {
  readonly runtimes: readonly Runtime[]
  /** A project with the package in its node_modules, and the apps. */
  readonly project: string
}

/** What an app prints for each step. */
interface Line {
  readonly name: string
  /** Of work.mjs: what was wrong. */
  readonly problem?: string
  /** Of refusals.mjs: a code, or `connected`. */
  readonly outcome?: string
}

type Environment = Readonly<Record<string, string>>

const APP_MS = 180_000
const CLI = 'node_modules/docker-mtls/dist/cli/main.js'

/** The apps on one runtime. */
class Runner {
  readonly #runtime: Runtime
  readonly #project: string
  readonly #env: Environment

  constructor(runtime: Runtime, project: string, env: Environment) {
    this.#runtime = runtime
    this.#project = project
    this.#env = { HOME: project, NO_COLOR: '1', ...env }
  }

  /** A client's work on a real daemon. */
  async work(image: string, folder: string): Promise<Column> {
    await mkdir(folder)
    const ended = await this.#run('work.mjs', [image, folder])
    const results = linesOf(ended).map(({ name, problem = '' }) => [name, problem] as const)
    return new Map([...results, ['the app ends by itself, with nothing uncaught', howEnded(ended)]])
  }

  /** Attempts to connect. */
  async refusals(refusals: readonly Refusal[], weakened?: Environment): Promise<Column> {
    const list = join(this.#project, 'refusals.json')
    await writeFile(list, JSON.stringify(refusals), { mode: 0o600 })
    const ended = await this.#run('refusals.mjs', [list], weakened)
    const outcomes = new Map(linesOf(ended).map(({ name, outcome }) => [name, outcome]))
    const where = weakened ? 'weakened: ' : ''
    const results = refusals.map((refusal) => {
      const [outcome, expected] = [outcomes.get(refusal.name), this.#expected(refusal)]
      return [where + refusal.name, outcome === expected ? '' : `${outcome}, not ${expected}`] as const
    })
    return new Map([...results, [`${where}all attempts end, with nothing uncaught`, howEnded(ended)]])
  }

  /** The command runs on Node.js alone. */
  async command(): Promise<Column> {
    const { code, stdout, stderr } = await this.#run(CLI, ['ping'])
    const isRefused = code === 1 && stderr.startsWith('ERR_RUNTIME_UNSUPPORTED')
    const isRight = this.#runtime.name.startsWith('Node') ? code === 0 : isRefused
    const problem = isRight ? '' : `it ended with ${code}: ${stdout}${stderr}`
    return new Map([['docker-mtls ping: only on Node.js', problem]])
  }

  #expected({ expected, inDeno, inBun }: Refusal): string {
    const { name } = this.#runtime
    return (name.startsWith('Deno') ? inDeno : name.startsWith('Bun') ? inBun : undefined) ?? expected
  }

  #run(program: string, args: readonly string[], weakened?: Environment): Promise<CommandResult> {
    const [file = '', ...before] = weakened ? this.#runtime.weakened : this.#runtime.command
    const options = { cwd: this.#project, env: { ...this.#env, ...weakened }, timeout: APP_MS }
    return runCommand(file, [...before, program, ...args], options)
  }
}

function linesOf({ stdout }: CommandResult): Line[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Line)
}

function howEnded({ code, stderr }: CommandResult): string {
  return code === 0 ? '' : `it ended with ${code}: ${stderr}`
}

/** A real daemon refuses a client of another CA, and one that is for another purpose. */
async function refusedByDaemon({ daemon }: BusyboxEngine): Promise<Refusal> {
  const client = await makeClient(await makeCa({ commonName: 'Foreign CA' }))
  const ca = await readFile(daemon.client.ca, 'utf8')
  const options = { host: daemon.host, ca, ...client, foreignClientCa: true }
  return { name: 'the daemon refuses our client certificate', options, expected: 'ERR_CLIENT_CERT_UNTRUSTED' }
}

/** Settings by which the runtimes would accept servers of a foreign CA, or any server. */
async function weakenedEnvironment(foreignCa: string, project: string): Promise<Environment> {
  const file = join(project, 'foreign-ca.pem')
  await writeFile(file, foreignCa)
  return {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_EXTRA_CA_CERTS: file,
    SSL_CERT_FILE: file,
    DENO_CERT: file,
    DENO_TLS_CA_STORE: 'system',
  }
}

async function runAll({ runtimes, project }: Plan): Promise<number> {
  const engine = await startBusyboxEngine()
  const servers = await startServers()
  try {
    const refusals = [...servers.refusals, await refusedByDaemon(engine)]
    const weakened = await weakenedEnvironment(servers.foreignCa, project)
    const columns: [string, Column][] = []
    for (const runtime of runtimes) {
      const runner = new Runner(runtime, project, engine.daemon.clientEnv)
      const work = await runner.work(engine.image, join(project, `files-${columns.length}`))
      const rest = [await runner.command(), await runner.refusals(refusals), await runner.refusals(refusals, weakened)]
      columns.push([runtime.name, new Map([work, ...rest].flatMap((column) => [...column]))])
    }
    return printTable(columns)
  } finally {
    await Promise.all([servers.close(), engine.stop()])
  }
}

const [file = ''] = process.argv.slice(2)
process.exitCode = (await runAll(JSON.parse(await readFile(file, 'utf8')) as Plan)) === 0 ? 0 : 1
