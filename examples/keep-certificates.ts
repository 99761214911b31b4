/**
 * Renews certificates in a folder that have used two thirds of their lifetime, lists all of them, and prints what a CA
 * rotation in progress waits for. It starts no rotation.
 *
 *     tsx examples/keep-certificates.ts FOLDER
 */
import { isDockerMtlsError, listKnown, renewCertificates, rotateAuthority } from 'docker-mtls/provision'

async function renew(folder: string): Promise<void> {
  const { renewed } = await renewCertificates({ folder })
  for (const { certificate, reason, days } of renewed)
    console.log(`${certificate.name}: ${reason}; now valid for ${days} days`)
  if (renewed.length === 0) console.log('no certificate needs renewal')
}

async function list(folder: string): Promise<void> {
  const known = await listKnown(folder)
  for (const { kind, name, state, notAfter } of known) console.log(`${kind} ${name}: ${state}, until ${notAfter}`)
}

async function rotation(folder: string): Promise<void> {
  try {
    const { phase, waiting } = await rotateAuthority({ folder, action: 'status' })
    console.log(`${phase}: waits for ${waiting.clients.map(({ name }) => name).join(', ') || 'no client'}`)
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_ROTATION_NONE')) throw error
    console.log('no rotation is in progress')
  }
}

async function main(): Promise<void> {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('usage: keep-certificates.ts FOLDER')
  await renew(folder)
  await list(folder)
  await rotation(folder)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
