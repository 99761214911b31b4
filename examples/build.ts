/**
 * Builds a folder with BuildKit, and prints the steps with their output.
 *
 *     tsx examples/build.ts FOLDER NAME:TAG
 */
import { BuildFailedError, connect, type BuildEvent } from 'docker-mtls'

function show(event: BuildEvent): void {
  if (event.type === 'step' && event.completed !== undefined) {
    console.log(`${event.cached ? 'cached' : 'done'}: ${event.name}`)
  }
  if (event.type === 'log') process.stdout.write(event.text)
  if (event.type === 'warning') console.log(`warning: ${event.text} ${event.url}`)
}

async function main(folder: string, name: string): Promise<void> {
  const docker = await connect()
  try {
    const building = docker.images.build(folder, {
      t: name,
      builder: 'buildkit',
      labels: { 'built-by': 'docker-mtls' },
    })
    for await (const event of building) show(event)
    const { ID } = await building
    const { Size } = await docker.images.inspect(ID)
    console.log(`${name} is ${ID}, ${Size} bytes`)
  } catch (error) {
    if (!(error instanceof BuildFailedError)) throw error
    console.error(error.message)
    process.exitCode = 1
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? '.', process.argv[3] ?? 'example:latest').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
