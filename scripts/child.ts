import type { ChildProcess } from 'node:child_process'
import { onInterrupt } from './interrupt.ts'

/**
 * Waits for a child process. If this process is interrupted, it sends the child the signal and waits for its end first.
 *
 * @returns the exit code; 1 if a signal ended the child
 * @throws the error of a program that can't be started
 */
export async function exitCodeOf(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
  const closed = endOf(child)
  const forget = onInterrupt(async () => {
    child.kill(signal)
    await closed
  })
  return closed.finally(forget)
}

/** {@link exitCodeOf} without an interest in interrupts. */
export function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
