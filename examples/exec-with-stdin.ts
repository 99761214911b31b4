/**
 * Pipes this program's input through a command in a running container, as `docker exec -i` does.
 *
 *     echo 'select 1' | tsx examples/exec-with-stdin.ts db psql --csv
 */
import { connect, isDockerMtlsError } from 'docker-mtls'

async function main(container: string, command: string[]): Promise<number> {
  const docker = await connect()
  try {
    // Output isn't buffered in memory: if nobody reads it, the daemon waits.
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
