import type { HostShell, Ran } from '../host/shell.ts'
import type { OnStep } from '../base/progress.ts'
import { STEPS, type TransactionStep } from './transaction.ts'

/** Runs a script, and tells of the steps that its lines `@step NAME` announce: each ends where the next one begins. */
export async function followSteps(shell: HostShell, script: string, onStep: OnStep | undefined): Promise<Ran> {
  let current: { step: TransactionStep; began: number } | undefined
  const end = (state: 'done' | 'failed'): void => {
    if (current === undefined) return
    const { step, began } = current
    onStep?.({ step, title: STEPS[step], state, milliseconds: Math.round(performance.now() - began) })
  }
  const onLine = (line: string): void => {
    const step = /^@step (.*)$/.exec(line)?.[1]
    if (step === undefined || !(step in STEPS)) return
    end('done')
    current = { step: step as TransactionStep, began: performance.now() }
    onStep?.({ step, title: STEPS[current.step], state: 'running' })
  }
  const ran = await shell.run(script, { onLine })
  end(ran.code === 0 ? 'done' : 'failed')
  return ran
}
