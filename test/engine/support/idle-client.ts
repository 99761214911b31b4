import { DockerClient } from '../../../lib/engine/client.ts'
import { Send } from '../../../lib/engine/send.ts'
import { parseHost } from '../../../lib/index.ts'
import { createDispatcher } from '../../../lib/transport/dispatcher.ts'

/** A client that is connected to nothing. */
export function idleClient(): DockerClient {
  const endpoint = parseHost('unix:///nowhere/docker.sock')
  const dispatcher = createDispatcher(endpoint)
  return new DockerClient(
    { ...endpoint, source: 'option host', warnings: [] },
    dispatcher,
    new Send(dispatcher, undefined),
    [],
  )
}

/** What a caller reaches by `containers.archive.put`. */
export function reach(from: unknown, path: string): unknown {
  return path.split('.').reduce((at, name) => (at as Record<string, unknown> | undefined)?.[name], from)
}
