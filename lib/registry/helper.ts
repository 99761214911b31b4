import { spawn } from 'node:child_process'
import type { Environment } from '../endpoint/environment.ts'
import { asObject, parseObject } from '../endpoint/json-object.ts'
import { RegistryError, type RegistryErrorCode } from '../base/errors.ts'
import { findProgram } from '../base/programs.ts'
import type { RegistryAuth } from './auth.ts'
import { printable } from '../base/text.ts'

/** A name that stays the name of a program in the PATH: `docker-credential-` comes before it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** A helper may ask a person to unlock a key ring, and that takes its time. */
const TIMEOUT_MS = 60_000
/** Tokens have some kilobytes. */
const MAX_BYTES = 1_048_576
/** docker-credential-helpers, errCredentialsNotFoundMessage: it comes on stdout, with an exit code of 1. */
const NOT_FOUND = /^credentials not found\b/
/** The user name that marks an identity token (docker/cli, tokenUsername). */
const TOKEN_USER = '<token>'

/** What runs a program of the Docker CLI's that keeps credentials. */
export interface HelperRequest {
  /** What config.json calls it: the program is `docker-credential-NAME`. */
  readonly name: string
  readonly env: Environment
  /** @defaultValue 60,000 ms */
  readonly timeout?: number
}

/**
 * Asks a helper for the credentials of one server.
 *
 * @returns undefined, where it has none
 * @throws {@link RegistryError} ERR_CREDENTIAL_HELPER_MISSING, ERR_CREDENTIAL_HELPER_FAILED, ERR_CREDENTIALS_INVALID
 */
export async function askHelper(helper: HelperRequest, server: string): Promise<RegistryAuth | undefined> {
  const { code, output } = await run(helper, 'get', server)
  if (code !== 0 && NOT_FOUND.test(output.trim())) return undefined
  if (code !== 0) throw failed(helper, server, `it ended with ${code}`)
  const { Username: username, Secret: secret } = parseObject(output) ?? {}
  if (typeof username !== 'string' || typeof secret !== 'string' || username === '' || secret === '') {
    throw failed(helper, server, 'its answer has no Username and Secret', 'ERR_CREDENTIALS_INVALID')
  }
  return username === TOKEN_USER
    ? { identitytoken: secret, serveraddress: server }
    : { username, password: secret, serveraddress: server }
}

/** All servers that a helper has credentials for. */
export async function listHelper(helper: HelperRequest): Promise<string[]> {
  const { code, output } = await run(helper, 'list', '')
  if (code !== 0) throw failed(helper, '', `it ended with ${code}`)
  const servers = asObject(parseObject(output))
  if (servers === undefined) throw failed(helper, '', 'its answer is no JSON object', 'ERR_CREDENTIALS_INVALID')
  return Object.keys(servers)
}

interface Ended {
  readonly code: number | string
  readonly output: string
}

/** Its stderr goes nowhere: a library is silent, and what it says there may be a secret. */
async function run(helper: HelperRequest, action: 'get' | 'list', server: string): Promise<Ended> {
  const { env, timeout = TIMEOUT_MS } = helper
  const program = await programOf(helper, server)
  const child = spawn(program, [action], { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true })
  const chunks: Buffer[] = []
  let size = 0
  let reason: string | undefined
  const stop = (why: string): void => {
    reason ??= why
    child.kill('SIGKILL')
    // Its own children may hold the pipe open.
    child.stdout.destroy()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if ((size += chunk.length) > MAX_BYTES) stop(`its answer is longer than ${MAX_BYTES} bytes`)
  })
  const late = setTimeout(() => stop(`it gave no answer within ${timeout / 1000} s`), timeout)
  // A helper that doesn't read its input closes it: no failure of ours.
  child.stdin.on('error', () => undefined).end(`${server}\n`)
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status, signal) => resolve(status ?? signal ?? 'no exit code'))
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
  if (!NAME.test(name)) throw failed(helper, server, 'its name is no name of a program')
  // process.env minds no case on Windows, where it is Path; a copy of it does.
  const path = env['PATH'] ?? (process.platform === 'win32' ? env['Path'] : undefined) ?? ''
  const found = await findProgram(`docker-credential-${name}`, path)
  if (found !== undefined) return found
  throw failed(helper, server, 'it is in no folder of the PATH', 'ERR_CREDENTIAL_HELPER_MISSING')
}

/** What the helper said is not told: some print what they were asked for, also when they fail. */
function failed(
  { name }: HelperRequest,
  server: string,
  got: string,
  code: RegistryErrorCode = 'ERR_CREDENTIAL_HELPER_FAILED',
  cause?: unknown,
): RegistryError {
  const program = `docker-credential-${printable(name)}`
  const what = server === '' ? 'its list of registries' : `the credentials of ${server}`
  const line = server === '' ? `${program} list` : `echo ${server} | ${program} get`
  const missing = code === 'ERR_CREDENTIAL_HELPER_MISSING' || !NAME.test(name)
  const todo = missing ? 'Install it, or take it out of credsStore and credHelpers in config.json.' : `Try it:  ${line}`
  return new RegistryError(code, { tried: `asking ${program} for ${what}`, got, todo, cause })
}
