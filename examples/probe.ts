/**
 * For monitoring: checks which clients a daemon accepts, without sending a request over TLS. Exits with 1 if it accepts
 * any other clients than those of the CA in the file CA.
 *
 *     tsx examples/probe.ts build01.example.com CA [PORT]
 */
import { readFile } from 'node:fs/promises'
import { namesOnly, probeServer, tryClient, type ServerReport } from 'docker-mtls/probe'

function print({ protocols, certificate, clientCertificate, plaintext }: ServerReport): void {
  console.log(`TLS versions: ${protocols.join(', ') || 'none'}; plaintext: ${plaintext}`)
  console.log(
    `certificate: ${certificate?.subject ?? 'none'}, valid until ${certificate?.validTo.toISOString() ?? 'never'}`,
  )
  console.log(`client certificate: ${clientCertificate}`)
}

async function isClosed(host: string, caFile: string, port: number): Promise<boolean> {
  const ca = await readFile(caFile, 'utf8')
  const report = await probeServer({ host, port, timeout: 5_000 })
  print(report)
  const isOurs = namesOnly(report, ca)
  console.log(`accepted CAs: ${isOurs ? 'only ours' : 'others too'}`)
  // The server announces the CAs that it accepts. This checks that it rejects clients without a certificate.
  const nobody = await tryClient({ host, port, ca })
  console.log(`without a certificate: ${nobody.accepted ? 'accepted' : nobody.alert}`)
  return report.plaintext === 'refused' && isOurs && !nobody.accepted
}

async function main(): Promise<void> {
  const [host, ca, port = '2376'] = process.argv.slice(2)
  if (host === undefined || ca === undefined) throw new Error('usage: probe.ts HOST CA [PORT]')
  if (!(await isClosed(host, ca, Number(port)))) process.exitCode = 1
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
