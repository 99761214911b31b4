import https from 'node:https'
import { once } from 'node:events'
import type { Duplex, Readable, Writable } from 'node:stream'
import { checkBody, counter, lengthOf, splitTarget, type Jobs, type Open } from './contender.ts'

/** Only the types used here, because `npm run check` runs without the peers. */
interface Dockerode {
  readonly default: new () => Docker
}

interface Docker {
  ping(): Promise<Buffer | string>
  listContainers(options: object): Promise<unknown[]>
  getEvents(): Promise<Readable>
  getContainer(id: string): {
    logs(options: object): Promise<Readable>
    getArchive(options: object): Promise<Readable>
    putArchive(tar: Readable, options: object): Promise<unknown>
    exec(options: object): Promise<{
      start(options: object): Promise<Duplex>
      inspect(): Promise<{ ExitCode: number }>
    }>
  }
  readonly modem: { demuxStream(stream: Readable, stdout: Writable, stderr: Writable): void }
}

export const open: Open = async (entry) => {
  const { default: Docker } = (await import(entry)) as Dockerode
  // It creates { host, port, ca, cert, key, protocol: 'https' } from the environment.
  const docker = new Docker()
  return {
    answered: false,
    ping: async () => checkBody(200, String(await docker.ping())),
    // dockerode has no close(). Its connections and sessions belong to Node's global agent, with keep-alive.
    close: async () => {
      https.globalAgent.destroy()
      https.globalAgent = new https.Agent(https.globalAgent.options)
    },
    ...jobs(docker),
  }
}

function jobs(docker: Docker): Jobs {
  return {
    readLog: async (container) => {
      // Without `follow` it returns one Buffer; with it, a stream that ends with the container's log.
      const logs = await docker.getContainer(container).logs({ follow: true, stdout: true, stderr: true })
      const sink = counter()
      docker.modem.demuxStream(logs, sink, sink)
      await once(logs, 'end')
      return sink.bytes
    },
    archiveDown: async (target) => {
      const [container, path] = splitTarget(target)
      return lengthOf(await docker.getContainer(container).getArchive({ path }))
    },
    archiveUp: async (target, tar) => {
      const [container, path] = splitTarget(target)
      await docker.getContainer(container).putArchive(tar, { path })
    },
    list: async () => (await docker.listContainers({ all: true })).length,
    openEvents: async () => {
      const events = await docker.getEvents()
      events.on('error', () => undefined)
      return async () => void events.destroy()
    },
    exec: async (container) => {
      const exec = await docker.getContainer(container).exec({ Cmd: ['true'], AttachStdout: true, AttachStderr: true })
      const stream = await exec.start({ hijack: true, stdin: false })
      const sink = counter()
      docker.modem.demuxStream(stream, sink, sink)
      await once(stream, 'end')
      const { ExitCode } = await exec.inspect()
      if (ExitCode !== 0) throw new Error(`true ended with ${ExitCode}`)
    },
  }
}
