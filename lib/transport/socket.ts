import { once } from 'node:events'
import net from 'node:net'
import { errorWithCode } from '../base/system-error.ts'
import { formatEndpoint, type NpipeEndpoint, type UnixEndpoint } from '../endpoint/endpoint.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { publishConnect } from './diagnostics.ts'
import { explainFault } from './faults.ts'
import { ReadToEnd } from './read-to-end.ts'
import { Witness } from './witness.ts'

/** Windows needs backslashes to open a pipe: `\\.\pipe\name`. */
function nodePath({ kind, path }: UnixEndpoint | NpipeEndpoint): string {
  return kind === 'npipe' ? path.replaceAll('/', '\\') : path
}

/** The connector of a local socket. The file system decides who may open it. */
export function socketConnector(endpoint: UnixEndpoint | NpipeEndpoint, options: ConnectOptions): Connect {
  const context = { target: formatEndpoint(endpoint), kind: endpoint.kind }
  const path = nodePath(endpoint)
  const witness = new Witness(path)
  return async (signal, { timeout = options.timeout, cleanEnd = false } = {}) => {
    const began = performance.now()
    const socket = cleanEnd ? ReadToEnd.to(path, witness) : net.connect({ path })
    socket.on('error', () => {})
    const timer = setTimeout(() => socket.destroy(errorWithCode('ETIMEDOUT', 'no answer in time')), timeout)
    try {
      await once(socket, 'connect', { signal })
      publishConnect(context.target, began, {})
      return socket
    } catch (cause) {
      socket.destroy()
      const error = signal.aborted ? signal.reason : explainFault(cause, context)
      publishConnect(context.target, began, { error })
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}
