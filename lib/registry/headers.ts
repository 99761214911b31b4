import { ArgumentError } from '../base/errors.ts'
import { checkRegistryAuth, encodeRegistryAuth, encodeRegistryConfig, type RegistryAuth } from './auth.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { ImageReference } from './reference.ts'

/** What a call that may need a registry takes as `auth`: given outright, or looked up when the image is known. */
export type RegistryAuthSource = RegistryAuth | RegistryCredentials

/** By its shape: it may come from another copy of this package. */
export function isCredentials(auth: RegistryAuthSource): auth is RegistryCredentials {
  return typeof (auth as Partial<RegistryCredentials> | null)?.for === 'function'
}

/**
 * X-Registry-Auth of nobody in particular: dockerd 26 answers a push that has no such header with 400.
 */
export const ANONYMOUS: string = encodeRegistryConfig({})

/**
 * The header X-Registry-Auth for one image, for pull, push and distribution.
 *
 * @param auth - what the caller gave; none is no header
 * @param image - its name: says which registry is asked
 * @returns undefined, where there are no credentials for that registry
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN, and what {@link RegistryCredentials.for} throws
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
 * @param auth - what the caller gave; a single one has to say by `serveraddress` which registry it is for
 * @returns undefined, where there are no credentials at all
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN, and what {@link RegistryCredentials.all} throws
 */
export async function configHeaderFor(auth: RegistryAuthSource | undefined): Promise<string | undefined> {
  if (auth === undefined) return undefined
  const auths = isCredentials(auth) ? await auth.all() : byServer(checkAddressedAuth(auth))
  return Object.keys(auths).length === 0 ? undefined : encodeRegistryConfig(auths)
}

/** Credentials that say which registry they are for. */
export type AddressedAuth = RegistryAuth & { readonly serveraddress: string }

const byServer = (auth: AddressedAuth): Record<string, RegistryAuth> => ({ [auth.serveraddress]: auth })

/**
 * Checks the credentials of one registry for a build, which may need any.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkAddressedAuth(auth: unknown): AddressedAuth {
  const { serveraddress, ...checked } = checkRegistryAuth(auth)
  if (serveraddress !== undefined) return { ...checked, serveraddress }
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading credentials for a build',
    got: 'nothing says which registry they are for',
    todo: "Add it: { ..., serveraddress: 'ghcr.io' }",
  })
}
