import type { GrpcMethods } from '../../../../transport/grpc.ts'
import { GrpcFault } from '../../../../transport/grpc-fault.ts'
import type { SecretStore } from '../secrets.ts'
import { readText, writeFields } from './messages.ts'

/** Lets the daemon read the secrets of this build, by their ids (buildkit, session/secrets). */
export function secretService(secrets: SecretStore, onFault: (error: unknown) => void): GrpcMethods {
  return {
    '/moby.buildkit.secrets.v1.Secrets/GetSecret': async (call) => {
      // `ID = 1`. The annotations in field 2 aren't needed.
      const id = readText(await call.message(), 1)
      const secret = await secrets.get(id).catch((error: unknown) => {
        onFault(error)
        throw new GrpcFault('internal', `the secret ${JSON.stringify(id)} can't be read`)
      })
      if (secret === undefined) throw new GrpcFault('notFound', `there is no secret ${JSON.stringify(id)}`)
      await call.send(writeFields({ 1: secret }))
    },
  }
}
