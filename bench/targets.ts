import { UNDICI } from './contenders.ts'
import { BARE_NODE } from './measures/commands.ts'
import type { Figures, Target } from './results.ts'
import { streamTargets } from './targets-streams.ts'

/** Relative to the requests per second of the best raw undici pool. */
const LEAST_RATE = 0.95
const MOST_KEY_SET_MS = 10
/** Relative to a raw pool with the same certificates. */
const MOST_NEW_CLIENT = 1.2
/** Relative to a Node process that does nothing. */
export const MOST_COMMAND = 1.8
/** Relative to connectTimeout. */
const MOST_SILENCE = 1.1

/** The targets of this package, and whether they were reached. Parts that weren't measured are left out. */
export function judge(figures: Figures): Target[] {
  return [
    ...rateTargets(figures),
    ...commandTargets(figures),
    ...firstPingTargets(figures),
    ...newClientTargets(figures),
    ...silentPortTargets(figures),
    ...keySetTargets(figures),
    ...streamTargets(figures),
  ]
}

function rateTargets({ requests = [] }: Figures): Target[] {
  return requests
    .filter(({ duel }) => Number.isFinite(duel))
    .map(({ width, best, duel }) => ({
      what: `requests per second, ${width} concurrent`,
      wanted: `${LEAST_RATE} times the best raw pool`,
      measured: `${duel.toFixed(2)} of ${best}`,
      reached: duel >= LEAST_RATE,
    }))
}

function commandTargets({ commands = [] }: Figures): Target[] {
  return commands
    .filter(({ name }) => name !== BARE_NODE)
    .map(({ name, ratio }) => ({
      what: `docker-mtls ${name}`,
      wanted: `at most ${MOST_COMMAND} times a bare Node process`,
      measured: ratio.toFixed(2),
      reached: ratio <= MOST_COMMAND,
    }))
}

function firstPingTargets({ firstPings = [] }: Figures): Target[] {
  return ['dockerode', '@docker/node-sdk'].flatMap((peer) => {
    const ratio = firstPings.find(({ name }) => name === peer)?.ratio
    if (ratio === undefined) return []
    return {
      what: 'start to first ping',
      wanted: `faster than ${peer}`,
      measured: `${peer} takes ${ratio.toFixed(2)} times as long`,
      reached: ratio > 1,
    }
  })
}

function newClientTargets({ connections = [] }: Figures): Target[] {
  return connections
    .filter(({ keyType }) => keyType === 'p256')
    .flatMap(({ whole }) => whole.filter(({ name }) => name === UNDICI))
    .map(({ ratio }) => ({
      what: 'new client, full handshake, P-256',
      wanted: `at most ${MOST_NEW_CLIENT} times a raw pool`,
      measured: (1 / ratio).toFixed(2),
      reached: 1 / ratio <= MOST_NEW_CLIENT,
    }))
}

function silentPortTargets({ silentPort }: Figures): Target[] {
  if (silentPort === undefined) return []
  const { pings, connectTimeout, last } = silentPort
  return [
    {
      what: `${pings} pings at a silent port`,
      wanted: `ended after ${MOST_SILENCE} times connectTimeout`,
      measured: (last / connectTimeout).toFixed(2),
      reached: last <= MOST_SILENCE * connectTimeout,
    },
  ]
}

function keySetTargets({ keySets = [] }: Figures): Target[] {
  const ours = keySets.find(({ keyType, how }) => keyType === 'p256' && how === 'in process')
  if (ours === undefined) return []
  return [
    {
      what: 'P-256 key set',
      wanted: `under ${MOST_KEY_SET_MS} ms in process`,
      measured: `${ours.median.toFixed(1)} ms`,
      reached: ours.median < MOST_KEY_SET_MS,
    },
  ]
}
