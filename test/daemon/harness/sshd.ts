import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { freePort } from '../../support/ports.ts'
import { startService, type Service } from './service.ts'

/** A login of the other machine. */
export interface SshUser {
  readonly name: string
  /** Lines of sshd_config(5) that count for this one alone. */
  readonly config?: readonly string[]
  /** @defaultValue `/bin/sh` */
  readonly shell?: string
  /** Its `.bashrc`. */
  readonly bashrc?: string
}

export interface SshdOptions {
  /** What the other machine's environment says of its daemon: DOCKER_HOST. */
  readonly dockerHost: string
  /** Besides root. */
  readonly users?: readonly SshUser[]
  /** @defaultValue a free one */
  readonly port?: number
}

/** An OpenSSH server that runs on loopback. */
export interface Sshd extends Service {
  readonly port: number
  /** The public half of its host key, as `known_hosts` has it after the name. */
  readonly hostKey: string
  /** A host key that isn't its own. */
  readonly otherKey: string
  /** The folder `.ssh` of whoever runs the tests. */
  readonly clientFolder: string
  /** What `~/.ssh/known_hosts` holds for it: its own key, another one, or none. */
  know(key: string | undefined): Promise<void>
}

const FIRST_UID = 23_000

/**
 * Starts a real sshd, and gives the one who runs the tests a home folder of its own: ssh looks for keys and known hosts
 * in the home folder of /etc/passwd, whatever HOME is (ssh(1), FILES), and in the namespaces that file is a copy.
 */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  if (!inNamespaces()) throw new Error('sshd is started only in namespaces of its own: npm test -- FILE')
  const folder = await mkdtemp(join(tmpdir(), 'sshd-'))
  // The users that log in have to get through.
  await chmod(folder, 0o711)
  const clientFolder = join(folder, 'root', '.ssh')
  await mkdir(clientFolder, { recursive: true, mode: 0o700 })
  await makeKeys(folder, clientFolder)
  const restore = await replaceUsers(folder, options.users ?? [])
  const port = options.port ?? (await freePort())
  await writeFile(join(folder, 'sshd_config'), sshdConfig(folder, port, options))
  const [hostKey, otherKey] = await Promise.all([publicKey(folder, 'host_key'), publicKey(folder, 'other_key')])
  const know = (key: string | undefined): Promise<void> =>
    writeFile(join(clientFolder, 'known_hosts'), key ? `${nameOf(port)} ${key}\n` : '')
  await know(hostKey)
  // sshd's own empty folder, which Debian's unit makes in /run.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const args = ['-D', '-e', '-f', join(folder, 'sshd_config')]
  const service = await startService({ program: 'sshd', args, folder, port, cleanUp: restore })
  return { ...service, port, hostKey, otherKey, clientFolder, know }
}

/** As `known_hosts` has it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
const nameOf = (port: number): string => (port === 22 ? '127.0.0.1' : `[127.0.0.1]:${port}`)

async function publicKey(folder: string, name: string): Promise<string> {
  return (await readFile(join(folder, `${name}.pub`), 'utf8')).trim()
}

async function makeKeys(folder: string, clientFolder: string): Promise<void> {
  for (const file of [join(folder, 'host_key'), join(folder, 'other_key'), join(clientFolder, 'id_ed25519')]) {
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
    if (made.status !== 0) throw new Error(`ssh-keygen failed: ${String(made.stderr)}`)
  }
  await writeFile(join(folder, 'authorized_keys'), await publicKey(clientFolder, 'id_ed25519'), { mode: 0o644 })
}

/** Another home for root, and the users of the other machine. */
async function replaceUsers(folder: string, users: readonly SshUser[]): Promise<() => Promise<void>> {
  const files = ['/etc/passwd', '/etc/shadow'] as const
  const [passwd = '', shadow = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const lines = users.map(({ name, shell = '/bin/sh' }, index) => {
    return `${name}:x:${FIRST_UID + index}:${FIRST_UID + index}::${join(folder, name)}:${shell}\n`
  })
  for (const [index, { name, bashrc }] of users.entries()) {
    await mkdir(join(folder, name))
    if (bashrc !== undefined) await writeFile(join(folder, name, '.bashrc'), bashrc)
    spawnSync('chown', ['-R', `${FIRST_UID + index}`, join(folder, name)])
  }
  await writeFile(
    '/etc/passwd',
    passwd.replace(/^(root:(?:[^:]*:){4})[^:]*/m, `$1${join(folder, 'root')}`) + lines.join(''),
  )
  // `*`: no password, and not locked (shadow(5)).
  await writeFile('/etc/shadow', shadow + users.map(({ name }) => `${name}:*:20000::::::\n`).join(''))
  return async () => {
    await writeFile('/etc/passwd', passwd)
    await writeFile('/etc/shadow', shadow)
  }
}

function sshdConfig(folder: string, port: number, { dockerHost, users = [] }: SshdOptions): string {
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host_key')}`,
    `PidFile ${join(folder, 'sshd.pid')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'LogLevel VERBOSE',
    ...users.flatMap(({ name, config = [] }) => [`Match User ${name}`, ...config.map((line) => `  ${line}`)]),
    // The first value counts (sshd_config(5)): what a user has of its own comes before.
    'Match all',
    `  SetEnv DOCKER_HOST=${dockerHost} DOCKER_CONFIG=${join(folder, 'no-config')}`,
  ]
  return `${lines.join('\n')}\n`
}
