import type { ErrorCode } from '../../../lib/index.ts'
import { CALLS, type CallName } from './calls.ts'
import { CALL_MS, CONNECT_MS, IDLE_MS } from './limits.ts'
import type { Cell } from './cell.ts'
import type { Fault, Stage } from './stages.ts'

/** How a call ends: a code, or a result. */
export type How = ErrorCode | 'whole' | 'part'

/** How a cell has to end. */
export interface Expected {
  /** One of these. */
  readonly how: readonly How[]
  /** Seconds after the fault. */
  readonly from: number
  readonly to: number
}

type Window = Pick<Expected, 'from' | 'to'>
type Some<Name> = '*' | readonly Name[]
/** The first rule that fits a cell holds. */
type Rule = readonly [
  calls: Some<CallName>,
  stages: Some<Stage>,
  faults: Some<Fault>,
  how: readonly How[],
  when: Window,
]

/** A loaded machine takes longer than an idle one. In milliseconds. */
const LOADED_MS = 5_000
const between = (from: number, to: number): Window => ({ from: (from - 200) / 1000, to: (to + LOADED_MS) / 1000 })
const AT_ONCE: Window = between(0, 0)
/** It takes a while until packets are dropped, and the limit counts from before that. */
const CONNECTING: Window = between(CONNECT_MS - 1_000, CONNECT_MS)
const CONNECTING_TWICE: Window = between(CONNECT_MS - 1_000, 2 * CONNECT_MS)

/**
 * For dropped packets: the connection is looked at 30 seconds after the last byte, by TCP (10 probes, one a second) or by another
 * connection, which gets its usual time.
 */
const VANISHED: Window = between(25_000, 42_000)
const vanishedAfter = (more: number): Window => between(25_000, 42_000 + more)

const CLOSED: readonly How[] = ['ERR_CONNECTION_CLOSED']
const RESET: readonly How[] = ['ERR_CONNECTION_RESET']
const EITHER: readonly How[] = ['ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_RESET']
const TRUNCATED: readonly How[] = ['ERR_API_STREAM_TRUNCATED']
const HANDSHAKE: readonly Stage[] = ['handshake', 'flight']
const SILENT: readonly Fault[] = ['silence', 'late', 'drop']
const ENDED: readonly Fault[] = ['fin', 'cut', 'rst']

const names = Object.keys(CALLS) as CallName[]
const RUNS = names.filter((name) => name.startsWith('run:'))
const ENDLESS = names.filter((name) => name.endsWith(', endless'))
const REPEATED = names.filter((name) => 'repeats' in CALLS[name])
const FRAMED: readonly CallName[] = ['attach', 'exec.start', 'exec.run', 'exec.run, input', 'run: attach']

const RULES: readonly Rule[] = [
  // Before the connection is ready.
  ['*', ['connect'], ['rst'], ['ERR_CONNECTION_REFUSED'], AT_ONCE],
  // A run then tries to remove its container.
  [RUNS, ['connect'], ['drop'], ['ERR_CONNECT_TIMEOUT'], CONNECTING_TWICE],
  ['*', ['connect'], ['drop'], ['ERR_CONNECT_TIMEOUT'], CONNECTING],
  ['*', HANDSHAKE, ENDED, RESET, AT_ONCE],
  [RUNS, HANDSHAKE, SILENT, ['ERR_HANDSHAKE_TIMEOUT'], CONNECTING_TWICE],
  ['*', HANDSHAKE, SILENT, ['ERR_HANDSHAKE_TIMEOUT'], CONNECTING],

  // A connection that was used before. Its end is noticed between two calls. A call that was just being sent is repeated if that
  // can do no harm.
  ['*', ['idle'], ENDED, ['whole'], AT_ONCE],
  [REPEATED, ['race'], ENDED, ['whole'], AT_ONCE],

  // An answer that only its connection ends is never taken: nobody could tell a cut one from a whole one.
  [ENDLESS, ['between', 'inside'], '*', ['ERR_SERVER_NOT_DOCKER'], AT_ONCE],

  // What can't be known: the end of TLS is the end of a connection that was taken over. docker.run() compares its output with the
  // container's log.
  [['run: attach'], ['between'], ['fin'], TRUNCATED, AT_ONCE],
  [FRAMED, ['between', 'upload'], ['fin'], ['part'], AT_ONCE],
  [FRAMED, ['inside'], ['fin'], TRUNCATED, AT_ONCE],

  // A build waits a moment for what the daemon says when the session is lost.
  [['build, its session'], ['between', 'upload'], ENDED, EITHER, between(2_000, 2_000)],

  // The end may come while the verdict on the client certificate is awaited.
  ['*', ['unread'], ['fin', 'cut'], EITHER, AT_ONCE],
  ['*', '*', ['fin', 'cut'], CLOSED, AT_ONCE],
  // undici reports a reset as an incomplete answer if the server closes its connections, or if an answer is still being read.
  [['list, closing', 'logs, closing', 'list, large'], ['between', 'inside'], ['rst'], EITHER, AT_ONCE],
  ['*', '*', ['rst'], RESET, AT_ONCE],

  // A run waits for a container that is just being created, so that it can remove it.
  [['run: create'], '*', ['silence'], ['ERR_RESPONSE_TIMEOUT'], between(IDLE_MS, 30_000)],
  ['*', '*', ['silence'], ['ERR_RESPONSE_TIMEOUT'], between(IDLE_MS, IDLE_MS)],
  [['run: create'], '*', ['late'], ['ERR_CALL_TIMEOUT'], between(CALL_MS, CALL_MS + 30_000)],
  ['*', '*', ['late'], ['ERR_CALL_TIMEOUT'], between(CALL_MS, CALL_MS)],
  // The start may need another connection, which is opened before or after packets are dropped.
  [
    ['run: attach'],
    ['between', 'inside'],
    ['drop'],
    [...CLOSED, 'ERR_HANDSHAKE_TIMEOUT', 'ERR_CONNECT_TIMEOUT'],
    between(CONNECT_MS - 1_000, 42_000 + CONNECT_MS),
  ],
  // A run then tries to remove its container.
  [RUNS, '*', ['drop'], CLOSED, vanishedAfter(CONNECT_MS)],
  ['*', '*', ['drop'], CLOSED, VANISHED],
]

const fits = <Name>(some: Some<Name>, name: Name): boolean => some === '*' || some.includes(name)

export function expectedOf({ call, stage, fault }: Cell): Expected {
  const rule = RULES.find(([calls, stages, faults]) => fits(calls, call) && fits(stages, stage) && fits(faults, fault))
  if (!rule) throw new Error(`no rule for ${call}: ${stage}: ${fault}`)
  const [, , , how, when] = rule
  return { how, ...when }
}
