import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../support/command.ts'
import { freePort } from '../../support/ports.ts'
import { startService, type Service } from './service.ts'

export interface RegistryOptions {
  /** The one user that it knows. Without this, everybody may push and pull. */
  readonly auth?: { readonly username: string; readonly password: string }
  /** The files of a certificate and of its key: with them it speaks TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/**
 * A registry that runs, over plain HTTP unless told otherwise: dockerd takes that from 127.0.0.0/8 and from nowhere else,
 * and there alone it takes any certificate.
 */
export interface Registry extends Service {
  /** `127.0.0.1:PORT`: the first part of the names of its images. */
  readonly host: `127.0.0.1:${number}`
}

/**
 * Starts Debian's docker-registry on a free port of loopback, with its storage in a temporary folder. It ends with this
 * process, whatever happens to that.
 */
export async function startRegistry({ auth, tls }: RegistryOptions = {}): Promise<Registry> {
  const users = auth && (await htpasswd(auth))
  const folder = await mkdtemp(join(tmpdir(), 'registry-'))
  const port = await freePort()
  const host = `127.0.0.1:${port}` as const
  const config = await writeConfig(folder, { addr: host, ...(tls && { tls }) }, users)
  const service = await startService({ program: 'docker-registry', args: ['serve', config], folder, port })
  return { host, ...service }
}

/** The file in YAML, of which JSON is a part. */
async function writeConfig(folder: string, http: object, users: string | undefined): Promise<string> {
  const usersFile = join(folder, 'htpasswd')
  if (users !== undefined) await writeFile(usersFile, users)
  const config = {
    version: 0.1,
    log: { accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http,
    ...(users !== undefined && { auth: { htpasswd: { realm: 'tests', path: usersFile } } }),
  }
  const path = join(folder, 'config.yml')
  await writeFile(path, JSON.stringify(config))
  return path
}

/** bcrypt is the only kind that the registry takes. */
async function htpasswd({ username, password }: NonNullable<RegistryOptions['auth']>): Promise<string> {
  const { code, stdout, stderr } = await runCommand('htpasswd', ['-niB', username], { input: password })
  if (code !== 0) throw new Error(`htpasswd failed: ${stderr}`)
  return stdout
}
