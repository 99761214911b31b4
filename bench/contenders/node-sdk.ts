import { Writable } from 'node:stream'
import { checkVersion, counter, splitTarget, type Jobs, type Open } from './contender.ts'

/** Only the types used here, because `npm run check` runs without the peers. */
interface NodeSdk {
  readonly DockerClient: {
    fromDockerConfig(): Promise<Sdk>
  }
}

interface Sdk {
  systemPing(): Promise<string | null>
  close(): Promise<void>
  containerLogs(id: string, stdout: Writable, stderr: Writable, options: object): Promise<void>
  containerArchive(id: string, path: string, out: WritableStream): Promise<void>
  containerList(options: object): Promise<unknown[]>
  containerExec(id: string, config: object): Promise<{ readonly Id: string }>
  execStart(id: string, stdout: Writable, stderr: Writable, config: object): Promise<void>
  execInspect(id: string): Promise<{ readonly ExitCode: number }>
}

export const open: Open = async (entry) => {
  const { DockerClient } = (await import(entry)) as NodeSdk
  const docker = await DockerClient.fromDockerConfig()
  return {
    answered: false,
    ping: async () => checkVersion(await docker.systemPing()),
    close: () => docker.close(),
    ...jobs(docker),
  }
}

/**
 * Two jobs aren't measured: its event stream is a generator that can't be closed while it waits for an event, and its
 * putContainerArchive() resolves without writing anything.
 */
function jobs(docker: Sdk): Jobs {
  return {
    readLog: async (container) => {
      const sink = counter()
      await docker.containerLogs(container, sink, sink, { stdout: true, stderr: true })
      return sink.bytes
    },
    archiveDown: async (target) => {
      const [container, path] = splitTarget(target)
      const sink = counter()
      await docker.containerArchive(container, path, Writable.toWeb(sink) as WritableStream)
      return sink.bytes
    },
    list: async () => (await docker.containerList({ all: true })).length,
    exec: async (container) => {
      const { Id } = await docker.containerExec(container, { Cmd: ['true'], AttachStdout: true, AttachStderr: true })
      const sink = counter()
      await docker.execStart(Id, sink, sink, { Detach: false, Tty: false })
      const { ExitCode } = await docker.execInspect(Id)
      if (ExitCode !== 0) throw new Error(`true ended with ${ExitCode}`)
    },
  }
}
