/**
 * An app that tries to connect to each server in a file, and prints how that ended, a line of JSON for each: the code of the
 * error, or `connected`.
 *
 *     RUNTIME refusals.mjs FILE
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'docker-mtls'

for (const { name, options } of JSON.parse(await readFile(process.argv[2], 'utf8'))) {
  const outcome = await connect({ connectTimeout: 2_000, ...options }).then(
    async (docker) => {
      await docker.close()
      return { outcome: 'connected' }
    },
    (error) => ({
      outcome: error.code ?? error.name,
      message: error.message,
      cause: String(error.cause?.code ?? error.cause),
    }),
  )
  console.log(JSON.stringify({ name, ...outcome }))
}
// What nobody catches has time to come.
await delay(300)
