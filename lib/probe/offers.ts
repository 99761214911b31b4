import tls from 'node:tls'
import { codeOf } from '../base/system-error.ts'
import { shakeHands, type Handshake, type Offer } from './handshake.ts'
import type { Target } from './options.ts'
import { supportsPostQuantum } from './send-hellos.ts'
import { alertIn } from '../transport/alerts.ts'

/** Suites without forward secrecy or without an AEAD: CBC with HMAC (RFC 7525, section 4.2). */
const CBC = ['AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'AES256-SHA256']
  .flatMap((suite) => [suite, `ECDHE-RSA-${suite}`, `ECDHE-ECDSA-${suite}`])
  .filter((suite) => suite !== 'ECDHE-RSA-AES256-SHA256' && suite !== 'ECDHE-ECDSA-AES256-SHA256')

/** Does the server accept a suite with CBC in TLS 1.2? */
export async function acceptsCbc(target: Target, time: AbortSignal): Promise<boolean> {
  const secureContext = tls.createSecureContext({
    ca: [],
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ciphers: `${CBC.join(':')}:@SECLEVEL=0`,
  })
  return (await offer(target, { secureContext }, time)) !== undefined
}

/** Does the server choose HTTP/2 over HTTP/1.1? */
export async function speaksHttp2(target: Target, time: AbortSignal): Promise<boolean> {
  const secureContext = tls.createSecureContext({ ca: [], minVersion: 'TLSv1.2' })
  const handshake = await offer(target, { secureContext, ALPNProtocols: ['h2', 'http/1.1'] }, time)
  if (handshake === undefined) throw new Error('the server refused a handshake that offers HTTP/2')
  return handshake.application === 'h2'
}

/** Does the server support a key exchange that quantum computers don't break? */
export async function acceptsPostQuantum(target: Target, time: AbortSignal): Promise<boolean> {
  const answer = await supportsPostQuantum(target, time)
  if (answer === undefined) throw new Error('the server neither accepted nor refused X25519MLKEM768')
  return answer
}

/**
 * A handshake without a client certificate, in which nothing is verified, because nothing is sent over this connection and
 * nothing received over it is trusted. Undefined if the server refuses what is offered.
 */
async function offer(target: Target, offered: Offer, time: AbortSignal): Promise<Handshake | undefined> {
  const handshake = await shakeHands(target, { ...offered, rejectUnauthorized: false }, time)
  const { chain, outcome } = handshake
  if (chain.length > 0) return handshake
  // Only an alert is a refusal. Anything else, such as silence, says nothing.
  if (outcome.kind === 'failed' && alertIn(codeOf(outcome.cause)) === undefined) throw outcome.cause
  return undefined
}
