import { createHash } from 'node:crypto'
import type { HostShell, ScriptResult } from '../../../lib/host/shell.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A host, and the scripts that ran there. */
export interface FakeShell extends HostShell {
  readonly ran: readonly string[]
}

/**
 * A host that is no machine.
 *
 * @param answer - what a script prints, or what differs from a script that prints nothing and succeeds
 */
export function fakeShell(
  answer: (script: string) => string | Partial<ScriptResult> | Error,
  isHere = true,
): FakeShell {
  const ran: string[] = []
  const run = (script: string): Promise<ScriptResult> => {
    ran.push(script)
    const given = answer(script)
    if (given instanceof Error) return Promise.reject(given)
    return Promise.resolve({
      code: 0,
      stdout: '',
      stderr: '',
      ...(typeof given === 'string' ? { stdout: given } : given),
    })
  }
  return { name: isHere ? 'this machine' : 'ssh://h', isHere, run, ran }
}
