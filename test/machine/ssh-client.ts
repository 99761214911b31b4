import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inNamespaces } from '../../scripts/namespaces.ts'

/** The ssh of whoever runs the tests: a home folder of its own, with one key that every machine lets in. */
export interface SshClient {
  /** The folder `.ssh`: `id_ed25519`, `known_hosts`, and a `config` for who wants one. */
  readonly folder: string
  readonly publicKey: string
  /** What `known_hosts` holds for a host: a key, or none. */
  know(hosts: readonly string[], key: string | undefined): void
  /** Gives root its own home again. */
  close(): void
}

const PASSWD = '/etc/passwd'
let shared: { client: SshClient; users: number } | undefined

/** The one client of this process; it lasts until all who have taken it have closed it. */
export function takeSshClient(): SshClient {
  shared ??= { client: makeClient(), users: 0 }
  shared.users++
  return { ...shared.client, close: release }
}

function release(): void {
  if (shared === undefined || --shared.users > 0) return
  shared.client.close()
  shared = undefined
}

/** ssh looks for keys and known hosts in the home folder of /etc/passwd, whatever HOME is (ssh(1), FILES). */
function makeClient(): SshClient {
  if (!inNamespaces()) throw new Error('ssh gets a home only in namespaces of our own: npm test -- FILE')
  const home = mkdtempSync(join(tmpdir(), 'ssh-client-'))
  const folder = join(home, '.ssh')
  mkdirSync(folder, { mode: 0o700 })
  const key = join(folder, 'id_ed25519')
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'tests', '-f', key])
  if (made.status !== 0) throw new Error(`ssh-keygen failed: ${String(made.stderr)}`)
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, '')
  const passwd = readFileSync(PASSWD, 'utf8')
  writeFileSync(PASSWD, passwd.replace(/^(root:(?:[^:]*:){4})[^:]*/m, `$1${home}`))
  return {
    folder,
    publicKey: readFileSync(`${key}.pub`, 'utf8').trim(),
    know: (hosts, hostKey) => {
      const others = readFileSync(knownHosts, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !hosts.includes(line.split(' ')[0] ?? ''))
      const ours = hostKey === undefined ? [] : hosts.map((host) => `${host} ${hostKey}`)
      writeFileSync(knownHosts, [...others, ...ours, ''].join('\n'))
    },
    close: () => {
      writeFileSync(PASSWD, passwd)
      rmSync(home, { recursive: true, force: true })
    },
  }
}
