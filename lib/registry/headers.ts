import { ArgumentError } from '../base/errors.ts'
import { checkRegistryAuth, encodeRegistryAuth, encodeRegistryConfig, type RegistryAuth } from './auth.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { ImageReference } from './reference.ts'

/** The option `auth` of calls that may need a registry: credentials, or where to look them up. */
export type RegistryAuthSource = RegistryAuth | RegistryCredentials

/** Checks the shape, since the object may come from another copy of this package. */
export function isCredentials(auth: RegistryAuthSource): auth is RegistryCredentials {
  return typeof (auth as Partial<RegistryCredentials> | null)?.for === 'function'
}

/** An empty X-Registry-Auth: dockerd 26 answers a push without this header with 400. */
export const ANONYMOUS: string = encodeRegistryConfig({})

/**
 * The header X-Registry-Auth for one image, for pull, push and distribution.
 *
 * @param auth - the caller's option; undefined for no header
 * @param image - its name, which holds the registry
 * @returns undefined if there are no credentials for that registry
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN, and the errors of
 *   {@link RegistryCredentials.for}
 */
export async function authHeaderFor(
  auth: RegistryAuthSource | undefined,
  image: string | ImageReference,
): Promise<string | undefined> {
  if (auth === undefined) return undefined
  const found = isCredentials(auth) ? await auth.for(image) : checkRegistryAuth(auth)
  return found && encodeRegistryAuth(found)
}

/**
 * The header X-Registry-Config, for builds, which may need any registry.
 *
 * @param auth - the caller's option; credentials for a single registry must name it as `serveraddress`
 * @returns undefined if there are no credentials at all
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN, and the errors of
 *   {@link RegistryCredentials.all}
 */
export async function configHeaderFor(auth: RegistryAuthSource | undefined): Promise<string | undefined> {
  if (auth === undefined) return undefined
  const auths = isCredentials(auth) ? await auth.all() : byServer(checkAddressedAuth(auth))
  return Object.keys(auths).length === 0 ? undefined : encodeRegistryConfig(auths)
}

/** Credentials that name their registry. */
export type AddressedAuth = RegistryAuth & { readonly serveraddress: string }

const byServer = (auth: AddressedAuth): Record<string, RegistryAuth> => ({ [auth.serveraddress]: auth })

/**
 * Checks the credentials for one registry of a build, which may need several.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkAddressedAuth(auth: unknown): AddressedAuth {
  const { serveraddress, ...checked } = checkRegistryAuth(auth)
  if (serveraddress !== undefined) return { ...checked, serveraddress }
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading credentials for a build',
    got: "they don't name their registry",
    todo: "Add it to them:  serveraddress: 'ghcr.io'",
  })
}
