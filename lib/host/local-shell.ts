import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { withoutSecrets } from '../transport/ssh-stream.ts'
import { PREAMBLE, type HostShell, type ScriptResult, type RunOptions } from './shell.ts'

/** The root shell of this machine. docker-mtls must run as root. */
export function localShell(): HostShell {
  return { name: 'this machine', isHere: true, run: runHere }
}

/**
 * Runs the script in its own session. So Ctrl-C at the terminal reaches only docker-mtls, and doesn't interrupt a script that
 * has begun to change files.
 */
function runHere(script: string, { onLine, signal }: RunOptions = {}): Promise<ScriptResult> {
  return runScript('/bin/sh', ['-s'], script, { onLine, signal })
}

/** Starts a program, and passes it the script on stdin. */
export async function runScript(
  file: string,
  args: readonly string[],
  script: string,
  { onLine, signal }: RunOptions,
): Promise<ScriptResult> {
  signal?.throwIfAborted()
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: withoutSecrets(process.env) })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const lines: string[] = []
  const reader = createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    onLine?.(line)
  })
  // Ignore write errors: a shell that exits before it has read the script prints the reason itself.
  child.stdin.on('error', () => undefined).end(PREAMBLE + script)
  const [code, stderr] = await whileNotAborted(Promise.all([ended, text(child.stderr)]), signal, () => reader.close())
  return { code, stdout: lines.join('\n'), stderr }
}

async function whileNotAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  stop: () => void,
): Promise<Result> {
  if (signal === undefined) return work
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    if (signal.aborted) stop()
    throw error
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}
