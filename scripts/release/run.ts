import { spawn } from 'node:child_process'
import { exitCodeOf } from '../child.ts'
import { Refusal } from './refusal.ts'

export interface RunOptions {
  readonly cwd: string
  /** In addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Shows the output while the command runs. Otherwise, a refusal contains its end. */
  readonly show?: boolean
}

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `npm run` sets variables that would let another npm work in this folder instead of its own. */
const KEPT = new Set(['npm_config_cache', 'npm_config_registry', 'npm_config_userconfig'])
const QUIET = { npm_config_fund: 'false', npm_config_update_notifier: 'false', NO_COLOR: '1' }

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || KEPT.has(name))
  return { ...Object.fromEntries(own), ...QUIET, ...extra }
}

/** Runs a command. A failure is a result. */
export async function attempt(command: readonly string[], { cwd, env, show = false }: RunOptions): Promise<Outcome> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk
      if (show) process[name].write(chunk)
    })
  }
  const code = await exitCodeOf(child)
  return { code, ...output }
}

/** Runs a command, returns its output, and refuses with the remedy if it fails. */
export async function run(command: readonly string[], options: RunOptions, remedy: string): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, options)
  if (code === 0) return stdout
  const said = options.show === true ? [] : `${stdout}\n${stderr}`.trim().split('\n').slice(-15)
  throw new Refusal([`${command.join(' ')} ended with exit code ${code}.`, ...said].join('\n'), remedy)
}

/** Runs git, which is expected to work. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const remedy = `Find out why git fails in ${cwd}.`
  return (await run(['git', ...args], { cwd }, remedy)).trimEnd()
}
