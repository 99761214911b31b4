import { connect } from 'node:net'

const POLL_MS = 1000

/**
 * Tells a plugin of the docker command when to end. Without a terminal, the docker command doesn't pass SIGINT and
 * SIGTERM on, and closes a socket instead (cli-plugins/socket/socket.go of docker/cli). The socket also closes when the
 * docker command is killed. Following it doesn't keep this process running.
 *
 * @param address - the value of DOCKER_CLI_PLUGIN_SOCKET; a leading `@` means an abstract socket (unix(7)). Older
 * versions of the docker command don't set it
 * @param onEnd - called at most once
 */
export function followDocker(address: string | undefined, onEnd: () => void): void {
  if (address === undefined || address === '') return
  const socket = connect({ path: address.replace(/^@/, '\0') })
  let isConnected = false
  socket.unref().resume()
  socket.once('connect', () => (isConnected = true))
  // Node 20 pads the name of an abstract socket with zeros (libuv 1.46), so it can't connect to sockets of Go programs.
  socket.on('error', () => undefined)
  socket.once('close', () => (isConnected ? onEnd() : followParent(onEnd)))
}

/** The fallback: when the docker command ends, this process gets another parent. */
function followParent(onEnd: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onEnd()
  }, POLL_MS).unref()
}
