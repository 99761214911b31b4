import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../../test/support/command.ts'

const SCRIPT = fileURLToPath(new URL('host.sh', import.meta.url))

/** A folder that is `/` for one daemon. All secrets in it were made up for this run. */
export interface Host {
  /** Where the folder is. */
  readonly root: string
  /** Made up for this run: in `/etc/shadow`, in the command line of a process, and in the answer of a local service. */
  readonly canary: string
  /** The port of the service, which listens on loopback. */
  readonly servicePort: number
  /** Resolves when the process has ended. */
  readonly processEnded: Promise<unknown>
  /** A command that runs another one on this host. */
  readonly within: readonly string[]
  readonly stop: () => void
}

/** An unprivileged user of the host. */
const NOBODY = 65_534

const ACCOUNTS = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\ndockremap:x:990:990::/:/bin/false\n',
  group: 'root:x:0:\nnogroup:x:65534:\ndockremap:x:990:\n',
  subuid: 'dockremap:100000:65536\n',
  subgid: 'dockremap:100000:65536\n',
}

/** Creates the folder, the process and the service. */
export async function createHost(root: string): Promise<Host> {
  const canary = `canary-${randomBytes(6).toString('hex')}`
  for (const folder of ['etc/ssl/certs', 'root', 'tmp', 'var/tmp', 'var/lib']) {
    await mkdir(join(root, folder), { recursive: true, mode: 0o755 })
  }
  for (const folder of ['tmp', 'var/tmp']) await chmod(join(root, folder), 0o1777)
  for (const [name, text] of Object.entries(ACCOUNTS)) await writeFile(join(root, 'etc', name), text)
  await writeFile(join(root, 'etc/shadow'), `root:${canary}:20000:0:99999:7:::\n`, { mode: 0o600 })
  const service = await listen(canary)
  const child = spawn('sleep', ['300'], { argv0: `backup-agent --token=${canary}`, stdio: 'ignore' })
  child.unref()
  return {
    root,
    canary,
    servicePort: (service.address() as AddressInfo).port,
    processEnded: once(child, 'exit'),
    within: ['unshare', '--mount', '--propagation=private', 'sh', SCRIPT, root],
    stop: () => {
      service.close()
      child.kill('SIGKILL')
    },
  }
}

async function listen(canary: string): Promise<Server> {
  const service = createServer((_, answer) => answer.end(canary)).listen(0, '127.0.0.1')
  await once(service, 'listening')
  return service.unref()
}

/** Runs a program of the host as an unprivileged user, and returns its output. */
export async function runAsNobody({ root }: Host, program: string, path: string): Promise<string> {
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const { stdout, stderr } = await runCommand('setpriv', [...user, join(root, program), join(root, path)])
  return (stdout + stderr).replaceAll(root, '').trim()
}

/** The owner of a file of the host. */
export async function ownerOf({ root }: Host, path: string): Promise<number> {
  return (await stat(join(root, path))).uid
}
