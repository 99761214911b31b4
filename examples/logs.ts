/**
 * Prints and follows the log of a container line by line, until the container ends or SECONDS have passed.
 *
 *     tsx examples/logs.ts CONTAINER [SECONDS]
 */
import { connect } from 'docker-mtls'

async function main(container: string, seconds: number): Promise<void> {
  const docker = await connect()
  const until = AbortSignal.timeout(seconds * 1000)
  try {
    const logs = await docker.containers.logs(container, { follow: true, tail: 100, signal: until })
    for await (const { stream, line } of logs.linesWithStream()) console.log(`${stream}: ${line}`)
    const { StatusCode } = await docker.containers.wait(container)
    console.log(`Exit code: ${StatusCode}`)
  } catch (error) {
    // An aborted call rejects with the signal's reason.
    if (error !== until.reason) throw error
    console.log(`Still running after ${seconds} s`)
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? 'web', Number(process.argv[3] ?? 60)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
