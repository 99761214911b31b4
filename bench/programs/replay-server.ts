/**
 * Simulates a daemon that only sends. It answers `/_ping`, and every other request with the frames of a file, repeated
 * until BYTES are sent. Arguments: FOLDER (with ca.pem, server-cert.pem, server-key.pem) FRAMES BYTES.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const [, , folder = '', framesFile = '', bytes = ''] = process.argv
const frames = readFileSync(framesFile)
const rounds = Math.ceil(Number(bytes) / frames.length)
const read = (name: string): Buffer => readFileSync(join(folder, name))

function replay(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'application/vnd.docker.multiplexed-stream',
    'content-length': rounds * frames.length,
  })
  let left = rounds
  const more = (): void => {
    while (left > 0) {
      left--
      if (!response.write(frames)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

const server = createServer(
  {
    ca: read('ca.pem'),
    cert: read('server-cert.pem'),
    key: read('server-key.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  },
  ({ url = '' }, response) => {
    response.setHeader('api-version', '1.45')
    if (url.endsWith('/_ping')) response.end('OK')
    else replay(response)
  },
)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
