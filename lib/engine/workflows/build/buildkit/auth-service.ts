import type { RegistryAuth } from '../../../../registry/auth.ts'
import type { GrpcMethods } from '../../../../transport/grpc.ts'
import { GrpcFault } from '../../../../transport/grpc-fault.ts'
import type { FindAuth } from '../registry-auth.ts'
import { readText, writeFields } from './messages.ts'

/**
 * Lets the daemon log in to registries with the build's credentials (buildkit, session/auth). The daemon fetches tokens
 * itself: since the calls to let the client fetch them aren't implemented here, it asks for the credentials.
 */
export function authService(find: FindAuth, onFault: (error: unknown) => void): GrpcMethods {
  return {
    '/moby.filesync.v1.Auth/Credentials': async (call) => {
      const host = readText(await call.message(), 1)
      const auth = await find(host).catch((error: unknown) => {
        onFault(error)
        throw new GrpcFault('internal', `the credentials for ${JSON.stringify(host)} can't be read`)
      })
      await call.send(writeFields(credentials(auth, host)))
    },
  }
}

/** `Username = 1`, `Secret = 2`. A secret without a user name is an identity token. Neither means no login. */
function credentials(auth: RegistryAuth | undefined, host: string): Record<number, string> {
  if (auth === undefined) return {}
  if ('identitytoken' in auth) return { 2: auth.identitytoken }
  if ('username' in auth) return { 1: auth.username, 2: auth.password }
  throw new GrpcFault('unimplemented', `a build can't use a bearer token for ${JSON.stringify(host)}`)
}
