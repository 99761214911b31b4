import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type EndpointOptions, type ContainerCreateRequest, type DockerClient } from '../../../lib/index.ts'
import { makeImage } from '../harness/image.ts'
import { until } from './until.ts'
import { startSecuredDaemon, type SecuredDaemon, type SecuredOptions } from '../harness/secured.ts'

/** A daemon, a client of it over mutual TLS, and an image. */
export interface BusyboxEngine {
  readonly daemon: SecuredDaemon
  readonly docker: DockerClient
  readonly image: string
  /** Connects one more client. */
  connect(options?: EndpointOptions): Promise<DockerClient>
  /** Makes a container that sleeps, unless told otherwise, and starts it. */
  start(container?: ContainerCreateRequest, name?: string): Promise<string>
  /** Waits until a process of a container has this command line: right after a start it is still runc's own. */
  runs(id: string, command: string): Promise<void>
  stop(): Promise<void>
}

/** Ends at once when it is stopped: the first process of a container has no default handlers (pid_namespaces(7)). */
export const SLEEP: readonly string[] = ['sh', '-c', 'trap exit TERM; sleep 1000 & wait']

export async function startBusyboxEngine(options: SecuredOptions = {}): Promise<BusyboxEngine> {
  const daemon = await startSecuredDaemon(options)
  try {
    const image = await makeImage(daemon)
    const connectTo = (given: EndpointOptions = {}): Promise<DockerClient> =>
      connect(given, { HOME: '/nonexistent', ...daemon.clientEnv })
    const docker = await connectTo()
    const start = async (container: ContainerCreateRequest = {}, name?: string): Promise<string> => {
      const { Id } = await docker.containers.create({ Image: image, Cmd: SLEEP, ...container }, name ? { name } : {})
      await docker.containers.start(Id)
      return Id
    }
    const stop = async (): Promise<void> => {
      await docker.close()
      await daemon.stop()
    }
    const runs = async (id: string, command: string): Promise<void> => {
      await until(`${command} in ${id}`, async () => {
        const { Processes } = await docker.containers.top(id)
        return Processes.some((words) => words.at(-1) === command)
      })
    }
    return { daemon, docker, image, connect: connectTo, start, runs, stop }
  } catch (error) {
    await daemon.stop()
    throw error
  }
}

/** Much longer than anything here takes, and shorter than a person waits. */
const SOON_MS = 20_000

/** Fails where a promise takes longer than anything should. */
export function soon<T>(what: string, promise: PromiseLike<T>, milliseconds: number = SOON_MS): Promise<T> {
  const late = new AbortController()
  const alarm = delay(milliseconds, undefined, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${milliseconds} ms`),
  )
  alarm.catch(() => undefined)
  return Promise.race([promise, alarm]).finally(() => late.abort())
}
