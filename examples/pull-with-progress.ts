/**
 * Pulls an image with the login that `docker login` stored, and prints the progress.
 *
 *     tsx examples/pull-with-progress.ts IMAGE
 */
import { connect, loadRegistryCredentials, type PullMessage } from 'docker-mtls'

/** Bytes of each layer whose download has started. */
const layers = new Map<string, { readonly current: number; readonly total: number }>()

function show({ id, status, progressDetail }: PullMessage): void {
  const { current, total } = progressDetail ?? {}
  if (status !== 'Downloading' || id === undefined || current === undefined || total === undefined) {
    console.log([id, status].filter((text) => text !== undefined).join(': '))
    return
  }
  layers.set(id, { current, total })
  const [done, all] = [...layers.values()].reduce(([a, b], layer) => [a + layer.current, b + layer.total], [0, 0])
  console.log(`${Math.round((100 * done) / all)}% of ${(all / 1e6).toFixed(1)} MB`)
}

async function main(image: string): Promise<void> {
  const docker = await connect()
  try {
    const pulling = docker.images.pull(image, { auth: loadRegistryCredentials() })
    for await (const message of pulling) show(message)
    const { reference, digest, status } = await pulling
    console.log(`${reference} is ${status}: ${digest}`)
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? 'alpine').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
