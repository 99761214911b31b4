import { join } from 'node:path'
import { initialise, type InitReport } from '../../lib/keystore/init/init.ts'
import type { Progress } from './progress.ts'

/** The name of the demo's client. */
const CLIENT = 'demo'

/**
 * Does the same as `docker-mtls init`: creates a CA, the server's files, a client's files and its variables.
 *
 * @param folder - the folder for all files
 * @param port - the daemon's port on 127.0.0.1
 */
export async function makeKeys(progress: Progress, folder: string, port: number): Promise<InitReport> {
  const report = await progress.step(
    'Creating a CA, a server certificate and a client certificate',
    () =>
      initialise({
        folder,
        names: ['127.0.0.1', 'localhost'],
        clients: [CLIENT],
        listen: `127.0.0.1:${port}`,
        tlsDir: join(folder, 'server'),
        usernsRemap: 'default',
      }),
    ({ authority, server }) =>
      `Created a CA (${daysLeft(authority)} days), a server certificate and a client certificate (${daysLeft(server)} days)`,
  )
  progress.note(
    [
      'ca/           ca.pem  ca-key.pem  ledger.jsonl                        stays with you',
      'server/       ca.pem  server-cert.pem  server-key.pem  override.conf  goes to the Docker host',
      `clients/${CLIENT}/ ca.pem  cert.pem  key.pem  .env                          goes to the client`,
    ].join('\n'),
  )
  return report
}

function daysLeft({ facts }: { readonly facts: { readonly validTo: Date } }): number {
  return Math.round((facts.validTo.getTime() - Date.now()) / 86_400_000)
}
