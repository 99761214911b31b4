/**
 * A client whose key never travels, in code: the key and a request are made where the client runs, the request is signed
 * where the authority is, and only certificates come back. Here both ends are one program, and everything is in memory.
 *
 *     tsx examples/sign-request.ts NAME
 */
import { createAuthority, createRequest, exportPkcs12, readRequest, signRequest, type Authority } from 'docker-mtls/pki'

/** On the authority's machine: signs the key whose SHA-256 the owner has read out, and no other. */
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
  // On the client's machine. Its key is made here, and stays.
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
