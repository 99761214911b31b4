/**
 * Sends pings all at once to a port that accepts connections and says nothing. Prints after how many milliseconds the last
 * has failed. Arguments: ENTRY PINGS TIMEOUT.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type * as dockerMtls from '../../lib/index.ts'

const [, , entry = '', pings = '', timeout = ''] = process.argv
const { createDispatcher, loadIdentity, parseHost } = (await import(entry)) as typeof dockerMtls
const sockets: Socket[] = []
const server = createServer((socket) => sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1')
await once(server, 'listening')

const endpoint = parseHost(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
const identity = await loadIdentity(process.env['DOCKER_CERT_PATH'] ?? '')
const dispatcher = createDispatcher(endpoint, identity, { connectTimeout: Number(timeout) })
const began = performance.now()
const calls = Array.from({ length: Number(pings) }, () => dispatcher.request({ path: '/_ping', method: 'GET' }))
const outcomes = await Promise.allSettled(calls)
const last = performance.now() - began
if (outcomes.some(({ status }) => status === 'fulfilled')) throw new Error('a silent port has answered')
process.stdout.write(String(last))
await dispatcher.destroy()
for (const socket of sockets) socket.destroy()
server.close()
