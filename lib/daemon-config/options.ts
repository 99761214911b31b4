import { checkOptions } from '../base/options.ts'
import { ArgumentError } from '../base/errors.ts'
import type { Listener } from './listen.ts'
import type { ParsedUnit } from './unit/parse-unit.ts'

/** The three files that the daemon reads, by their paths on its machine. All three, always: dockerd without a CA trusts the system's. */
export interface TlsFiles {
  /** Whose clients are let in: `--tlscacert`. */
  readonly ca: string
  /** The daemon's own certificate: `--tlscert`. */
  readonly cert: string
  /** Its key, unencrypted: `--tlskey`. */
  readonly key: string
}

/**
 * What the daemon shall be. There is no option that turns verification off, and `tls` is never optional: a TCP
 * listener without client certificates can't be written down.
 */
export interface DaemonOptions {
  /** The files of the daemon's side. */
  readonly tls: TlsFiles
  /**
   * Where it listens. Without a local listener here those of the unit (and of `daemonJson`) stay, else `fd://` is
   * added: with docker.socket active and TCP alone, the local `docker` would hang for ever.
   *
   * @defaultValue `['tcp://0.0.0.0:2376']`
   */
  readonly listen?: readonly Listener[]
  /**
   * The installed unit: its executable and the flags that aren't ours are kept.
   *
   * @defaultValue {@link DOCKER_CE_UNIT}
   */
  readonly unit?: ParsedUnit
  /** The path of dockerd in place of a unit; it then has no flags but ours. */
  readonly exec?: string
  /**
   * User namespaces: `default`, `user`, `user:group`, `uid` or `uid:gid`.
   *
   * @defaultValue as in the unit
   */
  readonly usernsRemap?: string
  /**
   * Debug messages in the log.
   *
   * @defaultValue as in the unit
   */
  readonly debug?: boolean
  /** The text of the daemon.json that is there: kept and completed, or checked against what goes into `ExecStart=`. */
  readonly daemonJson?: string
}

const KNOWN = ['tls', 'listen', 'unit', 'exec', 'usernsRemap', 'debug', 'daemonJson'] as const
const KNOWN_TLS = ['ca', 'cert', 'key'] as const
const KNOWN_UNIT = ['exec', 'prefix', 'args', 'environmentFiles'] as const

function mistake(what: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `rendering with ${what}`, got, todo })
}

/** Refuses a value that is no string. Undefined passes where the option may be left out. */
export function checkString(value: unknown, what: string): void {
  if (typeof value !== 'string') throw mistake(what, `it is of the type ${typeof value}`, 'Give it a string.')
}

/**
 * Checks the shape of the options; what their values mean is judged where they are used.
 *
 * @throws {@link ArgumentError} `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function checkDaemonOptions(options: DaemonOptions): void {
  checkOptions(options, KNOWN, 'the options')
  checkOptions(options.tls, KNOWN_TLS, 'the option tls')
  for (const key of KNOWN_TLS) checkString(options.tls[key], `the option tls.${key}`)
  for (const key of ['exec', 'usernsRemap', 'daemonJson'] as const) {
    if (options[key] !== undefined) checkString(options[key], `the option ${key}`)
  }
  if (options.unit !== undefined) checkOptions(options.unit, KNOWN_UNIT, 'the option unit')
  if (options.debug !== undefined && typeof options.debug !== 'boolean') {
    throw mistake('the option debug', `it is of the type ${typeof options.debug}`, 'Give it true or false.')
  }
  if (options.unit !== undefined && options.exec !== undefined) {
    throw mistake('the options unit and exec', 'each names an executable', 'Give one of the two.')
  }
  checkListen(options.listen)
}

function checkListen(listen: unknown): void {
  if (listen === undefined) return
  if (Array.isArray(listen) && listen.every((item) => typeof item === 'string')) return
  throw mistake('the option listen', 'it is no array of strings', "Give it such as ['fd://', 'tcp://0.0.0.0:2376'].")
}
