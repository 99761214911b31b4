/**
 * Prints which containers start and end, beginning a minute ago, for some seconds.
 *
 *     tsx examples/events.ts [SECONDS]
 */
import { connect, type EventMessage } from 'docker-mtls'

function tell({ Action, Actor, time }: EventMessage): void {
  const { name = Actor.ID, exitCode } = Actor.Attributes
  const how = exitCode === undefined ? '' : ` with ${exitCode}`
  console.log(`${new Date(time * 1000).toISOString()} ${name}: ${Action}${how}`)
}

async function main(seconds: number): Promise<void> {
  const docker = await connect()
  try {
    // The times are those of the daemon's clock. With `until` the stream ends by itself; without it, `break` closes it.
    const now = Date.parse((await docker.system.info()).SystemTime)
    const since = new Date(now - 60_000)
    const until = new Date(now + seconds * 1000)
    const filters = { type: 'container', event: ['start', 'die', 'oom'] } as const
    for await (const event of docker.system.events({ since, until, filters })) tell(event)
  } finally {
    await docker.close()
  }
}

main(Number(process.argv[2] ?? 60)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
