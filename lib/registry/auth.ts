import { ArgumentError } from '../base/errors.ts'
import { typeName } from '../base/options.ts'
import { enumerate } from '../base/text.ts'

/** A user of a registry. */
export interface PasswordAuth {
  /** The user's name. */
  readonly username: string
  /** The password, or a token that the registry accepts instead. */
  readonly password: string
  /** The registry, as the Docker CLI calls it: `ghcr.io`, and `https://index.docker.io/v1/` for Docker Hub. */
  readonly serveraddress?: string
  /** The user's mail address; registries ignore it. */
  readonly email?: string
}

/** A refresh token, which `docker login` gets from some registries. */
export interface IdentityTokenAuth {
  /** The refresh token. */
  readonly identitytoken: string
  /** The registry. */
  readonly serveraddress?: string
}

/** A bearer token, sent to the registry unchanged. */
export interface RegistryTokenAuth {
  /** The bearer token. */
  readonly registrytoken: string
  /** The registry. */
  readonly serveraddress?: string
}

/** Credentials that the daemon sends to a registry for you. The names are those of the Engine API. */
export type RegistryAuth = PasswordAuth | IdentityTokenAuth | RegistryTokenAuth

/** The required and the optional fields of each kind. */
const KINDS: readonly { readonly needs: readonly string[]; readonly may: readonly string[] }[] = [
  { needs: ['identitytoken'], may: ['serveraddress'] },
  { needs: ['registrytoken'], may: ['serveraddress'] },
  { needs: ['username', 'password'], may: ['serveraddress', 'email'] },
]

const NAMES: readonly string[] = [...new Set(KINDS.flatMap(({ needs, may }) => [...needs, ...may]))]

/**
 * Checks credentials that a caller passes. No message shows a value, since even a wrong one may be a secret. An empty
 * one usually comes from a variable that isn't set.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkRegistryAuth(value: unknown): RegistryAuth {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`they are ${typeName(value)}, not an object`)
  }
  const given = Object.entries(value).filter(([, part]) => part !== undefined)
  const names = given.map(([name]) => name)
  refuseUnknown(names)
  const bad = given.find(([, part]) => typeof part !== 'string' || part === '')
  if (bad !== undefined) throw invalid(`${bad[0]} is ${bad[1] === '' ? 'empty' : `${typeName(bad[1])}, not a string`}`)
  if (!KINDS.some((kind) => fits(names, kind)))
    throw invalid(names.length === 0 ? 'they are empty' : `they have only ${enumerate(names)}`)
  return Object.fromEntries(given) as unknown as RegistryAuth
}

function fits(names: readonly string[], { needs, may }: (typeof KINDS)[number]): boolean {
  return needs.every((name) => names.includes(name)) && names.every((name) => [...needs, ...may].includes(name))
}

function refuseUnknown(names: readonly string[]): void {
  const unknown = names.find((name) => !NAMES.includes(name))
  if (unknown === undefined) return
  const todo =
    unknown === 'auth'
      ? 'That is a field of config.json. Pass username and password, or let loadRegistryCredentials() read the file.'
      : `The fields are ${NAMES.join(', ')}.`
  throw new ArgumentError('ERR_OPTION_UNKNOWN', {
    tried: 'reading registry credentials',
    got: `there is no field ${JSON.stringify(unknown)}`,
    todo,
  })
}

function invalid(got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading registry credentials',
    got,
    todo: 'Pass { username, password }, { identitytoken } or { registrytoken }, such as  await loadRegistryCredentials().for(IMAGE)',
  })
}

/**
 * The value of the header X-Registry-Auth: base64url with padding (RFC 4648 section 5). dockerd uses Go's
 * base64.URLEncoding, ignores a value without padding, and asks the registry without credentials.
 */
export function encodeRegistryAuth(auth: RegistryAuth): string {
  return encode(auth)
}

/** The value of the header X-Registry-Config, with credentials for all registries that a build may need. */
export function encodeRegistryConfig(auths: Readonly<Record<string, RegistryAuth>>): string {
  return encode(auths)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
