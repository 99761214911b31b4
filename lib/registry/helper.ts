import { spawn } from 'node:child_process'
import type { Environment } from '../endpoint/environment.ts'
import { parseObject } from '../endpoint/json-object.ts'
import { RegistryError, type RegistryErrorCode } from '../base/errors.ts'
import { childEnvironment } from '../base/child-environment.ts'
import { findProgram } from '../base/programs.ts'
import type { RegistryAuth } from './auth.ts'
import { command, sentence } from '../base/sentence.ts'
import { printable } from '../base/text.ts'

/** The part of a program's name after `docker-credential-`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** Long, since a helper may ask a person to unlock a key ring. */
const TIMEOUT_MS = 60_000
/** Tokens have a few kilobytes. */
const MAX_BYTES = 1_048_576
/** docker-credential-helpers, errCredentialsNotFoundMessage: written to stdout, with exit code 1. */
const NOT_FOUND = /^credentials not found\b/
/** The user name that marks an identity token (docker/cli, tokenUsername). */
const TOKEN_USER = '<token>'

/** How to run a credential helper of the Docker CLI. */
export interface HelperRequest {
  /** Its name in config.json: the program is `docker-credential-NAME`. */
  readonly name: string
  readonly env: Environment
  /** @defaultValue 60,000 ms */
  readonly timeout?: number
}

/**
 * Asks a helper for the credentials of one server.
 *
 * @returns undefined if it has none
 * @throws {@link RegistryError} ERR_CREDENTIAL_HELPER_MISSING, ERR_CREDENTIAL_HELPER_FAILED, ERR_CREDENTIALS_INVALID
 */
export async function askHelper(helper: HelperRequest, server: string): Promise<RegistryAuth | undefined> {
  const { code, output } = await run(helper, 'get', server)
  if (code !== 0 && NOT_FOUND.test(output.trim())) return undefined
  if (code !== 0) throw failed(helper, server, exited(code))
  const { Username: username, Secret: secret } = parseObject(output) ?? {}
  if (typeof username !== 'string' || typeof secret !== 'string' || username === '' || secret === '') {
    throw failed(helper, server, 'its output has no Username and Secret', 'ERR_CREDENTIALS_INVALID')
  }
  return username === TOKEN_USER
    ? { identitytoken: secret, serveraddress: server }
    : { username, password: secret, serveraddress: server }
}

/** All servers that a helper has credentials for. */
export async function listHelper(helper: HelperRequest): Promise<string[]> {
  const { code, output } = await run(helper, 'list', '')
  if (code !== 0) throw failed(helper, '', exited(code))
  // Go writes null for an empty map.
  const servers = parseObject(output.trim() === 'null' ? '{}' : output)
  if (servers === undefined) throw failed(helper, '', 'its output is not a JSON object', 'ERR_CREDENTIALS_INVALID')
  return Object.keys(servers)
}

/** `SIGKILL` for a signal. */
function exited(code: number | string): string {
  return typeof code === 'number' ? `it exited with code ${code}` : `it was terminated by ${code}`
}

interface Ended {
  readonly code: number | string
  readonly output: string
}

/** Its stderr is discarded: a library prints nothing, and a helper may write secrets there. */
async function run(helper: HelperRequest, action: 'get' | 'list', server: string): Promise<Ended> {
  const { env, timeout = TIMEOUT_MS } = helper
  const program = await programOf(helper, server)
  const child = spawn(program, [action], {
    env: childEnvironment(env),
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  const chunks: Buffer[] = []
  let size = 0
  let reason: string | undefined
  const stop = (why: string): void => {
    reason ??= why
    child.kill('SIGKILL')
    // Its children may keep the pipe open.
    child.stdout.destroy()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if ((size += chunk.length) > MAX_BYTES) stop(`its output is longer than ${MAX_BYTES} bytes`)
  })
  const late = setTimeout(() => stop(`it didn't finish within ${timeout / 1000} s`), timeout)
  // A helper that doesn't read its input closes it. That is no failure.
  child.stdin.on('error', () => undefined).end(`${server}\n`)
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status, signal) => resolve(status ?? signal ?? 'a signal'))
    })
    if (reason !== undefined) throw failed(helper, server, reason)
    return { code, output: Buffer.concat(chunks).toString('utf8') }
  } catch (cause) {
    throw cause instanceof RegistryError ? cause : failed(helper, server, "it can't be started", undefined, cause)
  } finally {
    clearTimeout(late)
  }
}

async function programOf(helper: HelperRequest, server: string): Promise<string> {
  const { name, env } = helper
  if (!NAME.test(name)) throw failed(helper, server, 'this is not a valid program name')
  // On Windows the variable is Path. process.env ignores case, but a copy of it doesn't.
  const path = env['PATH'] ?? (process.platform === 'win32' ? env['Path'] : undefined) ?? ''
  const found = await findProgram(`docker-credential-${name}`, path)
  if (found !== undefined) return found
  throw failed(helper, server, 'it is not in the PATH', 'ERR_CREDENTIAL_HELPER_MISSING')
}

/** The output of the helper isn't quoted: some print the credentials even when they fail. */
function failed(
  { name }: HelperRequest,
  server: string,
  got: string,
  code: RegistryErrorCode = 'ERR_CREDENTIAL_HELPER_FAILED',
  cause?: unknown,
): RegistryError {
  const program = `docker-credential-${printable(name)}`
  const what = server === '' ? 'its list of registries' : `the credentials for ${server}`
  const list = command(program, 'list')
  const get = sentence`${command('echo', server)} | ${command(program, 'get')}`
  const missing = code === 'ERR_CREDENTIAL_HELPER_MISSING' || !NAME.test(name)
  const todo = missing
    ? 'Install it, or remove it from credsStore and credHelpers in config.json.'
    : sentence`To see why, run  ${server === '' ? list : get}`
  return new RegistryError(code, { tried: `asking ${program} for ${what}`, got, todo, cause })
}
