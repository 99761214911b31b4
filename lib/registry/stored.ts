import { RegistryError } from '../base/errors.ts'
import { invalidConfig } from '../endpoint/config-file.ts'
import { asObject, type JsonObject } from '../endpoint/json-object.ts'
import type { RegistryAuth } from './auth.ts'
import { command, sentence } from '../base/sentence.ts'
import { printable, withoutEnd } from '../base/text.ts'

/** The fields of config.json for registry logins. */
export interface StoredLogins {
  /** By server, as they are in the file. */
  readonly auths: JsonObject
  /** By server, the name of the helper that keeps its credentials. */
  readonly credHelpers: JsonObject
  /** The helper that keeps all others. */
  readonly credsStore: string
}

/**
 * Picks the fields for registry logins and checks their types. The entries themselves are read one by one, when needed.
 *
 * @param path - the path of config.json
 * @param file - its contents
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export function pickLogins(path: string, file: JsonObject): StoredLogins {
  // Go writes null for an empty map, and the Docker CLI reads null as one.
  const credsStore = file['credsStore'] ?? ''
  const entries = asObject(file['auths'] ?? {})
  const helpers = asObject(file['credHelpers'] ?? {})
  const todo = sentence`Correct the file, or log in again:  ${command('docker', 'login')}`
  if (entries === undefined) throw invalidConfig(path, 'auths is not an object', todo)
  if (helpers === undefined) throw invalidConfig(path, 'credHelpers is not an object', todo)
  if (typeof credsStore !== 'string') throw invalidConfig(path, 'credsStore is not a string', todo)
  if (Object.values(helpers).some((name) => typeof name !== 'string'))
    throw invalidConfig(path, 'a value in credHelpers is not a string', todo)
  return { auths: entries, credHelpers: helpers, credsStore }
}

/** An entry of `auths`, as messages name it. */
interface Entry {
  /** Its key in the file. */
  readonly key: string
  /** The `serveraddress` of its credentials. */
  readonly server: string
  readonly path: string
}

/**
 * Reads an entry of `auths`. The CLI leaves an empty one if a helper keeps the secret.
 *
 * @returns undefined if it is empty
 * @throws {@link RegistryError} ERR_CREDENTIALS_INVALID, which quotes nothing of its content
 */
export function readEntry(value: unknown, entry: Entry): RegistryAuth | undefined {
  const found = asObject(value)
  if (found === undefined) throw broken(entry, 'the entry is not an object')
  const { auth = '', username = '', password = '', identitytoken = '', registrytoken = '' } = found
  const parts = [auth, username, password, identitytoken, registrytoken]
  if (!parts.every((part) => typeof part === 'string')) throw broken(entry, 'one of its fields is not a string')
  const [basic = '', user = '', secret = '', identity = '', bearer = ''] = parts
  const serveraddress = entry.server
  // The order in which dockerd prefers them (moby, registry/auth.go).
  if (bearer !== '') return { registrytoken: bearer, serveraddress }
  if (identity !== '') return { identitytoken: identity, serveraddress }
  const pair = basic === '' ? { username: user, password: secret } : decode(basic, entry)
  if (pair.username === '' && pair.password === '') return undefined
  if (pair.username === '' || pair.password === '') throw broken(entry, 'the user name or the password is missing')
  return { ...pair, serveraddress }
}

/** Standard base64 of `user:password`, as in RFC 7617. The CLI ignores zero bytes after the password. */
function decode(auth: string, entry: Entry): { username: string; password: string } {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(auth.trim())) {
    throw broken(entry, 'its auth is not base64')
  }
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) throw broken(entry, 'its auth is not USER:PASSWORD')
  return { username: text.slice(0, colon), password: withoutEnd(text.slice(colon + 1), '\0') }
}

function broken({ key, path }: Entry, got: string): RegistryError {
  return new RegistryError('ERR_CREDENTIALS_INVALID', {
    tried: `reading the credentials for ${printable(key)} in ${path}`,
    got,
    todo: sentence`Log in again:  ${command('docker', 'login', printable(key))}`,
  })
}
