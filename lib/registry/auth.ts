import { ArgumentError } from '../base/errors.ts'

/** A user of a registry. */
export interface PasswordAuth {
  /** The user's name. */
  readonly username: string
  /** Or a token that the registry takes in its place. */
  readonly password: string
  /** The registry, as the Docker CLI calls it: `ghcr.io`, and `https://index.docker.io/v1/` for Docker Hub. */
  readonly serveraddress?: string
  /** The user's mail address; registries ignore it. */
  readonly email?: string
}

/** A refresh token, as `docker login` gets from registries that give out tokens. */
export interface IdentityTokenAuth {
  /** The refresh token. */
  readonly identitytoken: string
  /** The registry. */
  readonly serveraddress?: string
}

/** A bearer token, sent to the registry as it is. */
export interface RegistryTokenAuth {
  /** The bearer token. */
  readonly registrytoken: string
  /** The registry. */
  readonly serveraddress?: string
}

/** What the daemon shows to a registry in our name. The names are those of the Engine API. */
export type RegistryAuth = PasswordAuth | IdentityTokenAuth | RegistryTokenAuth

/** What each kind must have, and what it may have. */
const KINDS: readonly { readonly needs: readonly string[]; readonly may: readonly string[] }[] = [
  { needs: ['identitytoken'], may: ['serveraddress'] },
  { needs: ['registrytoken'], may: ['serveraddress'] },
  { needs: ['username', 'password'], may: ['serveraddress', 'email'] },
]

const NAMES: readonly string[] = [...new Set(KINDS.flatMap(({ needs, may }) => [...needs, ...may]))]

/**
 * Checks what a caller gives as credentials. No message shows a value: an empty one is mostly a variable that was never
 * set, and a wrong one may still be a secret.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkRegistryAuth(value: unknown): RegistryAuth {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`it is ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`}`)
  }
  const given = Object.entries(value).filter(([, part]) => part !== undefined)
  refuseUnknown(given.map(([name]) => name))
  const bad = given.find(([, part]) => typeof part !== 'string' || part === '')
  if (bad !== undefined) throw invalid(`its ${bad[0]} is ${bad[1] === '' ? 'empty' : 'no text'}`)
  const names = given.map(([name]) => name)
  if (!KINDS.some((kind) => fits(names, kind))) throw invalid(`${names.join(' and ') || 'nothing'} is given`)
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
      ? 'That is how config.json has it: let loadRegistryCredentials() read it, or give username and password.'
      : `There are ${NAMES.join(', ')}.`
  throw new ArgumentError('ERR_OPTION_UNKNOWN', {
    tried: 'reading credentials for a registry',
    got: `there is no ${JSON.stringify(unknown)} in them`,
    todo,
  })
}

function invalid(got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading credentials for a registry',
    got,
    todo: 'Give { username, password }, { identitytoken } or { registrytoken }, or what loadRegistryCredentials() returns.',
  })
}

/**
 * The value of the header X-Registry-Auth. Base64 of RFC 4648 section 5, with padding: Go's base64.URLEncoding, which
 * dockerd reads it by, passes over what has none, and asks the registry as nobody.
 */
export function encodeRegistryAuth(auth: RegistryAuth): string {
  return encode(auth)
}

/** The value of the header X-Registry-Config, for builds: every registry that they may need. */
export function encodeRegistryConfig(auths: Readonly<Record<string, RegistryAuth>>): string {
  return encode(auths)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
