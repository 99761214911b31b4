import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, isDockerMtlsError, type DockerClient } from '../../../lib/index.ts'
import type { RequestOptions } from '../../../lib/engine/send.ts'
import { Semaphore } from '../../../lib/base/semaphore.ts'
import type { Credentials } from '../../transport/support/credentials.ts'
import { CALLS, LITTLE, MUCH, uploadOf, type Call, type CallName } from './calls.ts'
import { CALL_MS, CONNECT_MS, HANGS_MS, IDLE_MS } from './limits.ts'
import { leftOpen } from './open-sockets.ts'
import { Peer, type Plan } from './peer.ts'
import { faults, isPossible, stages, type Fault, type Stage } from './stages.ts'

/** A kind of call, and what happens to it where. */
export interface Cell {
  readonly call: CallName
  readonly stage: Stage
  readonly fault: Fault
}

/** How a call ended. */
export interface End {
  /** A code; `whole`; `part` for a result without an error that lacks something; `hangs`. */
  readonly how: string
  /** Since the fault. */
  readonly seconds: number
  /** Sockets of the client that were still open after close(). */
  readonly leaked: number
  readonly detail?: string
}

/** So many cells connect at a time; waiting for the end costs nothing. */
const SLOTS = 8
/** How soon a connection is back in its pool, in milliseconds. */
const RETURNED_MS = 20
/** In characters. */
const LONGEST_DETAIL = 200
const slots = new Semaphore(SLOTS)
const forever = new AbortController().signal
setMaxListeners(0, forever)

const callOf = (name: CallName): Call => CALLS[name]

export const cells: readonly Cell[] = (Object.keys(CALLS) as CallName[]).flatMap((call) =>
  stages.flatMap((stage) =>
    faults.filter((fault) => isPossible(callOf(call).stages, stage, fault)).map((fault) => ({ call, stage, fault })),
  ),
)

export const nameOf = ({ call, stage, fault }: Cell): string => `${call}: ${stage}: ${fault}`

/** What the options of a call are when a fault comes. */
function optionsFor(fault: Fault): RequestOptions {
  if (fault === 'silence') return { idleTimeout: IDLE_MS }
  return fault === 'late' ? { timeout: CALL_MS } : {}
}

/** What throws at once has failed as well. */
async function perform(call: CallName, docker: DockerClient, options: RequestOptions, size: number): Promise<unknown> {
  return callOf(call).run(docker, options, { upload: () => uploadOf(size), size })
}

/** A client of a peer. */
interface Pair {
  readonly peer: Peer
  readonly docker: DockerClient
}

async function startPair(credentials: Credentials, plan?: Plan): Promise<Pair> {
  const peer = await Peer.start(credentials.server, plan)
  try {
    const host = `tcp://127.0.0.1:${peer.port}`
    return { peer, docker: await connect({ host, connectTimeout: CONNECT_MS, ...credentials.client }, {}) }
  } catch (error) {
    peer.close()
    throw error
  }
}

/** What a call returns if nothing is wrong. */
export async function wholeResult(call: CallName, credentials: Credentials): Promise<unknown> {
  const { peer, docker } = await startPair(credentials)
  try {
    return await perform(call, docker, {}, LITTLE)
  } finally {
    await docker.close()
    peer.close()
  }
}

/** A call that was made and hit. */
interface Hit {
  readonly began: number
  readonly ended: Promise<Ended>
}

type Ended = Pick<End, 'how' | 'detail'> & { readonly at: number }

/** Makes a call, until it is hit by the fault. */
async function hit({ call, stage, fault }: Cell, { peer, docker }: Pair, whole: unknown): Promise<Hit> {
  const size = stage === 'upload' ? MUCH : LITTLE
  if (stage === 'idle' || stage === 'race') {
    await perform(call, docker, {}, size)
    // Until the connection is back in its pool.
    await delay(RETURNED_MS)
  }
  await peer.arm()
  const began = performance.now()
  const ended = endOf(perform(call, docker, optionsFor(fault), size), whole)
  // It is never hit if it ends or hangs before that stage.
  await Promise.race([peer.struck, ended, delay(HANGS_MS, undefined, { ref: false })])
  return { began, ended }
}

async function endOf(called: Promise<unknown>, whole: unknown): Promise<Ended> {
  try {
    const result = await called
    const isWhole = JSON.stringify(result) === JSON.stringify(whole)
    const end = isWhole ? { how: 'whole' } : { how: 'part', detail: JSON.stringify(result).slice(0, LONGEST_DETAIL) }
    return { ...end, at: performance.now() }
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { how: isDockerMtlsError(error) ? error.code : 'foreign error', detail, at: performance.now() }
  }
}

/** Makes a call that is hit by a fault, and waits for its end. */
export async function runCell(cell: Cell, whole: unknown, credentials: Credentials): Promise<End> {
  const { nth = 1, style } = callOf(cell.call)
  let pair: Pair | undefined
  try {
    const { began, ended } = await slots.run(async () => {
      pair = await startPair(credentials, { ...cell, nth, style })
      return hit(cell, pair, whole)
    }, forever)
    const { at, ...end } = await orHangs(ended)
    // Some faults come before the call, and `timeout` counts from its beginning.
    const fromStart = cell.stage === 'idle' || cell.fault === 'late'
    const since = fromStart ? began : (pair?.peer.struckAt ?? began)
    await pair?.docker.close()
    return { ...end, seconds: (at - since) / 1000, leaked: pair === undefined ? 0 : await leftOpen(pair.peer.port) }
  } finally {
    await pair?.docker.close()
    pair?.peer.close()
  }
}

async function orHangs(ended: Promise<Ended>): Promise<Ended> {
  const giveUp = new AbortController()
  const hangs = async (): Promise<Ended> => {
    await delay(HANGS_MS, undefined, giveUp)
    return { how: 'hangs', at: performance.now() }
  }
  try {
    return await Promise.race([ended, hangs()])
  } finally {
    giveUp.abort()
  }
}
