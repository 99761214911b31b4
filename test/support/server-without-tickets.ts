import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanEnvironment } from './command.ts'
import { freePort, isListening } from './ports.ts'
import { PING, type Peer } from './tls-servers.ts'

/**
 * A TLS 1.3 server that sends no session ticket: Node's own always sends them, so it is OpenSSL's. It serves one
 * connection after the other, and answers every request as dockerd answers `/_ping`.
 *
 * @param files - paths of the PEM files
 */
export async function startServerWithoutTickets(files: { cert: string; key: string; ca: string }): Promise<Peer> {
  const port = await freePort()
  const where = ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-tls1_3', '-num_tickets', '0']
  const who = ['-cert', files.cert, '-key', files.key, '-CAfile', files.ca, '-Verify', '1', '-verify_return_error']
  const child = spawn('openssl', [...where, ...who], { env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'ignore'] })
  let count = 0
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString('latin1').split('\r\n')) {
      if (!/^(GET|HEAD) /.test(line)) continue
      count++
      child.stdin.write(line.startsWith('HEAD') ? PING.slice(0, -'OK'.length) : PING)
    }
  })
  while (child.exitCode === null && !(await isListening(port))) await delay(20)
  if (child.exitCode !== null) throw new Error(`openssl s_server ended with ${child.exitCode}`)
  return { host: '127.0.0.1', port, count: () => count, close: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
