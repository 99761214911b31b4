/**
 * Issues a client certificate for a key that never leaves its machine. The client creates its key and a request, the
 * machine with the CA signs the request, and only certificates come back. In this example both are one program, and
 * everything is in memory.
 *
 *     tsx examples/sign-request.ts NAME
 */
import { createAuthority, createRequest, exportPkcs12, readRequest, signRequest, type Authority } from 'docker-mtls/pki'

/** Runs on the machine with the CA. Signs only if the key has the SHA-256 that its owner has read out. */
async function sign(authority: Authority, request: string, fingerprint: string): Promise<{ ca: string; cert: string }> {
  const { name, keyFingerprint256 } = readRequest(request)
  if (keyFingerprint256 !== fingerprint) throw new Error(`this is not the key of ${name}`)
  const { ca, cert, facts } = await signRequest(authority, request, { days: 90 })
  console.log(`signed ${facts.commonName} for ${facts.purposes?.join(', ')}`)
  return { ca, cert }
}

async function main(): Promise<void> {
  const [name = 'alice'] = process.argv.slice(2)
  const authority = await createAuthority()
  // Runs on the client's machine. The key never leaves it.
  const made = await createRequest({ name })
  console.log(`key of ${name}: ${made.keyFingerprint256}`)
  const { ca, cert } = await sign(authority, made.request, made.keyFingerprint256)
  // The client's files are  ca.pem , cert.pem  and  key.pem . For a tool that needs one file:
  const file = await exportPkcs12({ ca, cert, key: made.key, passphrase: 'correct horse battery', name })
  console.log(`PKCS#12 of ${file.length} bytes`)
  const other = await createRequest({ name })
  await sign(authority, other.request, made.keyFingerprint256).catch((error: Error) => console.log(error.message))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
