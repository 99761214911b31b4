import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { childEnvironment } from '../base/child-environment.ts'
import { limitedRun } from './limited-run.ts'
import { READ_LIMITS } from './run-limits.ts'
import { ScriptOutput } from './script-output.ts'
import { PREAMBLE, type HostShell, type ScriptResult, type RunOptions } from './shell.ts'

const NAME = 'this machine'

/** The root shell of this machine. docker-mtls must run as root. */
export function localShell(): HostShell {
  return { name: NAME, isHere: true, run: runHere }
}

/**
 * Runs the script in its own session. So Ctrl-C at the terminal reaches only docker-mtls, and doesn't interrupt a script that
 * has begun to change files.
 */
async function runHere(
  script: string,
  { onLine, signal, limits = READ_LIMITS }: RunOptions = {},
): Promise<ScriptResult> {
  signal?.throwIfAborted()
  const child = spawn('/bin/sh', ['-s'], { stdio: 'pipe', detached: true, env: childEnvironment(process.env) })
  const output = new ScriptOutput({ limits, onLine })
  // Ignore write errors: a shell that exits before it has read the script prints the reason itself.
  child.stdin.on('error', () => undefined).end(PREAMBLE + script)
  const shell = {
    name: NAME,
    stdout: child.stdout,
    exit: exitOf(child),
    stop: () => stopSession(child),
    // The script continues to run, but nobody is interested in its lines any more.
    abandon: () => child.stdout.pause(),
  }
  const exit = await limitedRun(shell, output, { limits, signal })
  return { ...exit, stdout: output.end() }
}

/** How many characters of stderr are kept, from its end. */
const LONGEST_STDERR = 4_096

async function exitOf(child: ChildProcessWithoutNullStreams): Promise<Omit<ScriptResult, 'stdout'>> {
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-LONGEST_STDERR)))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve(exitCode ?? 1))
  })
  return { code, stderr }
}

/** How long the processes of a script have to remove their temporary files, in milliseconds. */
const CLEAN_UP_MS = 2_000

/** Ends all processes of the script, as ssh's end does on a remote host, and stops waiting for those that left its session. */
function stopSession(child: ChildProcessWithoutNullStreams): void {
  const end = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // It has just exited.
    }
  }
  end('SIGTERM')
  const timer = setTimeout(() => {
    end('SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }, CLEAN_UP_MS)
  child.once('close', () => clearTimeout(timer))
}
