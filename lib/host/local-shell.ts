import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { unlessAborted } from '../base/abort.ts'
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
async function runHere(script: string, { onLine, signal }: RunOptions = {}): Promise<ScriptResult> {
  signal?.throwIfAborted()
  const child = spawn('/bin/sh', ['-s'], { stdio: 'pipe', detached: true, env: withoutSecrets(process.env) })
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
  try {
    const [code, stderr] = await unlessAborted(Promise.all([ended, text(child.stderr)]), signal)
    return { code, stdout: lines.join('\n'), stderr }
  } catch (error) {
    // The script continues to run, but nobody is interested in its lines any more.
    reader.close()
    throw error
  }
}
