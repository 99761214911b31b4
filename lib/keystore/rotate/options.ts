import { ArgumentError } from '../../base/errors.ts'
import { checkCaOptions } from '../../pki/ca.ts'
import { parseClientName } from '../../pki/client-name.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { ROTATION_PHASES, type RotationPhase } from './state.ts'
import type { OnStep } from '../../base/progress.ts'
import type { NextAuthority } from './begin.ts'
import { readTarget, type Target } from './inspect-daemon.ts'
import { checkOptions } from '../../base/options.ts'

/** What {@link rotateAuthority} is told. */
export interface RotateOptions {
  /** The folder that `init` made. */
  readonly folder: string
  /** `go`: begin, or go on. `status`: change nothing. `abort`: back to the old authority. @defaultValue `'go'` */
  readonly action?: 'go' | 'status' | 'abort'
  /** Clients that have what this phase made for them, by their owners' word. */
  readonly confirm?: readonly string[]
  /** The same of daemons, by their folders (`server`, `hosts/build01`): they have it, and were restarted. */
  readonly confirmServer?: readonly string[]
  /** Daemons of this folder, to be looked at, as their clients reach them. */
  readonly hosts?: readonly string[]
  /** The phase that is meant: a word that was for another one counts for nothing. */
  readonly phase?: string
  /** What the new authority is to be, where the rotation begins. */
  readonly next?: NextAuthority
  /** Asked before the old authority is dropped; absent: it isn't. It rejects where nobody agrees. */
  readonly consent?: (drop: string) => Promise<void>
  /** Puts a client of a day beside the files of each server that is waited for, to prove an apply with. @defaultValue false */
  readonly probe?: boolean
  /** Opens the authorities' keys, where they are encrypted and something has to be signed. */
  readonly passphrase?: Passphrase
  /** Aborts the work; files that were written stay, and the next call continues. */
  readonly signal?: AbortSignal
  /** Receives the progress. */
  readonly onStep?: OnStep
}

/** The options, read. */
export interface ReadRotateOptions extends RotateOptions {
  readonly action: 'go' | 'status' | 'abort'
  readonly confirm: readonly string[]
  readonly confirmServer: readonly string[]
  readonly targets: readonly Target[]
  readonly phase?: RotationPhase
}

const KNOWN: readonly (keyof RotateOptions)[] = [
  'folder',
  'action',
  'confirm',
  'confirmServer',
  'hosts',
  'phase',
  'next',
  'consent',
  'probe',
  'passphrase',
  'signal',
  'onStep',
]

/**
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID
 * @throws {@link EndpointError} ERR_HOST_INVALID, ...
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 */
export function readRotateOptions(options: RotateOptions): ReadRotateOptions {
  checkOptions(options, KNOWN, 'rotateAuthority')
  const { action = 'go', confirm = [], confirmServer = [], hosts = [], next = {}, phase, ...rest } = options
  checkCaOptions(next)
  return {
    ...rest,
    action,
    confirm: confirm.map(parseClientName),
    confirmServer,
    targets: hosts.map(readTarget),
    next,
    ...(phase !== undefined && { phase: readPhase(phase) }),
  }
}

function readPhase(text: string): RotationPhase {
  const phase = ROTATION_PHASES.find((known) => known === text)
  if (phase !== undefined) return phase
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading the phase ${JSON.stringify(text)}`,
    got: 'there is no such phase',
    todo: `Give one of: ${ROTATION_PHASES.join(', ')}.`,
  })
}
