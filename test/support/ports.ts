import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

/** A port that is free at this moment, for programs that can't choose one themselves. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Whether anything accepts connections at a port, or at the path of a socket. */
export async function isListening(at: number | string, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(typeof at === 'number' ? { port: at, host } : { path: at })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
