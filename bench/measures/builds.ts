import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeImage } from '../../test/daemon/harness/image.ts'
import type { SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import { runCommand } from '../../test/support/command.ts'
import type { DaemonEnv } from '../processes.ts'

/** The builders of dockerd, by the variable that selects them. */
export const BUILDERS = [
  { builder: 'BuildKit', DOCKER_BUILDKIT: '1' },
  { builder: 'the classic builder', DOCKER_BUILDKIT: '0' },
] as const

/** A folder to build from, whose file changes with each build, so that no layer comes from a cache. */
export class BuildContext {
  readonly #folder: string
  readonly #bytes: number

  private constructor(folder: string, bytes: number) {
    this.#folder = folder
    this.#bytes = bytes
  }

  static async create(daemon: SecuredDaemon, bytes: number): Promise<BuildContext> {
    const folder = join(daemon.place.folder, 'context')
    await mkdir(folder)
    const image = await makeImage(daemon)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\nCOPY file /file\nRUN md5sum /file > /sum\n`)
    return new BuildContext(folder, bytes)
  }

  /** Builds with the docker command. @returns the builds a minute that this one amounts to. @throws Error if it fails */
  async build(daemon: DaemonEnv, variables: Readonly<Record<string, string>>): Promise<number> {
    await writeFile(join(this.#folder, 'file'), randomBytes(this.#bytes))
    const env = { ...daemon, DOCKER_CONFIG: join(this.#folder, 'no-config'), ...variables }
    const began = performance.now()
    const { code, stderr } = await runCommand('docker', ['build', '-q', '.'], { env, cwd: this.#folder })
    if (code !== 0) throw new Error(`docker build failed: ${stderr}`)
    return 60_000 / (performance.now() - began)
  }
}
