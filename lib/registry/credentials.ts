import { configFile, readConfigFile } from '../endpoint/config-file.ts'
import { checkEnvironment, pickVariables, type Environment } from '../endpoint/environment.ts'
import { absolutePath, configFolder } from '../endpoint/folders.ts'
import { ArgumentError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import type { RegistryAuth } from './auth.ts'
import type { ImageReference } from './reference.ts'
import { isFor, serverOfImage, serverOfRegistry } from './server.ts'
import { pickLogins, readEntry, type StoredLogins } from './stored.ts'

/** Where {@link loadRegistryCredentials} finds credentials. */
export interface RegistryCredentialsOptions {
  /** The folder of `config.json`. @defaultValue DOCKER_CONFIG, else `~/.docker` */
  readonly config?: string | undefined
  /** Replaces `process.env`, also for credential helpers. */
  readonly env?: Environment | undefined
}

/**
 * The credentials that `docker login` has stored. This object holds no secret: each call reads the file and asks the
 * helpers again, and so finds a new login.
 */
export class RegistryCredentials {
  readonly #options: RegistryCredentialsOptions

  /** @internal */
  constructor(options: RegistryCredentialsOptions) {
    this.#options = options
  }

  /**
   * The credentials for the registry of an image.
   *
   * @param image - its name, or the result of {@link parseReference}
   * @returns undefined if there is no login for that registry
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID, ERR_CREDENTIALS_INVALID, ERR_CREDENTIAL_HELPER_MISSING,
   *   ERR_CREDENTIAL_HELPER_FAILED
   * @throws {@link EndpointError} ERR_CONFIG_INVALID
   * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
   */
  async for(image: string | ImageReference): Promise<RegistryAuth | undefined> {
    return this.#get(serverOfImage(image))
  }

  /**
   * The credentials for a registry. {@link RegistryCredentials.for} would read `build01` as the name of an image.
   *
   * @param registry - `ghcr.io`, `localhost:5000`, `docker.io`
   * @returns undefined if there is no login for that registry
   * @throws the same errors as {@link RegistryCredentials.for}
   */
  async forRegistry(registry: string): Promise<RegistryAuth | undefined> {
    return this.#get(serverOfRegistry(registry))
  }

  /**
   * All credentials, by server. It asks each helper for each of its servers.
   *
   * @throws the same errors as {@link RegistryCredentials.for}, even if only one helper fails
   */
  async all(): Promise<Record<string, RegistryAuth>> {
    const store = await this.#read()
    const { auths, credHelpers, credsStore } = store.logins
    const kept =
      credsStore === '' ? Object.keys(auths) : await (await helpers()).listHelper({ name: credsStore, env: store.env })
    const found = new Map<string, RegistryAuth>()
    for (const server of new Set([...kept, ...Object.keys(credHelpers)])) {
      const auth = await lookUp(store, server)
      if (auth !== undefined) found.set(server, auth)
    }
    return Object.fromEntries(found)
  }

  async #get(server: string): Promise<RegistryAuth | undefined> {
    return lookUp(await this.#read(), server)
  }

  async #read(): Promise<Store> {
    const { config: folder, env = process.env } = this.#options
    const variables = await checkEnvironment(env)
    const config =
      folder === undefined
        ? configFolder(pickVariables(variables), variables)
        : absolutePath({ text: folder, source: 'option config', code: 'ERR_CONFIG_INVALID' }, variables)
    const path = configFile(config)
    return { path, env, logins: pickLogins(path, await readConfigFile(config)) }
  }
}

interface Store {
  readonly path: string
  readonly env: Environment
  readonly logins: StoredLogins
}

/** Loaded only for logins that a helper keeps. */
const helpers = () => import('./helper.ts')

/** As in the Docker CLI, the first of: the helper for this server, the helper for all servers, the file. */
async function lookUp({ path, env, logins }: Store, server: string): Promise<RegistryAuth | undefined> {
  const { auths, credHelpers, credsStore } = logins
  const helper = Object.entries(credHelpers).find(([key]) => isFor(key, server))
  const name = helper === undefined ? credsStore : String(helper[1])
  if (name !== '') {
    const { askHelper } = await helpers()
    return askHelper({ name, env }, server)
  }
  const key = Object.hasOwn(auths, server) ? server : Object.keys(auths).find((other) => isFor(other, server))
  return key === undefined ? undefined : readEntry(auths[key], { key, server, path })
}

/**
 * Reads the credentials that the Docker CLI stores in `auths`, `credHelpers` and `credsStore` of its `config.json`.
 * Nothing is read until you ask for credentials. Then a helper may run: the program `docker-credential-NAME` in the
 * PATH.
 *
 * @param options - see {@link RegistryCredentialsOptions}
 * @returns a value for the option `auth` of image calls
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const auth = await loadRegistryCredentials().for('ghcr.io/me/app:1.2')
 * ```
 */
export function loadRegistryCredentials(options: RegistryCredentialsOptions = {}): RegistryCredentials {
  checkOptions(options, ['config', 'env'], 'loadRegistryCredentials()')
  const { config, env } = options
  if (config !== undefined && (typeof config !== 'string' || config === '')) {
    throw invalid('config', 'a path', 'Set config to the folder of config.json.')
  }
  if (env !== undefined && (typeof env !== 'object' || env === null)) {
    throw invalid('env', 'an object', 'Set env to an object such as process.env.')
  }
  return new RegistryCredentials({ config, env })
}

function invalid(option: string, expected: string, todo: string): ArgumentError {
  const tried = 'calling loadRegistryCredentials()'
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried, got: `its option ${option} is not ${expected}`, todo })
}
