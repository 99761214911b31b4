import { once } from 'node:events'
import { Readable } from 'node:stream'
import type * as dockerMtls from '../../lib/index.ts'
import { checkBody, checkVersion, lengthOf, splitTarget, type Jobs, type Open } from './contender.ts'

export const open: Open = async (entry) => {
  const { connect } = (await import(entry)) as typeof dockerMtls
  const docker = await connect()
  return {
    // connect() negotiates the API version with a ping.
    answered: true,
    ping: async () => checkVersion((await docker.ping()).apiVersion),
    pingOnNewConnection: async () => {
      const { dispatcher } = docker
      const request = { origin: dispatcher.origin, path: '/_ping', method: 'GET', reset: true } as const
      const { statusCode, body } = await dispatcher.request(request)
      checkBody(statusCode, await body.text())
    },
    close: () => docker.close(),
    ...jobs(docker),
  }
}

function jobs(docker: dockerMtls.DockerClient): Jobs {
  return {
    readLog: async (container) => {
      let bytes = 0
      for await (const { data } of docker.containers.logs(container, { stdout: true, stderr: true }))
        bytes += data.length
      return bytes
    },
    archiveDown: async (target) => {
      const [container, path] = splitTarget(target)
      const { tar } = await docker.containers.archive.get(container, path)
      return lengthOf(tar)
    },
    archiveUp: (target, tar) => {
      const [container, path] = splitTarget(target)
      return docker.containers.archive.put(container, path, tar)
    },
    list: async () => (await docker.containers.list({ all: true })).length,
    openEvents: async () => {
      const events = await docker.system.events()
      return () => events.close()
    },
    readEvents: async () => {
      const events = await docker.system.events()
      const end = once(Readable.from(events).resume(), 'close')
      return async () => {
        await events.close()
        await end
      }
    },
    exec: async (container) => {
      const { exitCode } = await docker.exec.run(container, ['true'])
      if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`)
    },
  }
}
