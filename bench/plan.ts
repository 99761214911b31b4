import type { KeyType } from '../lib/pki/index.ts'

/** How much of everything is measured. */
export interface Plan {
  readonly short: boolean
  /** Fresh processes of each contender. */
  readonly importRounds: number
  readonly firstPingRounds: number
  readonly widths: readonly number[]
  readonly loadRounds: number
  /** Of this package and the best raw pool alone. */
  readonly duelRounds: number
  /** Of one contender at one width in one round. */
  readonly sliceMilliseconds: number
  readonly warmUpMilliseconds: number
  readonly keyTypes: readonly KeyType[]
  readonly connectRounds: number
  readonly connectionsARound: number
  readonly keySets: number
  readonly slowKeySets: number
  readonly memoryRequests: number
  readonly memoryWidth: number
  /** Whoever is slower than this is asked for fewer requests. */
  readonly memoryMilliseconds: number
}

const WIDTHS = [1, 16, 128]

export const FULL: Plan = {
  short: false,
  importRounds: 15,
  firstPingRounds: 25,
  widths: WIDTHS,
  loadRounds: 10,
  duelRounds: 20,
  sliceMilliseconds: 400,
  warmUpMilliseconds: 100,
  keyTypes: ['p256', 'p384', 'ed25519', 'rsa2048', 'rsa4096'],
  connectRounds: 10,
  connectionsARound: 10,
  keySets: 50,
  slowKeySets: 3,
  memoryRequests: 10_000,
  memoryWidth: 16,
  memoryMilliseconds: 120_000,
}

/** Enough to see that everything works, and nothing about speed. */
export const SHORT: Plan = {
  short: true,
  importRounds: 1,
  firstPingRounds: 1,
  widths: WIDTHS,
  loadRounds: 1,
  duelRounds: 1,
  sliceMilliseconds: 50,
  warmUpMilliseconds: 10,
  keyTypes: ['p256', 'rsa2048'],
  connectRounds: 1,
  connectionsARound: 2,
  keySets: 2,
  slowKeySets: 1,
  memoryRequests: 200,
  memoryWidth: 16,
  memoryMilliseconds: 10_000,
}
