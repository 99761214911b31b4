import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { findProgram } from '../../../scripts/packages.ts'
import { cleanEnvironment, runCommand } from '../../support/command.ts'
import { freePort, isListening } from '../../support/ports.ts'

export interface RegistryOptions {
  /** The one user that it knows. Without this, everybody may push and pull. */
  readonly auth?: { readonly username: string; readonly password: string }
  /** The files of a certificate and of its key: with them it speaks TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/**
 * A registry that runs, over plain HTTP unless told otherwise: dockerd takes that from 127.0.0.0/8 and from nowhere else,
 * and there alone it takes any certificate.
 */
export interface Registry {
  /** `127.0.0.1:PORT`: the first part of the names of its images. */
  readonly host: `127.0.0.1:${number}`
  /** What it has logged so far. */
  log(): string
  /** Ends it and removes all that it holds. A second call does nothing. */
  stop(): Promise<void>
}

const START_MS = 30_000
/** A registry that is told to end does so at once. */
const STOP_MS = 5_000

/**
 * Starts Debian's docker-registry on a free port of loopback, with its storage in a temporary folder. It ends with this
 * process, whatever happens to that.
 *
 * @throws Error with the end of its log, where it ends or doesn't answer
 */
export async function startRegistry({ auth, tls }: RegistryOptions = {}): Promise<Registry> {
  if (!inNamespaces()) throw new Error('a registry is started only in namespaces of its own: npm test -- FILE')
  const users = auth && (await htpasswd(auth))
  const folder = await mkdtemp(join(tmpdir(), 'registry-'))
  const logFile = join(folder, 'log')
  const host = `127.0.0.1:${await freePort()}` as const
  const child = launch(await writeConfig(folder, { addr: host, ...(tls && { tls }) }, users), logFile)
  const registry = { host, log: () => readFileSync(logFile, 'utf8'), stop: () => stop(child, folder) }
  try {
    await untilListens(child, registry)
  } catch (error) {
    await registry.stop()
    throw error
  }
  child.unref()
  return registry
}

/** The file in YAML, of which JSON is a part. */
async function writeConfig(folder: string, http: object, users: string | undefined): Promise<string> {
  const usersFile = join(folder, 'htpasswd')
  if (users !== undefined) await writeFile(usersFile, users)
  const config = {
    version: 0.1,
    log: { accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http,
    ...(users !== undefined && { auth: { htpasswd: { realm: 'tests', path: usersFile } } }),
  }
  const path = join(folder, 'config.yml')
  await writeFile(path, JSON.stringify(config))
  return path
}

/** bcrypt is the only kind that the registry takes. */
async function htpasswd({ username, password }: NonNullable<RegistryOptions['auth']>): Promise<string> {
  const { code, stdout, stderr } = await runCommand('htpasswd', ['-niB', username], { input: password })
  if (code !== 0) throw new Error(`htpasswd failed: ${stderr}`)
  return stdout
}

function launch(config: string, logFile: string): ChildProcess {
  const program = findProgram('docker-registry')
  if (program === undefined) throw new Error('docker-registry is not installed (Debian: docker-registry)')
  const log = openSync(logFile, 'a')
  try {
    // setpriv becomes the registry, which the kernel then tells to end when this process does (prctl(2), PR_SET_PDEATHSIG).
    return spawn('setpriv', ['--pdeathsig', 'KILL', program, 'serve', config], {
      stdio: ['ignore', log, log],
      env: cleanEnvironment(),
    })
  } finally {
    closeSync(log)
  }
}

async function untilListens(child: ChildProcess, registry: Registry): Promise<void> {
  const port = Number(registry.host.split(':')[1])
  for (const start = Date.now(); !(await isListening(port)); await delay(25)) {
    const end = registry.log().split('\n').slice(-12).join('\n')
    if (hasEnded(child)) throw new Error(`docker-registry ended with ${child.exitCode ?? child.signalCode}:\n${end}`)
    if (Date.now() - start > START_MS) throw new Error(`docker-registry didn't answer within ${START_MS} ms:\n${end}`)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (!hasEnded(child)) {
    child.ref()
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended.finally(() => clearTimeout(late))
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
