import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Input } from '../../../lib/cli/terminal/io.ts'
import type { DockerFlag } from '../../../lib/base/docker-flags.ts'
import { run } from '../../../lib/cli/run.ts'
import { cleanEnvironment } from '../../support/command.ts'
import { COMMAND, MAIN, TYPESCRIPT } from '../../support/programs.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** The whole environment. @defaultValue a PATH and a HOME that is not there */
  readonly env?: Readonly<Record<string, string>>
  /** Where the installed unit is looked for. @defaultValue a folder that is not there: docker-ce's line is taken */
  readonly root?: string
  /** Are all three streams terminals? @defaultValue false */
  readonly tty?: boolean
  /** Typed, each after a prompt that ends in `: `; a list comes key by key. */
  readonly typed?: readonly (string | readonly string[])[]
  readonly columns?: number
  readonly signal?: AbortSignal
  /** What stdin holds. */
  readonly input?: string | Uint8Array
  /** The docker command's own options, where it calls. */
  readonly docker?: readonly DockerFlag[]
}

const NO_HOME = '/nonexistent'

/** Where commands without a home folder note known CAs. Test files that run without the runner share the temporary folder. */
const STATE = mkdtempSync(join(tmpdir(), 'mtls-state-'))
process.once('exit', () => rmSync(STATE, { recursive: true, force: true }))

/** A test that sets TMPDIR looks at the list there. One throws an error where HOME is read, which only the command may do. */
function withState(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const home: PropertyDescriptor = Object.getOwnPropertyDescriptor(env, 'HOME') ?? { value: NO_HOME }
  return home.value === NO_HOME && !('TMPDIR' in env) ? { XDG_STATE_HOME: STATE, ...env } : env
}

/** A terminal's keyboard: types the next answer whenever it is asked for one. */
class Keyboard extends PassThrough {
  isTTY = true
  /** Every change of the mode. */
  readonly raw: boolean[] = []
  setRawMode(mode: boolean): this {
    this.raw.push(mode)
    return this
  }
}

/** Runs a command line in this process, with streams of its own. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Ran & { raw: boolean[] }> {
  const { root = '/nonexistent', tty = false, typed = [], columns, input } = options
  const env = withState(options.env ?? { HOME: NO_HOME })
  const output = { stdout: '', stderr: '' }
  const keyboard = new Keyboard()
  keyboard.isTTY = tty
  if (input !== undefined) keyboard.end(input)
  const answers = [...typed]
  const stream = (name: 'stdout' | 'stderr', onText = (_text: string): void => undefined) => ({
    isTTY: tty,
    ...(columns !== undefined && { columns }),
    write(chunk: string | Uint8Array) {
      const words = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
      output[name] += words
      onText(words)
    },
  })
  const stderr = stream('stderr', (words) => {
    const answer = words.endsWith(': ') ? answers.shift() : undefined
    for (const keys of [answer ?? []].flat()) setImmediate(() => keyboard.write(keys))
  })
  const signal = options.signal ?? new AbortController().signal
  const { docker = [] } = options
  const io = { stdin: keyboard satisfies Input, stdout: stream('stdout'), stderr, env, signal, root, docker }
  const code = await run(argv, io)
  return { code, ...output, raw: keyboard.raw }
}

/** The JSON object that a command printed, and nothing else. */
export async function runJson<Data = Record<string, unknown>>(
  argv: readonly string[],
  options?: RunOptions,
): Promise<Data> {
  const end = argv.indexOf('--')
  const words = end === -1 ? [...argv, '--json'] : argv.toSpliced(end, 0, '--json')
  const { stdout, stderr } = await runCli(words, options)
  try {
    return JSON.parse(stdout) as Data
  } catch {
    throw new Error(`no JSON on stdout: ${JSON.stringify(stdout)}, stderr ${JSON.stringify(stderr)}`)
  }
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** What starts the command line as a process of its own. */
export const CLI: readonly string[] = [process.execPath, ...COMMAND]
/** The same from its sources, where the names of its files matter. */
export const SOURCES: readonly string[] = [process.execPath, ...TYPESCRIPT, MAIN]

export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Is handed the process once it has said this on stderr. */
  readonly when?: readonly [stderr: RegExp, act: (pid: number) => void]
  /** @defaultValue {@link CLI} */
  readonly program?: readonly string[]
}

/** The CA that a developer may have in the data folder is none of a test's business, nor are the CAs that they know. */
function withoutData(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    TMPDIR: tmpdir(),
    ...(env['HOME'] === undefined && { XDG_DATA_HOME: NO_HOME }),
    ...withState(env),
  }
}

/** Runs the command line as a process of its own. */
export async function runProcess(
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<Ran & { signal: NodeJS.Signals | null }> {
  const { cwd = ROOT, env = {}, input = '', when, program = CLI } = options
  const [file = '', ...args] = [...program, ...argv]
  // Stops what hangs; no test waits that long.
  const child = spawn(file, args, {
    cwd,
    env: cleanEnvironment(withoutData(env)),
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const closed = once(child, 'close')
  const stdout = text(child.stdout)
  let stderr = ''
  let acted = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    if (acted || when?.[0].test(stderr) !== true || child.pid === undefined) return
    acted = true
    when[1](child.pid)
  })
  child.stdin.end(input)
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null]
  return { code: code ?? -1, signal, stdout: await stdout, stderr }
}
