import { shellFile } from '../base/shell-file.ts'
import type { OnStep } from '../base/progress.ts'
import { shellWord } from '../base/quoting/posix.ts'
import { transactionLimits } from '../host/run-limits.ts'
import { assignments, hereDocument, shellCall, shellFunction, shellProgram } from '../host/script.ts'
import { PREAMBLE, type HostShell, type ScriptResult } from '../host/shell.ts'
import { isWritten, OWNER, sumOf, type Change } from './changes.ts'
import type { ApplyPlan } from './plan.ts'
import { ROLLBACK_PROGRAM, STATE_SH } from './rollback/state.ts'

const TRANSACTION_SH: string = shellFile(new URL('./transaction.sh', import.meta.url))
const COMMIT_SH: string = shellFile(new URL('./commit.sh', import.meta.url))

/** Steps of the transaction, in their order, as its lines `@step NAME` announce them. */
const STEPS = {
  backup: 'back up the files that will change',
  arm: 'start the timer that rolls the host back if this is cut off',
  account: 'create the user of the gateway',
  'stop-gateway': 'stop the gateway',
  write: 'write the files',
  reload: 'reload the units in systemd',
  'live-restore': 'enable live-restore in dockerd',
  restart: 'restart docker',
  gateway: 'start the gateway',
} as const

type TransactionStep = keyof typeof STEPS

/** One apply, from its first change to its end. */
export interface Transaction {
  /** Letters, digits and `-`; they sort by their time. */
  readonly id: string
  /** After how many seconds the timer rolls the host back. */
  readonly after: number
  /** The process of docker-mtls if it runs on the host itself, `PID START`: so that the next run knows that it is gone. */
  readonly owner: string | undefined
  /** How dockerd was configured, as `daemonBefore` tells it. */
  readonly before?: string
}

/** What a transaction does with the gateway. */
export interface GatewayService {
  /** The user of the service, who is created if there is none. */
  readonly user: string
  /** Does it have to start, or to restart? */
  readonly starts: boolean
}

/** The part of a plan that its transaction carries out. */
export type Written = Pick<ApplyPlan, 'changes' | 'tlsDir' | 'reloadsFirst' | 'remaps'> & {
  /** Does dockerd go on without a restart? @defaultValue false */
  readonly keepsDocker?: boolean
  /** Absent: the apply starts no gateway. */
  readonly gateway?: GatewayService
  /** The folder of a gateway that is removed. */
  readonly leaves?: string
}

/**
 * Writes all files of a plan and restarts dockerd: see `transaction.sh`.
 *
 * @param plan - without conflicts
 */
export function transactionScript(plan: Written, { id, after, owner: process = '', before = '' }: Transaction): string {
  const { tlsDir, reloadsFirst, remaps, keepsDocker = false, gateway, leaves = '' } = plan
  const written = plan.changes.filter(isWritten)
  const values = {
    id,
    after,
    owner: process,
    remaps: remaps ? 'yes' : '',
    reloads_first: reloadsFirst ? 'yes' : '',
    tls_dir: tlsDir,
    restarts: keepsDocker ? '' : 'yes',
    user: gateway?.user ?? '',
    starts: gateway?.starts ? 'yes' : '',
    leaves,
    before,
  }
  return shellProgram(
    assignments(values),
    shellFunction(
      'files',
      written.map(({ path, ...change }) => `"$1" ${shellCall([path, sumBefore(change)])}`),
    ),
    shellFunction(
      'write_files',
      written.map(({ path, mode, owner = OWNER, text, action, copy }) => {
        if (action === 'remove') return shellCall(['remove_file', path])
        const words = ['write_file', path, octal(mode), owner]
        return copy === undefined ? shellCall(words, text) : `${shellCall(words)} <${shellWord(copy)}`
      }),
    ),
    shellFunction('rollback_program', [`cat ${hereDocument(PREAMBLE + ROLLBACK_PROGRAM)}`]),
    STATE_SH,
    TRANSACTION_SH,
  )
}

/** The expected SHA-256 of the existing file, for which the change was planned; `-`: no file. */
function sumBefore({ action, before }: Pick<Change, 'action' | 'before'>): string {
  if (before === undefined) return action === 'create' ? '-' : ''
  return sumOf(before) ?? ''
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** Ends a transaction: its changes stay. Fails if the host was rolled back already. */
export function commitScript(id: string): string {
  return shellProgram(assignments({ id }), STATE_SH, COMMIT_SH)
}

/** Runs a transaction, and reports the steps that it announces: each ends where the next one begins. */
export async function runTransaction(
  shell: HostShell,
  plan: Written,
  transaction: Transaction,
  onStep: OnStep | undefined,
): Promise<ScriptResult> {
  const limits = transactionLimits(transaction.after)
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
  const ran = await shell.run(transactionScript(plan, transaction), { onLine, limits })
  end(ran.code === 0 ? 'done' : 'failed')
  return ran
}
