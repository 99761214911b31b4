import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** The whole environment besides PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string | Uint8Array
  /** @defaultValue 60,000 ms; then the command is killed, and its code is 137 */
  readonly timeout?: number
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * What foreign clients run with: none of the DOCKER_*, *_CA_BUNDLE, SSL_CERT_*, NODE_* and *_PROXY variables that would
 * beat what they are given.
 */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH, HOME: process.env['HOME'] ?? '/nonexistent', LANG: 'C.UTF-8', ...extra }
}

/** Runs a program without a shell and in a {@link cleanEnvironment}; a failure is a result, not an exception. */
export async function runCommand(
  file: string,
  args: readonly string[],
  { env, cwd, input, timeout = 60_000 }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(file, args, { cwd, env: cleanEnvironment(env), timeout, killSignal: 'SIGKILL', stdio: 'pipe' })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk))
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 137))
  })
  // A program that doesn't read its input closes it: no failure of ours.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return { code: await closed, ...output }
}

/**
 * Runs somebody else's TLS client until it says why the server refused it. Over TLS 1.3 such a client sends its request
 * before it reads the server's alert; if the server has closed the connection by then, the client sees only the reset.
 */
export async function untilAlert(run: () => Promise<CommandResult>): Promise<CommandResult> {
  for (let attempt = 0; ; attempt++) {
    const result = await run()
    if (attempt === 10 || !/reset by peer|broken pipe|Connection aborted/i.test(result.stdout + result.stderr))
      return result
  }
}
