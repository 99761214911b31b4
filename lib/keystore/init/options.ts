import { ArgumentError, PkiError } from '../../base/errors.ts'
import { parseClientName } from '../../pki/client-name.ts'
import { parseKeyType, type KeyType } from '../../pki/key-type.ts'
import { parseServerNames, type ServerName } from '../../pki/server-name.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { parseRequested, type RequestedSettings, type ParsedSettings } from '../../daemon-config/requested-settings.ts'
import type { SourceOptions } from '../../daemon-config/source.ts'
import { checkOptions } from '../../base/options.ts'
import { enumerate } from '../../base/text.ts'
import { PkiFolder } from '../folder.ts'

/** Options of {@link initialise}. */
export interface InitOptions extends RequestedSettings {
  /** The names and addresses by which clients reach the server. The first that is no wildcard goes into DOCKER_HOST. */
  readonly names: readonly string[]
  /** The folder for all files. It is created if it doesn't exist. */
  readonly folder: string
  /** The clients to create certificates for. */
  readonly clients?: readonly string[] | undefined
  /** The client to create a certificate for if you name none and the folder has none yet. */
  readonly defaultClient?: string | undefined
  /** The key type of new certificates. @defaultValue `'p256'` */
  readonly keyType?: string | undefined
  /** The path of the server's docker.service. @defaultValue the unit of this machine, or docker-ce's if there is none */
  readonly unit?: string | undefined
  /** Renders the systemd service in which Podman serves its API, instead of the drop-in for dockerd. @defaultValue false */
  readonly podman?: boolean | undefined
  /** Replaces files that differ or are broken; the old ones are kept beside them. @defaultValue false */
  readonly force?: boolean | undefined
  /** Encrypts the key of a new CA, and decrypts the key of an existing one. */
  readonly passphrase?: Passphrase | undefined
  /** Creates a one-day client certificate beside the server's files, which `daemon apply` uses to test access. @defaultValue false */
  readonly probe?: boolean | undefined
  /** The folder whose `etc` and `usr` are searched for the unit. @defaultValue `/` */
  readonly root?: string | undefined
  /** Aborts between two files, never within one. */
  readonly signal?: AbortSignal | undefined
  /** Called before a key is created, with a few words about it. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** The options of `init`, checked. Every later step takes them from here. */
export interface InitRequest {
  readonly folder: PkiFolder
  /** The server's names, as given. */
  readonly names: readonly string[]
  /** The name for DOCKER_HOST. */
  readonly reach: ServerName
  readonly clients: readonly string[]
  readonly defaultClient: string | undefined
  readonly keyType: { readonly keyType?: KeyType }
  readonly daemon: ParsedSettings
  readonly source: SourceOptions
  readonly podman: boolean
  readonly force: boolean
  readonly probe: boolean
  readonly signal: AbortSignal | undefined
  readonly onStep: (step: string) => void
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
  'podman',
  'force',
  'passphrase',
  'probe',
  'root',
  'signal',
  'onStep',
]

/**
 * Checks the options, without reading a file.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT, ERR_PATH_INVALID, ERR_USERNS_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 */
export function parseInitOptions(options: InitOptions): InitRequest {
  checkOptions(options, KNOWN, 'initialise')
  const {
    folder,
    names,
    clients = [],
    defaultClient,
    keyType,
    unit,
    podman,
    root,
    force,
    probe,
    signal,
    onStep,
  } = options
  if (typeof folder !== 'string' || folder === '') {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling initialise',
      got: 'the option folder is not a path',
      todo: 'Pass the path of the folder for all files.',
    })
  }
  if (podman === true && (unit ?? options.usernsRemap) !== undefined) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling initialise with the option podman',
      got: 'unit and usernsRemap are settings of dockerd',
      todo: 'Omit them.',
    })
  }
  return {
    reach: reachableName(parseServerNames(names), names),
    names,
    clients: [...new Set(clients.map(parseClientName))],
    defaultClient,
    keyType: keyType === undefined ? {} : { keyType: parseKeyType(keyType) },
    daemon: parseRequested(options),
    folder: new PkiFolder(folder),
    source: { unit, root },
    podman: podman === true,
    force: force === true,
    probe: probe === true,
    signal,
    onStep: onStep ?? (() => undefined),
  }
}

/** The server's certificate also has localhost and the like, by which no client elsewhere can reach it. They come last. */
function reachableName(names: readonly ServerName[], given: readonly string[]): ServerName {
  const found = names.find(({ value, given: text }) => given.includes(text) && !value.startsWith('*'))
  if (found !== undefined) return found
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `choosing a name for DOCKER_HOST from ${enumerate(given)}`,
    got: 'clients cannot connect to a wildcard',
    todo: 'Add a full name of the server.',
  })
}
