import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError, IdentityError, PkiError } from '../../lib/base/errors.ts'
import { readCertificate, type CertificateFacts } from '../../lib/identity/certificate.ts'
import type { RenewedClient } from '../../lib/keystore/client/renew.ts'
import { watchRenewals } from '../../lib/keystore/client/watch.ts'
import { createAuthority } from '../../lib/pki.ts'
import { startOwnClock } from '../support/own-time.ts'

const TEXTS = { tried: 'renewing', got: 'it failed', todo: 'Nothing.' }
const away = new ConnectionError('ERR_RENEWAL_UNAVAILABLE', TEXTS)
const refused = new PkiError('ERR_RENEWAL_REFUSED', TEXTS)
const expired = new IdentityError('ERR_IDENTITY_EXPIRED', TEXTS)
const facts: CertificateFacts = readCertificate((await createAuthority()).certificate)

/** Watches, and tells what happened when. Each outcome is a life in milliseconds, or an error. */
async function watch(outcomes: readonly (number | Error)[], end: number): Promise<{ said: string[]; error: unknown }> {
  const stop = new AbortController()
  const said: string[] = []
  let ends = Date.now() + end
  let index = 0
  const renew = async (): Promise<RenewedClient> => {
    const outcome = outcomes[index++]
    if (outcome === undefined) stop.abort()
    if (typeof outcome !== 'number') throw outcome ?? away
    return { folder: '/x', client: { ...facts, validTo: new Date(Date.now() + outcome) }, lineEnds: new Date() }
  }
  const watching = watchRenewals({
    renew,
    end: () => new Date(ends),
    onRenewed: ({ client: { validTo } }, next) => {
      const [life, wait] = [validTo.getTime() - Date.now(), next.getTime() - Date.now()]
      said.push(wait > life * 0.4 && wait < (life * 2) / 3 ? 'renewed' : `renewed, next after ${wait} of ${life} ms`)
      ends = validTo.getTime()
    },
    onFailure: () => said.push('failed'),
    signal: stop.signal,
  })
  const error = await watching.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return { said, error }
}

void describe('watchRenewals', () => {
  void test('renews at once, then before two thirds of each life, until the signal', async () => {
    assert.deepEqual(await watch([400, 400, 400], 100_000), {
      said: ['renewed', 'renewed', 'renewed'],
      error: undefined,
    })
  })

  void test('tries again while the gateway is away', async () => {
    const { said, error } = await watch([400, away, away, 400], 100_000)
    assert.deepEqual([said, error], [['renewed', 'failed', 'failed', 'renewed'], undefined])
  })

  void test('tries several times before the certificate ends, and then fails', async () => {
    const { said, error } = await watch(
      Array.from({ length: 100 }, () => away),
      700,
    )
    assert.equal(error, away)
    assert.ok(said.length >= 3, `${said.length} attempts`)
  })

  for (const fatal of [refused, expired])
    void test(`ends with ${fatal.code} at once`, async () => {
      assert.deepEqual(await watch([400, fatal], 100_000), { said: ['renewed'], error: fatal })
    })

  void test('ends at once at the signal, also while it waits', async () => {
    const stop = new AbortController()
    const client = { ...facts, validTo: new Date(Date.now() + 86_400_000) }
    const watching = watchRenewals({
      renew: async () => ({ folder: '/x', client, lineEnds: new Date() }),
      end: () => client.validTo,
      onRenewed: () => undefined,
      onFailure: () => undefined,
      signal: stop.signal,
    })
    await delay(50)
    const ownTime = startOwnClock()
    stop.abort()
    await watching
    assert.ok(ownTime() < 500)
  })
})
