import type { RegistryAuth } from '../../../registry/auth.ts'
import { checkAddressedAuth, isCredentials, type RegistryAuthSource } from '../../../registry/headers.ts'
import { isFor, serverOfRegistry } from '../../../registry/server.ts'

/** Looks up credentials for the host of a registry. */
export type FindAuth = (host: string) => Promise<RegistryAuth | undefined>

/** The credentials of a build, by registry. */
export function findAuthIn(auth: RegistryAuthSource | undefined): FindAuth {
  if (auth === undefined) return () => Promise.resolve(undefined)
  if (isCredentials(auth)) return (host) => auth.forRegistry(host)
  const one = checkAddressedAuth(auth)
  // Async, so that an invalid host from the daemon rejects.
  return async (host) => (isFor(one.serveraddress, serverOfRegistry(host)) ? one : undefined)
}
