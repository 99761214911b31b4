import { constants } from 'node:os'

type Cleanup = () => void | Promise<void>

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT = process.ppid
const cleanups: Cleanup[] = []
let interrupted = false
let watch: NodeJS.Timeout | undefined

/**
 * Cleans up when the process is interrupted (Ctrl-C, `kill`, a closed terminal, the end of the npm that runs it), the
 * newest first, and then ends it with the exit code that shells use for the signal.
 *
 * @returns forgets the clean-up, once it was done in the ordinary way
 */
export function onInterrupt(cleanup: Cleanup): () => void {
  if (cleanups.length === 0) listen()
  cleanups.push(cleanup)
  return () => {
    const index = cleanups.indexOf(cleanup)
    if (index >= 0) cleanups.splice(index, 1)
    if (cleanups.length === 0 && !interrupted) ignore()
  }
}

function listen(): void {
  for (const signal of SIGNALS) process.on(signal, interrupt)
  // npm hands SIGTERM to the shell that it runs a script with, and the shell ends without a word to us.
  if (process.env['npm_lifecycle_event'] === undefined) return
  watch = setInterval(() => process.ppid === PARENT || interrupt('SIGTERM'), 250).unref()
}

function ignore(): void {
  for (const signal of SIGNALS) process.off(signal, interrupt)
  clearInterval(watch)
}

/** Whether the process is ending because of a signal: what is printed now would only be in the way. */
export function isInterrupted(): boolean {
  return interrupted
}

function interrupt(signal: NodeJS.Signals): void {
  // A second Ctrl-C must not cut the clean-up short: it is what keeps things from staying behind.
  if (interrupted) return
  interrupted = true
  void cleanUp().finally(() => process.exit(128 + constants.signals[signal]))
}

async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    try {
      await cleanup()
    } catch (error) {
      process.stderr.write(`While cleaning up: ${(error as Error).message}\n`)
    }
  }
}
