import { configFile, readConfigFile } from '../endpoint/config-file.ts'
import { checkEnvironment, pickVariables, type Environment } from '../endpoint/environment.ts'
import { absolutePath, configFolder } from '../endpoint/folders.ts'
import { ArgumentError } from '../base/errors.ts'
import type { RegistryAuth } from './auth.ts'
import type { ImageReference } from './reference.ts'
import { isFor, serverOfImage, serverOfRegistry } from './server.ts'
import { pickLogins, readEntry, type StoredLogins } from './stored.ts'

/** Where {@link loadRegistryCredentials} looks. */
export interface RegistryCredentialsOptions {
  /** The folder of `config.json`. @defaultValue DOCKER_CONFIG, else `~/.docker` */
  readonly config?: string | undefined
  /** Read in place of `process.env`, and handed to credential helpers. */
  readonly env?: Environment | undefined
}

/**
 * What `docker login` has kept. It holds no secret itself: file and helpers are read anew whenever something is asked for,
 * so that a login is noticed.
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
   * @param image - its name, or what {@link parseReference} made of it
   * @returns undefined, where nobody has logged in there
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID, ERR_CREDENTIALS_INVALID, ERR_CREDENTIAL_HELPER_MISSING,
   *   ERR_CREDENTIAL_HELPER_FAILED
   * @throws {@link EndpointError} ERR_CONFIG_INVALID
   */
  async for(image: string | ImageReference): Promise<RegistryAuth | undefined> {
    return this.#get(serverOfImage(image))
  }

  /**
   * The credentials for a registry: `build01` alone could be an image as well.
   *
   * @param registry - `ghcr.io`, `localhost:5000`, `docker.io`
   * @returns undefined, where nobody has logged in there
   * @throws as {@link RegistryCredentials.for} does
   */
  async forRegistry(registry: string): Promise<RegistryAuth | undefined> {
    return this.#get(serverOfRegistry(registry))
  }

  /**
   * All of them, by server. Each helper is asked for each of its servers.
   *
   * @throws as {@link RegistryCredentials.for} does, also where a single helper fails
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
    return { path: configFile(config), env, logins: pickLogins(config, await readConfigFile(config)) }
  }
}

interface Store {
  readonly path: string
  readonly env: Environment
  readonly logins: StoredLogins
}

/** Most logins need no program, nor what starts one. */
const helpers = () => import('./helper.ts')

/** As the Docker CLI does: the helper of the server, else that of all, else the file; the first that is responsible. */
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
 * Reads the credentials that the Docker CLI keeps: `auths`, `credHelpers` and `credsStore` of its `config.json`. Nothing is
 * read before it is asked for; then a helper may run, which is `docker-credential-NAME` in the PATH.
 *
 * @param options - see {@link RegistryCredentialsOptions}
 * @returns what the calls for images take as `auth`
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const auth = await loadRegistryCredentials().for('ghcr.io/me/app:1.2')
 * ```
 */
export function loadRegistryCredentials(options: RegistryCredentialsOptions = {}): RegistryCredentials {
  const { config, env, ...others } = options
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) {
    throw new ArgumentError('ERR_OPTION_UNKNOWN', {
      tried: 'loadRegistryCredentials',
      got: `there is no option ${JSON.stringify(unknown)}`,
      todo: 'Its options are config and env.',
    })
  }
  if (config !== undefined && (typeof config !== 'string' || config === '')) throw invalid('config', 'no path')
  if (env !== undefined && (typeof env !== 'object' || env === null)) throw invalid('env', 'no object')
  return new RegistryCredentials({ config, env })
}

function invalid(option: string, what: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'loadRegistryCredentials',
    got: `its option ${option} is ${what}`,
    todo: "Call it without options, or as loadRegistryCredentials({ config: '/path/of/a/folder' }).",
  })
}
