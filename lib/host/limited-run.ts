import type { Readable } from 'node:stream'
import { linkSignals, LONGEST_TIMER, pause, unlessAborted } from '../base/abort.ts'
import { ProvisionError } from '../base/errors.ts'
import type { RunLimits } from './run-limits.ts'
import type { ScriptOutput } from './script-output.ts'

/** A shell that was started for one script. */
export interface StartedShell<Exit> {
  /** The name of the host, for messages. */
  readonly name: string
  readonly stdout: Readable
  /** Resolves when the shell has exited and all its output was read. */
  readonly exit: Promise<Exit>
  /** Ends the shell. */
  readonly stop: () => void
  /** Called instead if the caller doesn't wait any longer. */
  readonly abandon: () => unknown
}

/** How long a shell may take to exit after it was stopped, in milliseconds. ssh may need four seconds. */
const EXIT_MS = 5_000

/**
 * Reads the output of a shell until it exits, and stops a shell that exceeds a limit. Otherwise one host could exhaust the
 * memory of this process, or keep it waiting forever.
 *
 * @throws {@link ProvisionError} ERR_HOST_UNREADABLE, if a limit is exceeded
 * @throws the signal's reason, if it is aborted
 */
export async function limitedRun<Exit>(
  shell: StartedShell<Exit>,
  output: ScriptOutput,
  { limits, signal }: { readonly limits: RunLimits; readonly signal: AbortSignal | undefined },
): Promise<Exit> {
  const { name, stdout, exit } = shell
  const ended = linkSignals(signal)
  const timers = startTimers(limits, (got) => ended.abort(limitExceeded(name, got)))
  const read = (chunk: Buffer): void => {
    timers.restartSilence()
    try {
      const got = output.add(chunk)
      if (got !== undefined) ended.abort(limitExceeded(name, got))
    } catch (error) {
      // The listener for lines has failed.
      ended.abort(error)
    }
  }
  stdout.on('data', read)
  try {
    return await unlessAborted(exit, ended.signal)
  } catch (error) {
    stdout.off('data', read)
    if (signal?.aborted === true) await shell.abandon()
    else await stopShell(shell)
    throw error
  } finally {
    timers.end()
    ended.unlink()
  }
}

async function stopShell({ exit, stop }: StartedShell<unknown>): Promise<void> {
  stop()
  await Promise.race([exit, pause(EXIT_MS, undefined)])
}

interface Timers {
  readonly restartSilence: () => void
  readonly end: () => void
}

function startTimers({ silence, total }: RunLimits, exceed: (got: string) => void): Timers {
  const start = (milliseconds: number, got: string): NodeJS.Timeout =>
    setTimeout(() => exceed(`${got} ${Math.round(milliseconds / 1000)} seconds`), Math.min(milliseconds, LONGEST_TIMER))
  const silent = start(silence, 'it printed nothing for')
  const late = start(total, 'its script was still running after')
  return {
    restartSilence: () => void silent.refresh(),
    end: () => {
      clearTimeout(silent)
      clearTimeout(late)
    },
  }
}

function limitExceeded(name: string, got: string): ProvisionError {
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried: `running a script on ${name}`,
    got,
    todo: 'Log in there and check its load, its disks, and the output of its login shell.',
  })
}
