import { RegistryError } from '../base/errors.ts'
import { configFile, unusable } from '../endpoint/config-file.ts'
import { asObject, type JsonObject } from '../endpoint/json-object.ts'
import type { RegistryAuth } from './auth.ts'
import { printable } from '../base/text.ts'

/** What of config.json is about registries. */
export interface StoredLogins {
  /** By server, as they are in the file. */
  readonly auths: JsonObject
  /** By server, the name of the helper that keeps its credentials. */
  readonly credHelpers: JsonObject
  /** The helper that keeps all others. */
  readonly credsStore: string
}

/**
 * Picks what is about registries, and checks its form; the entries themselves are looked at one by one, when asked for.
 *
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export function pickLogins(config: string, file: JsonObject): StoredLogins {
  const { auths = {}, credHelpers = {}, credsStore = '' } = file
  const [entries, helpers] = [asObject(auths), asObject(credHelpers)]
  const path = configFile(config)
  const todo = 'Mend it, or log in anew:  docker login'
  if (entries === undefined) throw unusable(path, 'its auths is no object', todo)
  if (helpers === undefined) throw unusable(path, 'its credHelpers is no object', todo)
  if (typeof credsStore !== 'string') throw unusable(path, 'its credsStore is no text', todo)
  if (Object.values(helpers).some((name) => typeof name !== 'string'))
    throw unusable(path, 'a name in its credHelpers is no text', todo)
  return { auths: entries, credHelpers: helpers, credsStore }
}

/** One entry of `auths`, and what messages need to know of it. */
interface Entry {
  /** Its key in the file. */
  readonly key: string
  /** What the credentials are to say they are for. */
  readonly server: string
  readonly path: string
}

/**
 * Reads an entry of `auths`. The CLI leaves an empty one behind where a helper keeps the secret.
 *
 * @returns undefined, where it is empty
 * @throws {@link RegistryError} ERR_CREDENTIALS_INVALID, without a word of what is in it
 */
export function readEntry(value: unknown, entry: Entry): RegistryAuth | undefined {
  const found = asObject(value)
  if (found === undefined) throw broken(entry, 'it is no object')
  const { auth = '', username = '', password = '', identitytoken = '', registrytoken = '' } = found
  const parts = [auth, username, password, identitytoken, registrytoken]
  if (!parts.every((part) => typeof part === 'string')) throw broken(entry, 'a part of it is no text')
  const [basic = '', user = '', secret = '', identity = '', bearer = ''] = parts
  const serveraddress = entry.server
  // The order in which dockerd takes them (moby, registry/auth.go).
  if (bearer !== '') return { registrytoken: bearer, serveraddress }
  if (identity !== '') return { identitytoken: identity, serveraddress }
  const pair = basic === '' ? { username: user, password: secret } : decode(basic, entry)
  if (pair.username === '' && pair.password === '') return undefined
  if (pair.username === '' || pair.password === '') throw broken(entry, 'it has no user name, or no password')
  return { ...pair, serveraddress }
}

/** Standard base64 of `user:password`, as in RFC 7617; the CLI drops zero bytes behind the password. */
function decode(auth: string, entry: Entry): { username: string; password: string } {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(auth.trim())) {
    throw broken(entry, 'its auth is no base64')
  }
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) throw broken(entry, 'its auth is not USER:PASSWORD')
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }
}

function broken({ key, path }: Entry, got: string): RegistryError {
  return new RegistryError('ERR_CREDENTIALS_INVALID', {
    tried: `reading the credentials of ${printable(key)} in ${path}`,
    got,
    todo: `Log in anew:  docker login ${printable(key)}`,
  })
}
