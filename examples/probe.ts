/**
 * Checks from outside which clients a daemon accepts, for monitoring. Sends no request. Exits with 1 if it accepts anyone
 * except the clients of the CA in the file CA.
 *
 *     tsx examples/probe.ts build01.example.com CA [PORT]
 */
import { readFile } from 'node:fs/promises'
import { namesOnly, probeServer, tryClient, type ServerReport } from 'docker-mtls/probe'

function say({ protocols, certificate, clientCertificate, plaintext }: ServerReport): void {
  console.log(`speaks ${protocols.join(', ') || 'no TLS'}; without it, a request is ${plaintext}`)
  console.log(
    `shows ${certificate?.subject ?? 'no certificate'}, until ${certificate?.validTo.toISOString() ?? 'never'}`,
  )
  console.log(`a client's certificate is ${clientCertificate}`)
}

async function isClosed(host: string, caFile: string, port: number): Promise<boolean> {
  const ca = await readFile(caFile, 'utf8')
  const report = await probeServer({ host, port, timeout: 5_000 })
  say(report)
  const isOurs = namesOnly(report, ca)
  console.log(`takes ${isOurs ? 'the clients of our authority, and no others' : 'other clients than ours'}`)
  // The server names the CAs it accepts; this checks that it keeps to them.
  const nobody = await tryClient({ host, port, ca })
  console.log(`without a certificate: ${nobody.accepted ? 'let in' : nobody.alert}`)
  return report.plaintext === 'refused' && isOurs && !nobody.accepted
}

async function main(): Promise<void> {
  const [host, ca, port = '2376'] = process.argv.slice(2)
  if (host === undefined || ca === undefined) throw new Error('which host, and which authority?')
  if (!(await isClosed(host, ca, Number(port)))) process.exitCode = 1
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
