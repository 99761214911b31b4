import { text } from 'node:stream/consumers'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream } from '../transport/ssh-stream.ts'
import { SSH_TIMEOUT_MS } from './ssh-shell.ts'

/** What ssh makes of a host by its configuration. */
export interface SshHost {
  /** The name or address that it connects to: behind an alias another one. */
  readonly hostname: string
  readonly user: string
  readonly port: number
  /** `yes`, `ask`, `accept-new` or `no`, whichever word of ssh_config(5) was taken for it. */
  readonly hostKeyChecking: string
  /** Where keys of hosts are kept that are accepted. Those that keep none are left out. */
  readonly knownHosts: readonly string[]
}

/** What ssh prints for the words that mean the same. */
const CHECKING: Readonly<Record<string, string>> = { false: 'no', off: 'no', true: 'yes' }
const KEEPS_NONE = new Set(['/dev/null', 'none'])

/**
 * Asks ssh itself what it makes of a host. Nothing is connected to (ssh(1), -G).
 *
 * @throws {@link ConnectionError} ERR_SSH_NOT_INSTALLED, ERR_SSH_FAILED
 */
export async function readSshConfig(endpoint: SshEndpoint): Promise<SshHost> {
  const child = await startSystemSsh(['-G', ...sshLogin(endpoint, SSH_TIMEOUT_MS)], formatEndpoint(endpoint))
  const stream = new SshStream(child, () => undefined)
  stream.end()
  const printed = await text(stream)
  const fault = sshLoginFault(await stream.exit, endpoint)
  if (fault !== undefined) throw fault
  const value = (name: string): string => new RegExp(`^${name} (.+)$`, 'm').exec(printed)?.[1] ?? ''
  const checking = value('stricthostkeychecking')
  const knownHosts = value('userknownhostsfile').split(' ')
  return {
    hostname: value('hostname'),
    user: value('user'),
    port: Number(value('port')),
    hostKeyChecking: CHECKING[checking] ?? checking,
    knownHosts: knownHosts.filter((file) => !KEEPS_NONE.has(file)),
  }
}
