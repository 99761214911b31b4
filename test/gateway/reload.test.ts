import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayChange, GatewayTls } from '../../lib/gateway.ts'
import { RENEWAL_PATH } from '../../lib/gateway/renewal/path.ts'
import { createAuthority, createCrl, createIssuer, createRequest } from '../../lib/pki.ts'
import { recertifyIssuer } from '../../lib/pki/issuer.ts'
import { definePolicy } from '../../lib/policy.ts'
import {
  clientOf,
  credentials,
  dial,
  front,
  newClient,
  newServerTls,
  readUntil,
  serverTls,
  tickingDaemon,
  type Client,
} from './support/fixture.ts'

const ROUNDS = 100
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'
const VOLUMES = 'GET /volumes HTTP/1.1\r\nHost: x\r\n\r\n'
// No transport, and no client, repeats a POST request by itself.
const PRUNE = 'POST /containers/prune HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256

/** The status of one request, and the reason of the gateway. Empty: there is no connection. */
async function ask(socket: TLSSocket, request: string): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n?$)|tick/)
  const reason = /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${reason === undefined ? '' : ` ${reason}`}`
}

/** What a gateway is given in turns: everything differs, and all clients of the load may come under both. */
async function twoStates() {
  const cas = [credentials.authority, await createAuthority(), await createAuthority()] as const
  const [first, second, third] = cas
  const [ann, ben, gone, late] = await Promise.all([
    newClient('ann'),
    clientOf(second, 'ben'),
    newClient('gone'),
    clientOf(third, 'late'),
  ])
  const { cert, key } = await createIssuer(first, { name: 'renewals', keyType: 'p256' })
  const issuers = [
    { cert, key },
    // Its renewal, for the same key: what it has issued before stays valid.
    { cert: recertifyIssuer(first, new X509Certificate(cert), 30).cert, key },
  ] as const
  const tls: readonly [GatewayTls, GatewayTls] = [
    { ...serverTls, ca: first.certificate + second.certificate },
    { ...(await newServerTls()), ca: third.certificate + second.certificate + first.certificate },
  ]
  const who = { commonName: ['ann', 'ben', 'gone', 'late'] }
  const policies = [[], ['volumes.list']].map((operations, index) =>
    definePolicy({
      version: 1,
      rules: [{ name: `policy-${index}`, who, level: 'baseline', deny: { operations }, renew: { for: '10m' } }],
    }),
  )
  const { serialNumber } = new X509Certificate(gone.cert)
  /** The lists are new each time, and in every second one a client is revoked. */
  const stateOf = (round: number): Required<GatewayChange> => {
    const at = round % 2 === 0 ? 0 : 1
    const lists = cas.map((by) => {
      const revoked = at === 1 && by === first ? [{ serialNumber, at: new Date() }] : []
      return createCrl(by, { revoked, nextUpdate: new Date(Date.now() + 86_400_000), number: round + 1 }).pem
    })
    const policy = policies[at] as (typeof policies)[number]
    return { tls: tls[at], crl: lists.join(''), policy, issuer: issuers[at] }
  }
  return { stateOf, ann, ben, gone, late }
}

test('reload() of certificates, CAs, revocation lists, policy and issuer, 100 times under load: no request fails, and streams go on', async (t) => {
  const { stateOf, ann, ben, gone, late } = await twoStates()
  const daemon = await tickingDaemon(t)
  const { gateway, port, events } = await front(
    t,
    { socketPath: daemon.socketPath },
    { ...stateOf(0), authorize: undefined },
  )
  const request = await createRequest({ name: 'x', keyType: 'p256' })
  /** The new certificate, and that of the issuer. */
  const renew = async (): Promise<string> => {
    // A certificate can be renewed once in a second.
    const socket = await dial(t, port, { client: await newClient('ann') })
    const length = Buffer.byteLength(request.request)
    socket.write(`POST ${RENEWAL_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${request.request}`)
    const answer = await readUntil(socket, /\}\n?$/)
    socket.destroy()
    assert.match(answer, /^HTTP\/1\.1 200 /)
    return (JSON.parse(answer.slice(answer.indexOf('{'))) as { certificate: string }).certificate
  }
  const renewed: Client = { ca: ann.ca, cert: await renew(), key: request.key }
  const members = [ann, ben, renewed]

  const streams = await Promise.all(members.map((client) => dial(t, port, { client })))
  for (const stream of streams) assert.equal(await ask(stream, EVENTS), '200')
  const work = { isDone: false }
  const answers: string[] = []
  const load = members.flatMap((client) => [
    // One connection, which outlives every reload, and new ones, whose handshakes meet them.
    (async () => {
      const socket = await dial(t, port, { client })
      while (!work.isDone) {
        answers.push(await ask(socket, PRUNE))
        await delay(1)
      }
    })(),
    (async () => {
      while (!work.isDone) {
        const socket = await dial(t, port, { client })
        answers.push(await ask(socket, PRUNE))
        socket.destroy()
        await delay(5)
      }
    })(),
  ])

  const once = async (client: Client, text: string): Promise<[answer: string, shown: string]> => {
    const socket = await dial(t, port, { client })
    const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? ''
    const answer = await ask(socket, text)
    socket.destroy()
    return [answer, shown]
  }
  for (let round = 1; round <= ROUNDS; round++) {
    const state = stateOf(round)
    gateway.reload(state)
    if (round % 5 === 0) {
      const [ofPolicy, shown] = await once(ann, VOLUMES)
      const isOdd = round % 2 === 1
      assert.deepEqual(
        [shown, ofPolicy, (await once(gone, PRUNE))[0], (await once(late, PRUNE))[0]],
        [
          fingerprintOf(state.tls.cert),
          ...(isOdd ? ['403 OPERATION_REFUSED', '403 CERTIFICATE_REVOKED', '200'] : ['200', '200', '']),
        ],
        `round ${round}`,
      )
      assert.ok((await renew()).includes(state.issuer.cert.trim()), `the issuer of round ${round}`)
    }
    await delay(10)
  }
  work.isDone = true
  await Promise.all(load)

  assert.ok(answers.length > 200, `only ${answers.length} requests`)
  assert.deepEqual([...new Set(answers)], ['200'])
  for (const stream of streams) assert.match(await readUntil(stream, 'tick'), /tick/)
  const count = (kind: string): number => events.filter(({ event }) => event === kind).length
  assert.deepEqual([count('reload'), count('cut'), count('failure')], [ROUNDS, 0, 0])
  assert.deepEqual(
    events.find((event) => event.event === 'reload'),
    { event: 'reload', changed: ['tls', 'crl', 'policy', 'issuer'] },
  )
  t.diagnostic(`${answers.length} requests`)
})
