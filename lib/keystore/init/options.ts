import { ArgumentError, PkiError } from '../../base/errors.ts'
import { parseClientName } from '../../pki/client-name.ts'
import { parseKeyType, type KeyType } from '../../pki/key-type.ts'
import { parseServerNames, type ServerName } from '../../pki/server-name.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { parseRequested, type RequestedSettings, type ParsedSettings } from '../../daemon-config/requested-settings.ts'
import { checkOptions } from '../../base/options.ts'

/** What {@link initialise} is told. */
export interface InitOptions extends RequestedSettings {
  /** The names and addresses by which clients reach the server. The first that is no wildcard goes into DOCKER_HOST. */
  readonly names: readonly string[]
  /** Where everything is made. */
  readonly folder: string
  /** The clients to make certificates for. */
  readonly clients?: readonly string[] | undefined
  /** The client where none is named and none is there yet. */
  readonly defaultClient?: string | undefined
  /** @defaultValue `'p256'` */
  readonly keyType?: string | undefined
  /** The file of the server's docker.service. @defaultValue the unit of this machine, else docker-ce's */
  readonly unit?: string | undefined
  /** Replaces what says something else than is asked for now; the old files are kept beside it. @defaultValue false */
  readonly force?: boolean | undefined
  /** Encrypts the key of a new authority, and opens that of one that is there. */
  readonly passphrase?: Passphrase | undefined
  /** Makes a client's certificate of a day beside the server's files, with which `daemon apply` proves that clients get in. */
  readonly probe?: boolean | undefined
  /** Below which `etc` and `usr` are looked for. @defaultValue `/` */
  readonly root?: string | undefined
  /** Gives up between two steps, never in the middle of one. */
  readonly signal?: AbortSignal | undefined
  /** Is told what is made next. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** The options, read. */
export interface ReadOptions {
  readonly names: readonly ServerName[]
  /** The name for DOCKER_HOST. */
  readonly reach: ServerName
  readonly clients: readonly string[]
  readonly keyType?: KeyType
  readonly requested: ParsedSettings
}

const KNOWN: readonly (keyof InitOptions)[] = [
  'names',
  'folder',
  'clients',
  'defaultClient',
  'keyType',
  'usernsRemap',
  'tlsDir',
  'listen',
  'unit',
  'force',
  'passphrase',
  'probe',
  'root',
  'signal',
  'onStep',
]

/**
 * Reads every option that can be judged by itself.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT, ERR_PATH_INVALID, ERR_USERNS_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 */
export function readInitOptions(options: InitOptions): ReadOptions {
  checkOptions(options, KNOWN, 'initialise')
  if (typeof options.folder !== 'string' || options.folder === '') {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling initialise',
      got: 'its option folder is no path',
      todo: 'Give the folder that everything is made in.',
    })
  }
  const names = parseServerNames(options.names)
  return {
    names,
    reach: reachableName(names, options.names),
    clients: [...new Set((options.clients ?? []).map(parseClientName))],
    ...(options.keyType !== undefined && { keyType: parseKeyType(options.keyType) }),
    requested: parseRequested(options),
  }
}

/** localhost and the other own names come last, and are no address for a client elsewhere. */
function reachableName(names: readonly ServerName[], given: readonly string[]): ServerName {
  const found = names.find(({ value, given: text }) => given.includes(text) && !value.startsWith('*'))
  if (found !== undefined) return found
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `choosing a name for DOCKER_HOST from ${given.join(', ')}`,
    got: 'a wildcard stands for names, and is none that a client could connect to',
    todo: 'Add one name of the server that is whole.',
  })
}
