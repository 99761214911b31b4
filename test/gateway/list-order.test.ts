import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test, type TestContext } from 'node:test'
import { olderLists } from '../../lib/apply/gateway/lists.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { createAuthority, createCrl, issueClient, issueServer } from '../../lib/pki.ts'

const HOUR = 3_600_000
/** Certificates begin shortly before they are issued, and the clock is set back below. */
const NOW = Math.floor(Date.now() / 1_000) * 1_000 + 12 * HOUR

const authority = await createAuthority({ commonName: 'Lists' })
const { cert, key } = await issueServer(authority, { names: ['localhost'] })
const tls = { ca: authority.certificate, cert, key }
const [ann, bob] = await Promise.all(
  ['ann', 'bob'].map(async (name) => {
    const certificate = new X509Certificate((await issueClient(authority, { name })).cert)
    return { peer: new Peer(certificate), serialNumber: certificate.serialNumber }
  }),
)

interface Listed {
  readonly number: number
  /** When it begins and ends, in hours from now. */
  readonly from: number
  readonly to?: number
  /** Is bob revoked? */
  readonly bob?: boolean
}

function listOf({ number, from, to = 24, bob: isRevoked = false }: Listed): string {
  const revoked = isRevoked ? [{ serialNumber: bob?.serialNumber ?? '', at: new Date(NOW) }] : []
  const [thisUpdate, nextUpdate] = [new Date(NOW + from * HOUR), new Date(NOW + to * HOUR)]
  return createCrl(authority, { revoked, thisUpdate, nextUpdate, number }).pem
}

/** The conflicts of an apply with another list. */
function kinds(before: Listed, next: Listed): string[] {
  return olderLists({ before: listOf(before), next: listOf(next), ca: tls.ca }).map(({ kind }) => kind)
}

/** What a gateway does with lists that come one after the other. */
class Follower {
  #trust: Trust | undefined
  readonly #t: TestContext

  constructor(t: TestContext) {
    this.#t = t
    this.setClock(0)
  }

  setClock(hours: number): void {
    this.#t.mock.timers.reset()
    this.#t.mock.timers.enable({ apis: ['Date'], now: NOW + hours * HOUR })
  }

  /** What ann and bob get then, after `refused` if the list is. */
  load(list: Listed | null): string {
    const next = new Trust(tls, list && listOf(list))
    try {
      if (this.#trust) next.refuseOlder(this.#trust)
      this.#trust = next
    } catch (error) {
      if (!isDockerMtlsError(error, 'ERR_CRL_INVALID')) throw error
      return `refused: ${this.answers()}`
    }
    return this.answers()
  }

  answers(): string {
    const [first, second] = [ann, bob].map((one) => one && this.#trust?.check(one.peer, Date.now()))
    return `${first?.code ?? 'ann'}, ${second?.code ?? 'bob'}`
  }
}

const FOUR: Listed = { number: 4, from: -10 }
const FIVE: Listed = { number: 5, from: -1, bob: true }
const REVOKED = 'ann, CERTIFICATE_REVOKED'

describe('a revoked client stays out', () => {
  test('if the clock of the CA was ahead, and then an older list comes back; others are let in all the time', (t) => {
    const gateway = new Follower(t)
    const ahead = { ...FIVE, from: 1 }
    assert.equal(gateway.load(FOUR), 'ann, bob')
    assert.equal(gateway.load(ahead), REVOKED)
    assert.equal(gateway.load(FOUR), `refused: ${REVOKED}`)
    assert.equal(gateway.load(null), 'CRL_MISSING, CRL_MISSING')
    assert.equal(gateway.load(FOUR), 'refused: CRL_MISSING, CRL_MISSING')
    assert.equal(gateway.load(ahead), REVOKED)
    gateway.setClock(2)
    assert.equal(gateway.answers(), REVOKED)
    assert.equal(gateway.load(FOUR), `refused: ${REVOKED}`)
    assert.equal(gateway.load({ number: 6, from: 1.5, bob: true }), REVOKED)
  })

  test('if the clock of the gateway is set back, and an older list comes back', (t) => {
    const gateway = new Follower(t)
    assert.equal(gateway.load(FIVE), REVOKED)
    gateway.setClock(-2)
    // As the file says.
    assert.equal(gateway.answers(), 'CRL_EXPIRED, CERTIFICATE_REVOKED')
    assert.match(gateway.load(FOUR), /^refused/)
    assert.match(gateway.load(null), /^CRL_MISSING/)
    assert.match(gateway.load(FOUR), /^refused/)
    gateway.setClock(0)
    assert.match(gateway.load(FOUR), /^refused/)
    assert.equal(gateway.load(FIVE), REVOKED)
  })

  test('if a list with the same number and date lacks it, also in an apply', (t) => {
    const gateway = new Follower(t)
    const fewer = { ...FIVE, bob: false }
    assert.equal(gateway.load(fewer), 'ann, bob')
    assert.equal(gateway.load(FIVE), REVOKED)
    assert.equal(gateway.load(fewer), `refused: ${REVOKED}`)
    assert.equal(gateway.load({ ...FIVE, to: 48 }), REVOKED)
    assert.deepEqual(kinds(FIVE, fewer), ['older-list'])
    assert.deepEqual(kinds(fewer, FIVE), [])
    assert.deepEqual(kinds({ ...FIVE, from: 1 }, FOUR), ['older-list'])
  })
})

describe('a list of the future', () => {
  test('locks nobody out longer than itself or the list before it, and only the newest list before it stays', (t) => {
    const gateway = new Follower(t)
    assert.equal(gateway.load({ ...FOUR, to: 2 }), 'ann, bob')
    assert.equal(gateway.load({ ...FIVE, from: 3, to: 4 }), REVOKED)
    gateway.setClock(2.5)
    assert.equal(gateway.answers(), 'CRL_EXPIRED, CERTIFICATE_REVOKED')
    gateway.setClock(3.5)
    assert.equal(gateway.answers(), REVOKED)
    // From then on it alone says how long it counts.
    assert.equal(gateway.load({ number: 6, from: 5, bob: true }), REVOKED)
    gateway.setClock(4.5)
    assert.equal(gateway.answers(), 'CRL_EXPIRED, CERTIFICATE_REVOKED')
  })

  test('keeps out no list of a CA that was restored from a backup, if it has its revocations', (t) => {
    const gateway = new Follower(t)
    gateway.load(FOUR)
    gateway.load({ ...FIVE, number: 1_000, from: 9_000, to: 9_001 })
    assert.equal(gateway.load({ number: 7, from: -1 }), `refused: ${REVOKED}`)
    assert.equal(gateway.load({ number: 8, from: -1, bob: true }), REVOKED)
    assert.equal(gateway.load({ number: 7, from: -1, bob: true }), `refused: ${REVOKED}`)
    // The CA knows who may come again.
    assert.equal(gateway.load({ number: 9, from: -1 }), 'ann, bob')
  })
})
