import type { KeyType } from '../lib/pki.ts'

/** The extent of a benchmark run. */
export interface Plan {
  readonly short: boolean
  /** The number of fresh processes of each contender. */
  readonly importRounds: number
  readonly firstPingRounds: number
  readonly commandRounds: number
  readonly widths: readonly number[]
  readonly loadRounds: number
  /** Rounds that alternate only between this package and the best raw pool. */
  readonly duelRounds: number
  /** The time for one contender at one concurrency in one round. */
  readonly sliceMilliseconds: number
  readonly warmUpMilliseconds: number
  readonly keyTypes: readonly KeyType[]
  readonly connectRounds: number
  readonly connectionsARound: number
  readonly keySets: number
  /** A type whose keys take long to create. */
  readonly slowKeyType: 'rsa2048' | 'rsa4096'
  readonly slowKeySets: number
  readonly memoryRequests: number
  readonly memoryWidth: number
  /** The time limit for those requests. */
  readonly memoryMilliseconds: number
  /** The length of a container's log, and of replayed frames, in bytes. */
  readonly logBytes: number
  readonly replayBytes: number
  readonly logRounds: number
  readonly logDuelRounds: number
  /** The size of an archive in each direction, in bytes. */
  readonly archiveBytes: number
  /** The size of the file in the context of a build, in bytes. */
  readonly buildBytes: number
  readonly buildRounds: number
  readonly listedContainers: number
  readonly listRounds: number
  /** Of a server that only lists them. */
  readonly largeListContainers: number
  readonly largeListRounds: number
  readonly silentPings: number
  /** Their connectTimeout. */
  readonly silentMilliseconds: number
  readonly eventStreams: number
  /** How long the streams through the gateway carry events, and how often their memory is read. */
  readonly streamMilliseconds: number
  readonly streamSampleMilliseconds: number
  readonly execs: number
}

const MEBIBYTE = 2 ** 20

export const FULL: Plan = {
  short: false,
  importRounds: 15,
  firstPingRounds: 25,
  commandRounds: 21,
  widths: [1, 16, 128],
  loadRounds: 10,
  duelRounds: 20,
  sliceMilliseconds: 400,
  warmUpMilliseconds: 100,
  keyTypes: ['p256', 'p384', 'ed25519', 'rsa2048', 'rsa4096'],
  connectRounds: 10,
  connectionsARound: 10,
  keySets: 50,
  slowKeyType: 'rsa4096',
  slowKeySets: 3,
  memoryRequests: 10_000,
  memoryWidth: 16,
  memoryMilliseconds: 120_000,
  logBytes: 64 * MEBIBYTE,
  replayBytes: 1024 * MEBIBYTE,
  logRounds: 3,
  logDuelRounds: 10,
  archiveBytes: 1024 * MEBIBYTE,
  buildBytes: 32 * MEBIBYTE,
  buildRounds: 7,
  listedContainers: 500,
  listRounds: 20,
  largeListContainers: 10_000,
  largeListRounds: 7,
  silentPings: 64,
  silentMilliseconds: 10_000,
  eventStreams: 100,
  streamMilliseconds: 300_000,
  streamSampleMilliseconds: 30_000,
  execs: 1000,
}

/** Enough to check that everything works. The times mean nothing. */
export const SHORT: Plan = {
  short: true,
  importRounds: 1,
  firstPingRounds: 1,
  commandRounds: 1,
  widths: [16],
  loadRounds: 1,
  duelRounds: 1,
  sliceMilliseconds: 50,
  warmUpMilliseconds: 10,
  // All other parts connect with p256.
  keyTypes: ['rsa2048'],
  connectRounds: 1,
  connectionsARound: 2,
  keySets: 2,
  slowKeyType: 'rsa2048',
  slowKeySets: 1,
  memoryRequests: 100,
  memoryWidth: 16,
  memoryMilliseconds: 10_000,
  logBytes: MEBIBYTE,
  replayBytes: 2 * MEBIBYTE,
  logRounds: 1,
  logDuelRounds: 1,
  archiveBytes: 4 * MEBIBYTE,
  buildBytes: MEBIBYTE,
  buildRounds: 1,
  listedContainers: 10,
  listRounds: 1,
  largeListContainers: 200,
  largeListRounds: 1,
  silentPings: 64,
  silentMilliseconds: 300,
  eventStreams: 5,
  streamMilliseconds: 500,
  streamSampleMilliseconds: 250,
  execs: 3,
}
