import { Duplex } from 'node:stream'

/**
 * Wraps a connection in a JavaScript stream, which exposes no native handle.
 *
 * Given a TLS socket, node:http2 bypasses the stream and reads and writes on the native handle, which both then share.
 * If the connection has carried another protocol before, the process aborts with `Assertion failed: !current_write_`
 * within a few builds, on Node 20 to 26 (compare nodejs/node#30896, #55804 and #61304). Over a JavaScript stream,
 * node:http2 uses the stream's methods.
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
  // Once all is read. node:http2 would shut its side down, and the process would end if it then writes, as after an error: `Assertion`
  // in JSStreamSocket.doWrite (Node 20 to 26). No end of HTTP/2 goes on after the other has ended.
  stream.once('end', () => stream.destroy())
  socket.on('error', (error) => stream.destroy(error))
  socket.once('close', () => stream.destroy())
  // The HTTP/2 session may have stopped listening, and an 'error' without a listener ends the process.
  stream.on('error', () => {})
  return stream
}
