import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { acceptsCbc, acceptsPostQuantum, speaksHttp2 } from '../../lib/probe/offers.ts'
import { PROBE_OPTIONS, resolveTarget, type Target } from '../../lib/probe/options.ts'
import { startOpenssl, startTcp, type Files } from './support/peers.ts'
import { makeCa, makeServer } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'

const skip = lacks('openssl')
const OFFERS = { acceptsCbc, speaksHttp2, acceptsPostQuantum }

interface Row {
  readonly args: string
  readonly offer: keyof typeof OFFERS
  readonly accepted: boolean
}

const ROWS: readonly Row[] = [
  { args: '-alpn h2,http/1.1', offer: 'speaksHttp2', accepted: true },
  { args: '-alpn http/1.1', offer: 'speaksHttp2', accepted: false },
  { args: '', offer: 'speaksHttp2', accepted: false },
  { args: '-alpn h2 -Verify 1 -CAfile CA', offer: 'speaksHttp2', accepted: true },
  { args: '-groups X25519MLKEM768:X25519', offer: 'acceptsPostQuantum', accepted: true },
  { args: '-groups X25519:P-256', offer: 'acceptsPostQuantum', accepted: false },
  { args: '-tls1_2', offer: 'acceptsPostQuantum', accepted: false },
  { args: '-cipher ECDHE-ECDSA-AES128-SHA', offer: 'acceptsCbc', accepted: true },
  { args: '-cipher ECDHE-ECDSA-AES128-GCM-SHA256', offer: 'acceptsCbc', accepted: false },
  { args: '-tls1_3', offer: 'acceptsCbc', accepted: false },
]

describe('what a server accepts', { skip }, () => {
  let files: Files
  before(async () => {
    const ca = await makeCa()
    const { cert, key } = await makeServer(ca)
    files = { ca: ca.cert, cert, key }
  })

  for (const { args, offer, accepted } of ROWS) {
    test(`${offer} of openssl s_server ${args}: ${accepted}`, async (t) => {
      const port = await startOpenssl(t, files, args.split(' ').filter(Boolean))
      assert.equal(await OFFERS[offer](at(port), AbortSignal.timeout(5000)), accepted)
    })
  }

  for (const [name, offer] of Object.entries(OFFERS)) {
    test(`${name} of a server that closes is not known`, async (t) => {
      const { port } = await startTcp(t, (socket) => socket.end())
      await assert.rejects(offer(at(port), AbortSignal.timeout(5000)))
    })
  }
})

function at(port: number): Target {
  return resolveTarget({ host: '127.0.0.1', port }, PROBE_OPTIONS, 'test')
}
