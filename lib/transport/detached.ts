import { Duplex } from 'node:stream'

/**
 * A connection as a stream of JavaScript's, with nothing of the system's behind it.
 *
 * Given a TLS socket, node:http2 reads and writes past it, on the native handle that both then use. A connection that
 * has carried something else before ends in `Assertion failed: !current_write_`, and with it the process: within a few
 * builds, on Node 20 to 26 (compare nodejs/node#30896, #55804 and #61304). Over a stream it uses the methods that all use.
 */
export function detached(socket: Duplex): Duplex {
  const stream = new Duplex({
    allowHalfOpen: socket.allowHalfOpen,
    read: () => {
      socket.resume()
    },
    write: (chunk: Buffer, _encoding, callback) => {
      socket.write(chunk, callback)
    },
    writev: (chunks, callback) => {
      socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), callback)
    },
    final: (callback) => {
      socket.end(callback)
    },
    destroy: (error, callback) => {
      socket.destroy()
      callback(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) socket.pause()
  })
  socket.once('end', () => stream.push(null))
  socket.on('error', (error) => stream.destroy(error))
  socket.once('close', () => stream.destroy())
  return stream
}
