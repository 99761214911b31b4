/**
 * Creates a CA, a server certificate and a client certificate in code: first in memory, then as the folder that
 * `docker-mtls init` creates. A second run keeps the existing files.
 *
 *     tsx examples/make-certificates.ts FOLDER
 */
import { createAuthority, inspectCertificate, issueClient, issueServer, PkiFolder } from 'docker-mtls/pki'

async function inMemory(): Promise<void> {
  const authority = await createAuthority({ days: 3650 })
  const server = await issueServer(authority, { names: ['build01.example.com', '10.0.0.4'] })
  const client = await issueClient(authority, { name: 'deploy', days: 90 })
  console.log(`${server.facts.names.dns.join(', ')}, ${server.facts.names.ip.join(', ')}`)
  for (const { role, ok, because } of inspectCertificate(client.cert).verdicts) {
    console.log(`as a ${role}: ${ok ? 'good' : 'refused'}, ${because}`)
  }
}

async function inFolder(path: string): Promise<void> {
  const folder = new PkiFolder(path)
  await folder.ensureAuthority()
  await folder.ensureServer(['build01.example.com', '10.0.0.4'])
  const { action, paths } = await folder.ensureClient('deploy')
  console.log(`${action}: ${paths.folder}`)
}

async function main(): Promise<void> {
  await inMemory()
  const [folder] = process.argv.slice(2)
  if (folder !== undefined) await inFolder(folder)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
