import { readFile } from 'node:fs/promises'
import { parse } from 'dotenv'
import type { InitReport } from '../../lib/keystore/init/init.ts'
import { runCommand } from '../../test/support/command.ts'
import type { Progress } from './progress.ts'

/** Runs Docker's own command line on the daemon, and returns its output. */
export type DockerCli = (args: readonly string[], input?: Uint8Array) => Promise<string>

/** Connects Docker's own command line with the variables of the same `.env` file. */
export async function showDockerCli(progress: Progress, { clients: [client] }: InitReport): Promise<DockerCli> {
  if (client === undefined) throw new Error('init created no client')
  const env = parse(await readFile(client.env.path))
  const docker: DockerCli = async (args, input) => {
    const { code, stdout, stderr } = await runCommand('docker', args, { env, ...(input && { input }) })
    if (code !== 0) throw new Error(`docker ${args[0]} failed: ${stderr.trim()}`)
    return stdout.trim()
  }
  const format = '{{.Client.Version}}'
  // `docker version` fails unless the server has answered, so its output proves the connection.
  const ask = (): Promise<string> => docker(['version', '--format', format])
  await progress.step(
    "Connecting with Docker's own command line",
    ask,
    (version) => `Connected with Docker's own command line, ${version}`,
  )
  return docker
}
