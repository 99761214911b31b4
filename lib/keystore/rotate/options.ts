import { ArgumentError } from '../../base/errors.ts'
import { enumerate, quoted } from '../../base/text.ts'
import { checkCaOptions } from '../../pki/ca.ts'
import { parseClientName } from '../../pki/client-name.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { ROTATION_PHASES, type RotationPhase } from './state.ts'
import type { OnStep } from '../../base/progress.ts'
import type { NextAuthority } from './begin.ts'
import { readTarget, type Target } from './inspect-daemon.ts'
import { checkOptions } from '../../base/options.ts'

/** Options of {@link rotateAuthority}. */
export interface RotateOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /** `go`: start or continue. `status`: change nothing. `abort`: return to the old CA. @defaultValue `'go'` */
  readonly action?: 'go' | 'status' | 'abort'
  /** Clients that have their files of this phase, as you know from their owners. */
  readonly confirm?: readonly string[]
  /** Servers that have their files of this phase and were restarted, by their folders: `server`, `hosts/build01`. */
  readonly confirmServer?: readonly string[]
  /** Daemons of this folder to inspect, as their clients reach them. */
  readonly hosts?: readonly string[]
  /** The phase that you expect. In any other phase, the call fails and changes nothing. */
  readonly phase?: string
  /** Options of the new CA, when the rotation starts. */
  readonly next?: NextAuthority
  /** Called before the old CA is dropped; rejects if nobody agrees. Absent: it isn't dropped. */
  readonly consent?: (drop: string) => Promise<void>
  /** Creates a one-day client certificate beside the server's files, if a daemon has to apply them. @defaultValue false */
  readonly probe?: boolean
  /** Decrypts the CA keys, if they are encrypted and something has to be signed. */
  readonly passphrase?: Passphrase
  /** Aborts the work; files that were written stay, and the next call continues. */
  readonly signal?: AbortSignal
  /** Receives the progress. */
  readonly onStep?: OnStep
}

/** The parsed options. */
export interface ReadRotateOptions extends RotateOptions {
  readonly action: 'go' | 'status' | 'abort'
  readonly confirm: readonly string[]
  readonly confirmServer: readonly string[]
  readonly targets: readonly Target[]
  readonly phase?: RotationPhase
  readonly next: NextAuthority
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
    tried: 'reading the phase of a rotation',
    got: `${quoted(text)} is not one of the phases`,
    todo: `Use ${enumerate(ROTATION_PHASES, 'or')}.`,
  })
}
