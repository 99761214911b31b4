import type * as dockerMtls from '../../lib/index.ts'
import { checkBody, checkVersion, type Open } from './contender.ts'

export const open: Open = async (entry) => {
  const { connect } = (await import(entry)) as typeof dockerMtls
  const docker = await connect()
  return {
    // connect() negotiates the API version by a ping.
    answered: true,
    ping: async () => checkVersion((await docker.ping()).apiVersion),
    pingApart: async () => {
      const { dispatcher } = docker
      const request = { origin: dispatcher.origin, path: '/_ping', method: 'GET', reset: true } as const
      const { statusCode, body } = await dispatcher.request(request)
      checkBody(statusCode, await body.text())
    },
    close: () => docker.close(),
  }
}
