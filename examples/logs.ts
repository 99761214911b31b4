/**
 * Prints the log of a container line by line, and follows it until the container ends or the seconds have passed.
 *
 *     tsx examples/logs.ts CONTAINER [SECONDS]
 */
import { connect } from 'docker-mtls'

async function main(container: string, seconds: number): Promise<void> {
  const docker = await connect()
  const until = AbortSignal.timeout(seconds * 1000)
  try {
    const logs = await docker.containers.logs(container, { follow: true, tail: 100, signal: until })
    for await (const { stream, line } of logs.lines()) console.log(`${stream}: ${line}`)
    const { StatusCode } = await docker.containers.wait(container)
    console.log(`It has ended with ${StatusCode}.`)
  } catch (error) {
    // An abort rejects with the signal's own reason.
    if (error !== until.reason) throw error
    console.log(`It goes on after ${seconds} s.`)
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? 'web', Number(process.argv[3] ?? 60)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
