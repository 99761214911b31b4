import { spawn } from 'node:child_process'
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import { PREAMBLE } from '../../../lib/host/shell.ts'
import { hostScript, type KnownDaemon } from '../../../lib/audit/snapshot/host/script.ts'
import { runCommand } from '../../support/command.ts'

/** What is at a path of a host in a folder. */
export type Entry =
  | string
  | { readonly text: string; readonly mode?: number }
  | { readonly folder: number }
  | { readonly link: string }
  | { readonly fifo: true }
  /** A file of this many bytes, of which none takes room. */
  | { readonly size: number }

/** Makes a host in a folder: files by their paths. */
export async function makeHost(root: string, entries: Readonly<Record<string, Entry>>): Promise<void> {
  await chmod(root, 0o755)
  for (const [path, entry] of Object.entries(entries)) await make(join(root, path), entry)
}

async function make(at: string, entry: Entry): Promise<void> {
  if (typeof entry === 'object' && 'folder' in entry) {
    await mkdir(at, { recursive: true })
    return chmod(at, entry.folder)
  }
  await mkdir(dirname(at), { recursive: true, mode: 0o755 })
  if (typeof entry === 'string') return writeFile(at, entry)
  if ('link' in entry) return symlink(entry.link, at)
  if ('fifo' in entry) return void (await runCommand('mkfifo', [at]))
  await writeFile(at, 'text' in entry ? entry.text : '')
  if ('size' in entry) return truncate(at, entry.size)
  if (entry.mode !== undefined) await chmod(at, entry.mode)
}

/** The files of a process in /proc. */
export function processEntries(
  pid: number,
  argv: readonly string[],
  { mountNamespace = '1', unit = 'docker.service', environment = '' } = {},
): Record<string, Entry> {
  return {
    [`/proc/${pid}/comm`]: 'dockerd\n',
    [`/proc/${pid}/cmdline`]: `${argv.join('\0')}\0`,
    [`/proc/${pid}/environ`]: environment,
    [`/proc/${pid}/cgroup`]: `0::/system.slice/${unit}\n`,
    [`/proc/${pid}/ns/mnt`]: { link: `mnt:[${mountNamespace}]` },
    [`/proc/${pid}/fd`]: { folder: 0o755 },
  }
}

/** Every process looks at its own namespace, and no socket is open. */
export const PROC: Readonly<Record<string, Entry>> = {
  '/proc/self/ns/mnt': { link: 'mnt:[1]' },
  '/proc/net/unix': 'Num       RefCount Protocol Flags    Type St Inode Path\n',
}

export interface Looking {
  readonly root: string
  readonly daemon?: Partial<KnownDaemon>
  /** @defaultValue `/bin/sh` */
  readonly shell?: readonly string[]
  /** @defaultValue the one who runs the tests */
  readonly uid?: number
}

/** Runs the script as a local or remote shell does. */
export async function lookAt({ root, daemon, shell = ['/bin/sh'], uid }: Looking): Promise<string> {
  const known = { isRootless: false, socket: '/var/run/docker.sock', dataRoot: '/var/lib/docker/1.1', ...daemon }
  const [program = '', ...args] = shell
  const child = spawn(program, [...args, '-s'], { ...(uid !== undefined && { uid, gid: uid }) })
  child.stdin.on('error', () => undefined).end(PREAMBLE + hostScript(known, { root, proc: `${root}/proc` }))
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`the script ended with ${code}: ${stderr}`)
  return stdout
}
