import { ArgumentError } from '../../errors.ts'
import { checkRegistryAuth, type RegistryAuth } from '../../registry/auth.ts'
import type { RegistryAuthSource } from '../../registry/headers.ts'
import { isFor, serverOfRegistry } from '../../registry/server.ts'

/** Looks up credentials for the host of a registry. */
export type FindAuth = (host: string) => Promise<RegistryAuth | undefined>

/** What a build has for the registries that the daemon asks about. */
export function findAuthIn(auth: RegistryAuthSource | undefined): FindAuth {
  if (auth === undefined) return () => Promise.resolve(undefined)
  // By its shape: it may come from another copy of this package.
  if ('forRegistry' in auth) return (host) => auth.forRegistry(host)
  const one = checkRegistryAuth(auth)
  const { serveraddress } = one
  if (serveraddress === undefined) throw forWhom()
  return (host) => Promise.resolve(isFor(serveraddress, serverOfRegistry(host)) ? one : undefined)
}

function forWhom(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the option auth of images.build()',
    got: 'nothing says which registry it is for',
    todo: "Add it: { ..., serveraddress: 'ghcr.io' }",
  })
}
