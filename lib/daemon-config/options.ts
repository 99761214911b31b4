import { posix } from 'node:path'
import { checkOptions, typeName } from '../base/options.ts'
import { ArgumentError } from '../base/errors.ts'
import type { Listener } from './listen.ts'
import type { ParsedUnit } from './unit/parse-unit.ts'

/**
 * The paths of the daemon's three TLS files on its host. All three are required: without a CA of its own dockerd accepts
 * clients of every CA that the system trusts.
 */
export interface TlsFiles {
  /** The CA whose clients dockerd accepts: `--tlscacert`. */
  readonly ca: string
  /** The server certificate: `--tlscert`. */
  readonly cert: string
  /** The key of the server certificate, unencrypted: `--tlskey`. */
  readonly key: string
}

/** The names of the server's files, on the server and in the folder that `init` creates. */
const FILES = { ca: 'ca.pem', cert: 'server-cert.pem', key: 'server-key.pem' } as const

export const DEFAULT_TLS_DIR = '/etc/docker/tls'

/** The paths of the server's three files in its folder. */
export function tlsFilesIn(tlsDir: string): TlsFiles {
  return {
    ca: posix.join(tlsDir, FILES.ca),
    cert: posix.join(tlsDir, FILES.cert),
    key: posix.join(tlsDir, FILES.key),
  }
}

/**
 * The settings to render. No option turns verification off, and `tls` is required: a TCP listener that accepts clients
 * without a certificate can't be expressed.
 */
export interface DaemonOptions {
  /** The TLS files on the daemon's host. */
  readonly tls: TlsFiles
  /**
   * The listeners. If they include no local listener, those of the unit and of `daemonJson` are kept. If there are none,
   * `fd://` is added: with docker.socket active and only TCP, the local `docker` would hang.
   *
   * @defaultValue `['tcp://0.0.0.0:2376']`
   */
  readonly listen?: readonly Listener[]
  /**
   * The installed unit. Its executable and its other flags are kept.
   *
   * @defaultValue {@link DOCKER_CE_UNIT}
   */
  readonly unit?: ParsedUnit
  /** The path of dockerd, instead of a unit. dockerd then gets only the flags of these options. */
  readonly exec?: string
  /**
   * Turns user namespaces on: `default`, `user`, `user:group`, `uid` or `uid:gid`.
   *
   * @defaultValue as in the unit
   */
  readonly usernsRemap?: string
  /**
   * Writes debug messages to the log.
   *
   * @defaultValue as in the unit
   */
  readonly debug?: boolean
  /**
   * The text of the existing daemon.json. {@link renderDaemonJson} keeps and completes it; the other renderers refuse
   * directives that are in both places.
   */
  readonly daemonJson?: string
}

const KNOWN = ['tls', 'listen', 'unit', 'exec', 'usernsRemap', 'debug', 'daemonJson'] as const
const KNOWN_TLS = ['ca', 'cert', 'key'] as const
const KNOWN_UNIT = ['exec', 'prefix', 'args', 'environmentFiles'] as const

function mistake(what: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `rendering with ${what}`, got, todo })
}

/** Throws an `ArgumentError` if the value isn't a string. */
export function checkString(value: unknown, what: string): void {
  if (typeof value !== 'string') throw mistake(what, `it is ${typeName(value)}`, 'Pass a string.')
}

/**
 * Checks the shape of the options. Their values are checked where they are used.
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
    throw mistake('the option debug', `it is ${typeName(options.debug)}`, 'Pass true or false.')
  }
  if (options.unit !== undefined && options.exec !== undefined) {
    throw mistake('the options unit and exec', 'each of them sets the executable', 'Pass only one of them.')
  }
  checkListen(options.listen)
}

function checkListen(listen: unknown): void {
  if (listen === undefined) return
  if (Array.isArray(listen) && listen.every((item) => typeof item === 'string')) return
  throw mistake(
    'the option listen',
    'it is not an array of strings',
    "Pass an array such as ['fd://', 'tcp://0.0.0.0:2376'].",
  )
}
