import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { onAbort } from '../base/abort.ts'
import type { ConnectionError } from '../base/errors.ts'
import { sshLogin } from './ssh-arguments.ts'
import { sshLoginFault } from './ssh-faults.ts'
import { startSystemSsh } from './ssh-start.ts'
import { SshStream } from './ssh-stream.ts'

/**
 * Logs in at the host of an endpoint, without Docker, and leaves.
 *
 * @param timeout - in milliseconds
 * @param signal - ends ssh
 * @returns why the login failed; undefined if it didn't
 */
export async function checkLogin(
  endpoint: SshEndpoint,
  timeout: number,
  signal: AbortSignal,
): Promise<ConnectionError | undefined> {
  const child = await startSystemSsh([...sshLogin(endpoint, timeout), 'exit', '0'], formatEndpoint(endpoint))
  const stream = new SshStream(child, () => undefined)
  stream
    .on('error', () => {})
    .resume()
    .end()
  const forget = onAbort(signal, () => stream.destroy())
  try {
    return sshLoginFault(await stream.exit, endpoint)
  } finally {
    forget()
    stream.destroy()
  }
}
