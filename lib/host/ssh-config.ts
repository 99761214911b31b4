import { text } from 'node:stream/consumers'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream } from '../transport/ssh-stream.ts'
import { SSH_TIMEOUT_MS } from './ssh-shell.ts'

/** A host as ssh's configuration resolves it. */
export interface SshHost {
  /** The name or address that ssh connects to; for an alias, its HostName. */
  readonly hostname: string
  readonly user: string
  readonly port: number
  /** `yes`, `ask`, `accept-new` or `no`, whichever synonym of ssh_config(5) is configured. */
  readonly hostKeyChecking: string
  /** The files with accepted host keys, without those that store nothing. */
  readonly knownHosts: readonly string[]
}

/** Synonyms that ssh prints. */
const CHECKING: Readonly<Record<string, string>> = { false: 'no', off: 'no', true: 'yes' }
const KEEPS_NONE = new Set(['/dev/null', 'none'])

/**
 * Asks ssh itself how it resolves a host. ssh opens no connection for that (ssh(1), -G).
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
