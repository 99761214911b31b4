/**
 * Pipes this program's own input through a command in a running container, and its output out: `docker exec -i`.
 *
 *     echo 'select 1' | tsx examples/exec-with-stdin.ts db psql --csv
 */
import { connect, isDockerMtlsError } from 'docker-mtls'

async function main(container: string, command: string[]): Promise<number> {
  const docker = await connect()
  try {
    // Nothing is kept in memory: the daemon waits for whoever reads our output.
    const { stdin, stdout, stderr } = process
    const { exitCode } = await docker.exec.run(container, command, { stdin, stdout, stderr })
    return exitCode
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_API_EXEC_FAILED')) throw error
    console.error(error.message)
    return 127
  } finally {
    await docker.close()
  }
}

const [container = 'db', ...command] = process.argv.slice(2)
main(container, command).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
