import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderArgv } from 'docker-mtls/daemon'
import { initialise, type InitReport } from 'docker-mtls/provision'
import { makeCrl } from '../../../test/daemon/support/revocation.ts'
import { makeCertificate } from '../../../test/support/openssl-certs.ts'
import type { Pair } from './ask.ts'
import type { NaiveCertificates } from './certificates.ts'
import { ourClient } from './clients.ts'
import { choosePlace, startStage, type Stage } from './daemons.ts'

/** What a test takes away from our set-up, to see that the attacks then work. */
export interface Weakening {
  /** The server's certificate is for clients, too. */
  readonly serverCertificate: boolean
  /** There are no user namespaces. */
  readonly userNamespaces: boolean
}

const NONE: Weakening = { serverCertificate: false, userNamespaces: false }

/** Starts a daemon as `docker-mtls init` sets it up: with its certificates, and the command line that it renders. */
export async function startOurs({ bought }: NaiveCertificates, weakened: Weakening = NONE): Promise<Stage> {
  const place = await choosePlace(2376)
  const { port } = place
  const folder = join(place.folder, 'docker-mtls')
  const report = await initialise({
    folder,
    names: ['127.0.0.1', 'localhost'],
    clients: ['alice', 'laptop'],
    listen: `127.0.0.1:${port}`,
    tlsDir: join(folder, 'server'),
    usernsRemap: 'default',
  })
  const { ca, cert, key } = report.server.paths
  const stolen = await revokeLaptop(report)
  if (weakened.serverCertificate) await reissueForBoth(report)
  const certPath = join(folder, 'clients/alice')
  const alice = await readPair({ cert: join(certPath, 'cert.pem'), key: join(certPath, 'key.pem') })
  const server = await readPair({ cert, key })
  const userns = weakened.userNamespaces ? {} : { usernsRemap: 'default' }
  return startStage(place, (host) =>
    Promise.resolve({
      place,
      host,
      argv: renderArgv({ exec: place.dockerd, listen: place.listen, tls: { ca, cert, key }, ...userns }),
      image: true,
      target: {
        side: 'ours',
        strangers: [
          { name: 'without TLS', port },
          { name: 'without a certificate', port, tls: {} },
        ],
        user: { name: 'a client', port, tls: alice },
        server,
        bought,
        stolen,
        client: ourClient(certPath),
      },
      admin: { host: place.listen[1], certPath },
    }),
  )
}

/** Adds a list of revoked certificates to the file with the CA, where it could be if dockerd knew such lists. */
async function revokeLaptop(report: InitReport): Promise<Pair> {
  const laptop = report.clients.find(({ name }) => name === 'laptop')
  if (laptop === undefined) throw new Error('init created no client')
  const pair = await readPair(laptop.paths)
  await appendFile(report.server.paths.ca, await makeCrl(await readAuthority(report), pair))
  return pair
}

async function reissueForBoth(report: InitReport): Promise<void> {
  const { key } = await readPair(report.server.paths)
  const names = ['DNS:localhost', 'IP:127.0.0.1']
  const issuer = await readAuthority(report)
  const { cert } = await makeCertificate({ issuer, key, names, purposes: ['serverAuth', 'clientAuth'] })
  await writeFile(report.server.paths.cert, cert)
}

function readAuthority({ folder }: InitReport): Promise<Pair> {
  return readPair({ cert: join(folder, 'ca/ca.pem'), key: join(folder, 'ca/ca-key.pem') })
}

async function readPair({ cert, key }: Pair): Promise<Pair> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}
