import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Passes bytes on, both ways, no faster than it is told to. */
export interface SlowProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: `127.0.0.1:${number}`
  /** Bytes that went to the server, and that came from there. */
  readonly passed: { up: number; down: number }
  /** Connections that are open. */
  connections(): number
  stop(): Promise<void>
}

/**
 * Puts itself before a server of this machine.
 *
 * @param host - `127.0.0.1:PORT`
 */
export async function startSlowProxy(host: string, bytesPerSecond: number): Promise<SlowProxy> {
  const port = Number(host.split(':')[1])
  const passed = { up: 0, down: 0 }
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port })
    open.add(client)
    join(client, upstream, bytesPerSecond, (size) => (passed.up += size))
    join(upstream, client, bytesPerSecond, (size) => (passed.down += size))
    client.once('close', () => {
      open.delete(client)
      upstream.destroy()
    })
    upstream.once('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy()
    server.close()
  }
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}` as const
  return { host: own, passed, connections: () => open.size, stop }
}

function join(from: Socket, to: Socket, bytesPerSecond: number, count: (size: number) => void): void {
  from.on('error', () => {})
  from.on('data', (chunk: Buffer) => {
    count(chunk.length)
    to.write(chunk)
    from.pause()
    setTimeout(() => from.resume(), (chunk.length / bytesPerSecond) * 1000).unref()
  })
  from.once('end', () => to.end())
}
