import { once } from 'node:events'
import net from 'node:net'
import { formatEndpoint, type NpipeEndpoint, type UnixEndpoint } from '../endpoint/endpoint.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { explainFault } from './faults.ts'

/** Windows needs backslashes to open a pipe: `\\.\pipe\name`. */
function nodePath({ kind, path }: UnixEndpoint | NpipeEndpoint): string {
  return kind === 'npipe' ? path.replaceAll('/', '\\') : path
}

/** The connector of a local socket. The file system decides who may open it. */
export function socketConnector(endpoint: UnixEndpoint | NpipeEndpoint, { timeout }: ConnectOptions): Connect {
  const context = { target: formatEndpoint(endpoint), kind: endpoint.kind }
  return async (signal) => {
    const socket = net.connect({ path: nodePath(endpoint) })
    socket.on('error', () => {})
    const timer = setTimeout(() => socket.destroy(timeoutError()), timeout)
    try {
      await once(socket, 'connect', { signal })
      return socket
    } catch (error) {
      socket.destroy()
      throw signal.aborted ? signal.reason : explainFault(error, context)
    } finally {
      clearTimeout(timer)
    }
  }
}

function timeoutError(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}
