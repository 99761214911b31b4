import { withDefaults } from '../call.ts'
import { ALL_OUTPUT } from '../logs-query.ts'
import { ATTACH, ATTACH_WEBSOCKET, INSPECT, LOGS } from './operations.ts'
import type { ContainerAttachOptions, ContainerLogsOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { AttachedStream } from '../stream/attached.ts'
import { attachedStream, outputStream, webSocketStream, type IsTty } from '../stream/calls.ts'
import type { OutputOpening } from '../stream/output-opening.ts'
import type { ContainerInspect } from './types/inspect.ts'

const ATTACHED = { stream: true, ...ALL_OUTPUT }

/** Implements {@link Containers.logs}. */
export function logs(send: Send, id: string, options: ContainerLogsOptions): OutputOpening {
  const call = { ids: [id], options: withDefaults(options, ALL_OUTPUT) }
  return outputStream(send, LOGS, call, hasTerminal(send, id, options))
}

/** Implements {@link Containers.attach}. */
export function attach(send: Send, id: string, options: ContainerAttachOptions): Promise<AttachedStream> {
  const call = { ids: [id], options: withDefaults(options, ATTACHED) }
  return attachedStream(send, ATTACH, call, hasTerminal(send, id, options))
}

/** Implements {@link Containers.attachWebSocket}. */
export function attachWebSocket(send: Send, id: string, options: ContainerAttachOptions): Promise<AttachedStream> {
  return webSocketStream(send, ATTACH_WEBSOCKET, { ids: [id], options: withDefaults(options, ATTACHED) })
}

/** Asks whether a container has a terminal, and so a raw output. */
function hasTerminal(send: Send, id: string, options: RequestOptions): IsTty {
  return async () => {
    const { signal, timeout, idleTimeout } = options
    const call = { ids: [id], options: { signal, timeout, idleTimeout } }
    const { Config } = await send.json<ContainerInspect>(INSPECT, call)
    return Config.Tty ?? false
  }
}
