import { constants } from 'node:os'

type Cleanup = () => void | Promise<void>

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT = process.ppid
const cleanups: Cleanup[] = []
let interrupted = false
let watch: NodeJS.Timeout | undefined

/**
 * Registers a clean-up for when the process is interrupted (Ctrl-C, `kill`, a closed terminal, the end of the npm that
 * runs it). Clean-ups run newest first. The process then exits with the code that shells use for the signal.
 *
 * @returns a function that unregisters the clean-up, to call after doing it normally
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
  // npm sends SIGTERM only to the shell that runs the script, and the shell exits without telling us.
  if (process.env['npm_lifecycle_event'] === undefined) return
  watch = setInterval(() => process.ppid === PARENT || interrupt('SIGTERM'), 250).unref()
}

function ignore(): void {
  for (const signal of SIGNALS) process.off(signal, interrupt)
  clearInterval(watch)
}

/** Whether a signal is ending the process. Further output would only confuse. */
export function isInterrupted(): boolean {
  return interrupted
}

function interrupt(signal: NodeJS.Signals): void {
  // A second Ctrl-C must not interrupt the clean-up, which removes what would otherwise stay behind.
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
