/**
 * A client whose key never leaves its machine, in code: the client creates its key and a request, the machine with the CA
 * signs the request, and only certificates come back. Here both ends are one program, and everything is in memory.
 *
 *     tsx examples/sign-request.ts NAME
 */
import { createAuthority, createRequest, exportPkcs12, readRequest, signRequest, type Authority } from 'docker-mtls/pki'

/** On the machine with the CA: signs only the key whose SHA-256 the owner has told. */
async function answer(authority: Authority, request: string, readOut: string): Promise<{ ca: string; cert: string }> {
  const { name, keyFingerprint256 } = readRequest(request)
  if (keyFingerprint256 !== readOut) throw new Error(`this is not the key of ${name}`)
  const { ca, cert, facts } = await signRequest(authority, request, { days: 90 })
  console.log(`signed ${facts.commonName} for ${facts.purposes?.join(', ')}`)
  return { ca, cert }
}

async function main(): Promise<void> {
  const [name = 'alice'] = process.argv.slice(2)
  const authority = await createAuthority()
  // On the client's machine. The key is created here and never leaves it.
  const made = await createRequest({ name })
  console.log(`${name} asks for ${made.keyFingerprint256}`)
  const { ca, cert } = await answer(authority, made.request, made.keyFingerprint256)
  // The three files are  ca.pem , cert.pem  and  key.pem . For a tool that wants one file:
  const file = await exportPkcs12({ ca, cert, key: made.key, passphrase: 'correct horse battery', name })
  console.log(`PKCS#12 of ${file.length} bytes`)
  const other = await createRequest({ name })
  await answer(authority, other.request, made.keyFingerprint256).catch((error: Error) => console.log(error.message))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
