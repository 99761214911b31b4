import type * as dockerMtls from '../../lib/index.ts'
import { checkVersion, type Open } from './contender.ts'

export const open: Open = async (entry) => {
  const { connect } = (await import(entry)) as typeof dockerMtls
  const docker = await connect()
  return {
    // connect() negotiates the API version by a ping.
    answered: true,
    ping: async () => checkVersion((await docker.ping()).apiVersion),
    close: () => docker.close(),
  }
}
