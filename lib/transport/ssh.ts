import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { publishConnect } from './diagnostics.ts'
import { sshFault } from './ssh-faults.ts'
import { waitForPing } from './ssh-ping.ts'
import { startSystemSsh } from './ssh-start.ts'
import { SshStream } from './ssh-stream.ts'
import { Semaphore } from '../base/semaphore.ts'
import { unlessAborted, withTimeout } from '../base/abort.ts'

/** sshd randomly drops logins when ten are pending (sshd_config(5), MaxStartups), and other clients log in too. */
const MAX_CONCURRENT_LOGINS = 4

/**
 * The connector of an ssh endpoint. Each connection is a process of the system's ssh that runs
 * `docker system dial-stdio` on the remote host. It is ready when the daemon has answered a ping.
 *
 * @param args - from {@link sshArguments}
 */
export function sshConnector(endpoint: SshEndpoint, args: readonly string[], options: ConnectOptions): Connect {
  const target = formatEndpoint(endpoint)
  const semaphore = new Semaphore(MAX_CONCURRENT_LOGINS)
  return async (signal, { timeout = options.timeout, caller } = {}) => {
    const began = performance.now()
    const limits = { timeout, signal, late: timeoutError(target, options.timeout) }
    try {
      const stream = await withTimeout(limits, (inTime) =>
        semaphore.run(() => openStream(endpoint, args, options, inTime), inTime, caller),
      )
      publishConnect(target, began, {})
      return stream
    } catch (error) {
      publishConnect(target, began, { error })
      throw error
    }
  }
}

async function openStream(
  endpoint: SshEndpoint,
  args: readonly string[],
  { onProcess }: ConnectOptions,
  signal: AbortSignal,
): Promise<SshStream> {
  const target = formatEndpoint(endpoint)
  const starting = startSystemSsh(args, target).then(
    (child) => new SshStream(child, (exit) => sshFault(exit, endpoint)),
  )
  onProcess?.(starting.then(({ exit }) => exit).catch(() => {}))
  const stream = await starting
  // Nobody else listens until the caller takes the stream over, and an 'error' without a listener ends the process.
  stream.on('error', () => {})
  try {
    // The signal may have aborted during the start.
    signal.throwIfAborted()
    await unlessAborted(waitForPing(stream, target), signal)
    return stream
  } catch (error) {
    stream.destroy()
    throw error
  }
}

function timeoutError(target: string, timeout: number): ConnectionError {
  return new ConnectionError('ERR_CONNECT_TIMEOUT', {
    tried: `connecting to ${target}`,
    got: `neither ssh nor the daemon behind it answered within ${timeout} ms`,
    todo: sentence`Check the address, the port and the firewall. If logins to this host are slow, increase ${option('connectTimeout')}.`,
  })
}
