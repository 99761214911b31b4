import { ByteList } from '../base/byte-list.ts'
import { ConnectionError } from '../base/errors.ts'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream } from '../transport/ssh-stream.ts'
import { SSH_TIMEOUT_MS } from './ssh-shell.ts'

/** The settings that ssh uses for a host. */
export interface SshHost {
  /** The name or address that ssh connects to; for an alias, its HostName. */
  readonly hostname: string
  readonly user: string
  readonly port: number
  /** `yes`, `ask`, `accept-new` or `no`, whichever synonym of ssh_config(5) is configured. */
  readonly hostKeyChecking: string
  /** The files in which ssh stores accepted host keys, without /dev/null and the like. */
  readonly knownHosts: readonly string[]
}

/** The synonyms that ssh prints, with the usual names. */
const CHECKING: Readonly<Record<string, string>> = { false: 'no', off: 'no', true: 'yes' }
const STORES_NOTHING = new Set(['/dev/null', 'none'])

/**
 * Asks ssh which settings it uses for a host. With -G it prints them and opens no connection (ssh(1)).
 *
 * @param timeout - in milliseconds. A command of `Match exec` may hang
 * @throws {@link ConnectionError} ERR_SSH_NOT_INSTALLED, ERR_SSH_FAILED
 */
export async function readSshConfig(endpoint: SshEndpoint, timeout: number = SSH_TIMEOUT_MS): Promise<SshHost> {
  const target = formatEndpoint(endpoint)
  const child = await startSystemSsh(['-G', ...sshLogin(endpoint, SSH_TIMEOUT_MS)], target)
  const stream = new SshStream(child, () => undefined)
  stream.end()
  const printed = await readAll(stream, target, timeout)
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
    knownHosts: knownHosts.filter((file) => !STORES_NOTHING.has(file)),
  }
}

/** The settings are a few kilobytes. In bytes. */
const LONGEST_OUTPUT = 1024 * 1024

async function readAll(stream: SshStream, target: string, timeout: number): Promise<string> {
  const timer = setTimeout(() => stream.destroy(unusable(target, `did not print them within ${timeout} ms`)), timeout)
  const printed = new ByteList()
  try {
    for await (const chunk of stream) {
      printed.push(chunk as Buffer)
      if (printed.size > LONGEST_OUTPUT) throw unusable(target, `printed more than ${LONGEST_OUTPUT} bytes`)
    }
  } finally {
    clearTimeout(timer)
  }
  return printed.take().toString('utf8')
}

function unusable(target: string, got: string): ConnectionError {
  return new ConnectionError('ERR_SSH_FAILED', {
    tried: `reading the settings of ssh for ${target}`,
    got: `ssh -G ${got}`,
    todo: 'Check the commands of "Match exec" in ~/.ssh/config and /etc/ssh/ssh_config.',
  })
}
