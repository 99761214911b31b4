import { once } from 'node:events'
import { connect, createServer, isIP, type AddressInfo, type Socket } from 'node:net'

/** An HTTP proxy on loopback that notes what it was asked. */
export interface FakeProxy {
  readonly port: number
  /** The heads of the requests that came, without their last line. */
  readonly requests: readonly string[]
  /** How many connections from clients are open. */
  open(): number
  close(): Promise<void>
}

/** What a proxy does with a client once the head of its request is there. */
export type Behaviour = (client: Socket, authority: string) => unknown

/** Opens the tunnel that is wanted, and answers with this first. For it every name is this machine's. */
export function tunnels(answer = 'HTTP/1.1 200 Connection established\r\n\r\n'): Behaviour {
  return (client, authority) => {
    const { hostname, port } = new URL(`http://${authority}`)
    const address = hostname.replace(/^\[|\]$/g, '')
    const upstream = connect({ host: isIP(address) ? address : '127.0.0.1', port: Number(port) })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
    upstream.once('connect', () => {
      client.write(answer)
      upstream.pipe(client)
      client.pipe(upstream)
    })
  }
}

/** Sends this, and does no more. */
export function says(text: string): Behaviour {
  return (client) => client.write(text)
}

/** Sends this, and closes. */
export function ends(text = ''): Behaviour {
  return (client) => client.end(text)
}

export async function startFakeProxy(behaviour: Behaviour): Promise<FakeProxy> {
  const requests: string[] = []
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client.on('error', () => undefined))
    client.once('close', () => clients.delete(client))
    let head = ''
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      client.off('data', read)
      requests.push(head.trimEnd())
      behaviour(client, head.split(' ')[1] ?? '')
    }
    client.on('data', read)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    open: () => clients.size,
    close: async () => {
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
