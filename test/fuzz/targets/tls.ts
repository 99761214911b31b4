import { issueServer } from '../../../lib/pki/issue.ts'
import { createAuthority } from '../../../lib/pki/ca.ts'
import { readPem } from '../../../lib/identity/certificate.ts'
import { readDistinguishedName, subjectOf } from '../../../lib/probe/distinguished-name.ts'
import { FlightReader } from '../../../lib/probe/server-flight.ts'
import * as flight from '../../probe/support/flight.ts'
import { chunksOf } from '../chunks.ts'
import { demand, REFUSED, type Target } from '../target.ts'

async function seeds(): Promise<Buffer[]> {
  const ca = await createAuthority({ commonName: 'Example CA' })
  const server = await issueServer(ca, { names: ['docker.example'] })
  const [leaf, root] = [server.cert, ca.certificate].map((pem) => readPem(pem, 'ours')[0]?.der ?? new Uint8Array())
  const chain = flight.certificates(leaf ?? new Uint8Array(), root ?? new Uint8Array())
  const asked = flight.certificateRequest(subjectOf(root ?? new Uint8Array()), Buffer.from('3000', 'hex'))
  const messages = [flight.serverHello(0x0303, []), chain, asked, flight.helloDone]
  return [
    flight.inRecords(messages, 16_384),
    flight.inRecords(messages, 7),
    flight.record(22, flight.serverHello(0x0303, [[43, Buffer.from('0304', 'hex')]])),
    flight.alert(2, 40),
    Buffer.concat([flight.alert(1, 112), flight.inRecords(messages, 500)]),
  ]
}

/** What a server has sent, in any chunks: the reader never throws. */
function readFlight(bytes: Buffer): unknown {
  const results = [[bytes], chunksOf(bytes)].map((chunks) => {
    const reader = new FlightReader()
    for (const chunk of chunks) if (!reader.push(chunk)) break
    return reader.flight
  })
  const [whole, cut] = results
  demand(JSON.stringify(whole) === JSON.stringify(cut), `whole ${whole?.state}, in chunks ${cut?.state}`)
  for (const name of (whole?.authorities ?? []).slice(0, 20)) readDistinguishedName(name)
  return whole?.state === 'broken' ? REFUSED : undefined
}

export const targets: readonly Target[] = [
  { name: 'tls-flight', seeds, read: readFlight, words: [Buffer.from('160303', 'hex')], pace: 2, accepts: 0.05 },
]
