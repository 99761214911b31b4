import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { cleanEnvironment } from '../../support/command.ts'
import { freePort, isListening } from '../../support/ports.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

/** PEM texts that a server is started with. */
export interface Files {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Writes each text into a file of its own, and gives its path. */
export async function writeFiles<Names extends string>(
  t: Cleanable,
  texts: Readonly<Record<Names, string>>,
): Promise<Record<Names, string>> {
  const folder = await temporaryFolder(t)
  const paths = Object.entries<string>(texts).map(async ([name, text]) => {
    const path = join(folder, `${name}.pem`)
    await writeFile(path, text, { mode: 0o600 })
    return [name, path]
  })
  return Object.fromEntries((await Promise.all(paths)) as [Names, string][]) as Record<Names, string>
}

/** Starts `openssl s_server`, which serves one connection after the other, and gives its port. */
export async function startOpenssl(t: Cleanable, files: Files, args: readonly string[]): Promise<number> {
  const port = await freePort()
  const { ca, cert, key } = await writeFiles(t, files)
  const filled = args.map((arg) => (arg === 'CA' ? ca : arg))
  const all = ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-cert', cert, '-key', key, ...filled]
  const child = spawn('openssl', all, { env: cleanEnvironment(), stdio: ['pipe', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  while (child.exitCode === null && !(await isListening(port))) await delay(20)
  if (child.exitCode !== null) throw new Error(`openssl ${all.join(' ')} ended with ${child.exitCode}: ${words}`)
  return port
}

/** A server that does with each connection what it is told to. */
export interface TcpPeer {
  readonly port: number
  /** Connections that are open at this moment. */
  readonly open: () => number
  /** All bytes of all connections. */
  readonly received: () => Buffer
}

export async function startTcp(t: Cleanable, onSocket: (socket: Socket) => void): Promise<TcpPeer> {
  const sockets = new Set<Socket>()
  const received: Buffer[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    received: () => Buffer.concat(received),
  }
}

/** The port of a server whose process stands still and whose queue is full: the kernel answers no SYN any more. */
export async function startStopped(t: Cleanable): Promise<number> {
  const code = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', code], { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  const port = Number(line.toString())
  const queue = Array.from({ length: 4 }, () => connect({ host: '127.0.0.1', port }).on('error', () => undefined))
  t.after(async () => {
    for (const socket of queue) socket.destroy()
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await Promise.all(queue.slice(0, 2).map((socket) => once(socket, 'connect')))
  return port
}

/** A server of node:tls, and the bytes that it was told inside TLS. */
export async function startNodeTls(
  t: Cleanable,
  options: TlsOptions,
  onSocket: (socket: TLSSocket) => void = () => undefined,
): Promise<{ readonly port: number; readonly told: () => number }> {
  let told = 0
  const sockets = new Set<TLSSocket>()
  const server = createTlsServer(options, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => (told += chunk.length))
    onSocket(socket)
  })
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, told: () => told }
}
