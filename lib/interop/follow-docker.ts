import { connect } from 'node:net'

const LOOK_MS = 1000

/**
 * Tells a plugin of the docker command that it shall end. The docker command keeps SIGINT and SIGTERM for itself where it
 * has no terminal, and closes a socket instead (cli-plugins/socket/socket.go of docker/cli); when it is killed, that socket
 * closes as well. Nothing of this keeps the process from ending.
 *
 * @param address - what DOCKER_CLI_PLUGIN_SOCKET says; a leading `@` is an abstract socket (unix(7)). Older versions of the
 *   docker command say none
 * @param onEnd - is called at most once
 */
export function followDocker(address: string | undefined, onEnd: () => void): void {
  if (address === undefined || address === '') return
  const socket = connect({ path: address.replace(/^@/, '\0') })
  let isConnected = false
  socket.unref().resume()
  socket.once('connect', () => (isConnected = true))
  // Node 20 pads the name of an abstract socket with zeros (libuv 1.46), and finds none of Go's.
  socket.on('error', () => undefined)
  socket.once('close', () => (isConnected ? onEnd() : followParent(onEnd)))
}

/** The next best: an orphan has another parent. */
function followParent(onEnd: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onEnd()
  }, LOOK_MS).unref()
}
