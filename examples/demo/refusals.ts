import { connect, isDockerMtlsError } from 'docker-mtls'
import { createAuthority, issueClient } from 'docker-mtls/pki'
import { readFile } from 'node:fs/promises'
import type { InitReport } from '../../lib/keystore/init/init.ts'
import { askPlainly, shakeHands } from './bare-client.ts'
import type { Progress } from './progress.ts'

type ConnectOptions = Parameters<typeof connect>[0]

/**
 * Shows connections that both the server and this package refuse; this package does so before it sends a request.
 *
 * @param who - the name of the server
 */
export async function showRefusals(progress: Progress, { host, server }: InitReport, who: string): Promise<void> {
  const port = Number(new URL(host).port)
  const ca = await readFile(server.paths.ca)
  const { ca: foreignCa, cert, key } = await issueClient(await createAuthority(), { name: 'stranger' })
  const attempts = [
    ['plain HTTP', () => askPlainly(port), { host: `http://127.0.0.1:${port}` }],
    ['no certificate', () => shakeHands({ port, ca }), { host }],
    ['a foreign CA', () => shakeHands({ port, ca, cert, key }), { host, ca: foreignCa, cert, key }],
  ] as const
  for (const [what, bare, ours] of attempts) {
    const both = (): Promise<string[]> => Promise.all([bare(), ownRefusal(ours)])
    const [theirs, code] = await progress.step(`Trying ${what}`, both, () => `Refused: ${what}`)
    progress.note(`${`${who}:`.padEnd(13)} ${theirs}\n${'this package:'.padEnd(13)} ${code}`)
  }
}

async function ownRefusal(options: ConnectOptions): Promise<string> {
  try {
    await (await connect(options, {})).close()
  } catch (error) {
    if (isDockerMtlsError(error)) return `${error.code}, ${error.got.split(/,| \(/)[0]}`
    throw error
  }
  throw new Error(`this package connected to ${options?.host}, which it must refuse`)
}
