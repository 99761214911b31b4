/**
 * Builds a folder, and shows the progress: moving lines on a terminal, else a line for each change.
 *
 *     tsx examples/show-progress.ts FOLDER NAME:TAG
 */
import { BuildFailedError, connect, showProgress } from 'docker-mtls'

async function main(folder: string, name: string): Promise<void> {
  const docker = await connect()
  try {
    const { ID } = await showProgress(docker.images.build(folder, { t: name }))
    console.log(`${name} is ${ID}`)
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
