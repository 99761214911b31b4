import { readFileSync } from 'node:fs'
import { ConnectionError } from '../../base/errors.ts'

/** For files, the audit log, listeners, and Node.js itself. */
const RESERVE = 128
const LEAST = 256

/**
 * How many connections a gateway may have on each of its sides: to clients, and to the daemon. Together they leave the reserve. Only Linux
 * says how many descriptors a process can have.
 *
 * @throws {@link ConnectionError} ERR_GATEWAY_LISTEN if there is no room for a gateway
 */
export function mostConnections(descriptors: number = mostDescriptors()): number {
  if (descriptors >= LEAST) return Math.floor((descriptors - RESERVE) / 2)
  throw new ConnectionError('ERR_GATEWAY_LISTEN', {
    tried: 'starting a gateway',
    got: `this process can have only ${descriptors} files and connections open, and a gateway needs ${LEAST}`,
    todo: 'Raise the hard limit: LimitNOFILE=524288 in its systemd unit, or  ulimit -n 4096  in a shell of root.',
  })
}

/** The soft limit: at the start, Node.js raises it to the hard one. */
function mostDescriptors(): number {
  if (process.platform !== 'linux') return Infinity
  const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return soft === undefined ? Infinity : Number(soft)
}

interface Fitted {
  readonly connections: number
  readonly streams: number
  readonly requests: number
}

/** Limits for one identity that leave half of all connections to others. A stream or request needs one on each side. */
export function fittingLimits<Limits extends Fitted>(limits: Limits, most: number): Limits {
  const { connections, streams, requests } = limits
  return {
    ...limits,
    connections: Math.min(connections, Math.floor(most / 2)),
    streams: Math.min(streams, Math.floor((most * 3) / 8)),
    requests: Math.min(requests, Math.floor(most / 8)),
  }
}
