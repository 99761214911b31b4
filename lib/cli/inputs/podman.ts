import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { childEnvironment } from '../../base/child-environment.ts'

/** What the Podman of this machine says of its version; undefined if there is none. */
export async function installedPodman(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return promisify(execFile)('podman', ['--version'], { env: childEnvironment(env) }).then(
    ({ stdout }) => stdout,
    () => undefined,
  )
}
