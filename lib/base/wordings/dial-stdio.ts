/** What `docker system dial-stdio` says on a host that is reached by ssh (docker/cli, cli/command/system/dial_stdio.go). */
import { DOCKER, type Wording } from './wording.ts'

/** The command warns of a config.json that it can't read, too: that is not why it ends. */
export const NOT_ALLOWED: Wording = { pattern: /connect: permission denied/i, seen: DOCKER }
export const NO_SOCKET: Wording = { pattern: /connect: no such file or directory/i, seen: DOCKER }
export const NO_DAEMON: Wording = {
  pattern: /connect: connection refused|cannot connect to the docker daemon/i,
  seen: DOCKER,
}
export const NO_SUCH_COMMAND: Wording = {
  pattern: /is not a docker command|is not recognized|unknown command/i,
  seen: DOCKER,
}
