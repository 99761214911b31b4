import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DaemonPlace } from '../../../test/daemon/harness/place.ts'
import { writeCertFolder } from '../../../test/daemon/support/cast.ts'
import type { Setup } from '../attack.ts'
import type { Way } from './ask.ts'
import type { NaiveCertificates } from './certificates.ts'
import { naiveClient } from './clients.ts'
import { choosePlace, startStage, type Stage } from './daemons.ts'
import type { Host } from './host.ts'

interface Wrong {
  readonly port: number
  readonly flags: (place: DaemonPlace, host: Host, certificates: NaiveCertificates) => Promise<string[]>
}

/** Docker's own ports are for the first one and for ours. */
const WRONG: Readonly<Record<Setup, Wrong>> = {
  plain: { port: 2375, flags: () => Promise.resolve(['--tls=false']) },
  'tls-only': {
    port: 12_376,
    flags: async (place, _, certificates) => [
      '--tls',
      '--tlsverify=false',
      ...(await serverFlags(place, certificates)),
    ],
  },
  naive: {
    port: 22_376,
    flags: async (place, _, certificates) => {
      const files = await serverFlags(place, certificates)
      return ['--tlsverify', ...files, `--tlscacert=${join(place.folder, 'tls/ca.pem')}`]
    },
  },
  'system-cas': {
    port: 32_376,
    flags: async (place, host, certificates) => {
      const { publicCa, ca } = certificates
      await writeFile(join(host.root, 'etc/ssl/certs/ca-certificates.crt'), publicCa.cert + ca.cert)
      return ['--tlsverify', ...(await serverFlags(place, certificates)), '--tlscacert=']
    },
  },
}

async function serverFlags({ folder }: DaemonPlace, { ca, crl, server }: NaiveCertificates): Promise<string[]> {
  const files = join(folder, 'tls')
  await mkdir(files, { mode: 0o700 })
  await writeCertFolder(files, { ca: ca.cert + crl, ...server })
  return [`--tlscert=${join(files, 'cert.pem')}`, `--tlskey=${join(files, 'key.pem')}`]
}

/** Starts a daemon that was set up wrongly. */
export async function startWrong(setup: Setup, certificates: NaiveCertificates): Promise<Stage> {
  const { port, flags } = WRONG[setup]
  const { ca, server, client, bought, stolen } = certificates
  const isPlain = setup === 'plain'
  const anybody: Way = isPlain ? { name: 'without TLS', port } : { name: 'without a certificate', port, tls: {} }
  const user: Way = isPlain ? anybody : { name: 'a client', port, tls: client }
  const place = await choosePlace(port)
  const listen = place.listen.flatMap((address) => ['-H', address])
  return startStage(place, async (host) => ({
    place,
    host,
    // Several run at a time, and no attack here needs a network.
    argv: [place.dockerd, ...listen, '--bridge=none', '--iptables=false', ...(await flags(place, host, certificates))],
    image: isPlain,
    target: { side: 'wrong', strangers: [anybody], user, server, bought, stolen, client: naiveClient(client) },
    admin: { host: place.listen[isPlain ? 0 : 1], ca: ca.cert, ...client },
  }))
}
