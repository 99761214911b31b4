/**
 * Waits for the daemon, and prints which containers start and end, also after the daemon restarts, for some seconds.
 *
 *     tsx examples/follow-events.ts [SECONDS]
 */
import { connect, type DockerClient, type Reconnection } from 'docker-mtls'

async function list(docker: DockerClient): Promise<void> {
  const running = await docker.containers.list()
  console.log(`running: ${running.map(({ Names }) => Names[0]?.slice(1)).join(', ') || 'none'}`)
}

async function main(seconds: number): Promise<void> {
  const docker = await connect({ waitFor: 60_000 })
  try {
    // The daemon forgets its events when it restarts.
    const onReconnect = async ({ complete }: Reconnection): Promise<void> => {
      if (!complete) await list(docker)
    }
    const events = await docker.system.followEvents({
      filters: { type: 'container', event: ['start', 'die'] },
      onReconnect,
    })
    setTimeout(() => void events.close(), seconds * 1000)
    // The stream is open, so nothing is missed in between.
    await list(docker)
    for await (const { Action, Actor } of events) console.log(`${Actor.Attributes['name']}: ${Action}`)
  } finally {
    await docker.close()
  }
}

main(Number(process.argv[2] ?? 60)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
