import type { Figures, Target } from './results.ts'
import { streamTargets } from './targets-streams.ts'

/** Relative to the requests per second of the best raw undici pool. */
const LEAST_RATE = 0.95
const MOST_KEY_SET_MS = 10

/** The targets of this package, and whether they were reached. Parts that weren't measured are left out. */
export function judge(figures: Figures): Target[] {
  return [...rateTargets(figures), ...firstPingTargets(figures), ...keySetTargets(figures), ...streamTargets(figures)]
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
