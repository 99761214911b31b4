/** Uses the global fetch with verified mutual TLS to one daemon, and to no other host. */
import { createDispatcher, loadIdentity, resolveEndpoint } from 'docker-mtls'

async function main(): Promise<void> {
  const endpoint = await resolveEndpoint()
  const identity = endpoint.certPath === undefined ? undefined : await loadIdentity(endpoint.certPath)
  const dispatcher = createDispatcher(endpoint, identity)
  try {
    // The types of fetch in Node 20 don't accept every dispatcher, hence `as object`.
    const answer = await fetch(`${dispatcher.origin}${dispatcher.prefix}/version`, { dispatcher } as object)
    const { Version } = (await answer.json()) as { Version: string }
    console.log(`${answer.status}: Docker Engine ${Version}`)

    // The certificate is never sent to another host, whatever the URL.
    await fetch('https://example.com/', { dispatcher } as object).catch((error: Error) => {
      console.log((error.cause as Error).message)
    })
  } finally {
    await dispatcher.close()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
