import { OURS, UNDICI } from './contenders.ts'
import type { FootprintLine } from './measures/jobs.ts'
import type { LogFigures } from './measures/logs.ts'
import type { Figures, Target } from './results.ts'

const MOST_LOG_WALL = 1.05
const MOST_LOG_CPU = 1.15
const LEAST_REPLAY_RATE = 0.8
const LEAST_REPLAY_LEAD = 2
const MOST_LIST_WALL = 1.2
const MOST_LIST_MEMORY = 1.2
const MOST_ARCHIVE_BYTES = 64 * 2 ** 20

/** The targets for streams, and whether they were reached. Parts that weren't measured are left out. */
export function streamTargets({ logs, replay, archiveDown, archiveUp, largeList, events, execs }: Figures): Target[] {
  return [
    ...(logs ? logTargets(logs) : []),
    ...(replay ? replayTargets(replay) : []),
    ...footprintTargets('archive out of a container', archiveDown),
    ...footprintTargets('archive into a container', archiveUp),
    ...(largeList?.lines ?? [])
      .filter(({ name }) => name === OURS)
      .flatMap(({ ratio, aboveRatio }) => [
        atMost("a long list's wall time", MOST_LIST_WALL, ratio),
        atMost("a long list's memory", MOST_LIST_MEMORY, aboveRatio),
      ]),
    ...(events ?? [])
      .filter(({ name }) => name === OURS)
      .map(({ handlesLeft, listenersLeft }) => ({
        what: 'event streams, after closing',
        wanted: 'nothing left',
        measured: `${handlesLeft} handles, ${listenersLeft} subscribers`,
        reached: handlesLeft <= 0 && listenersLeft <= 0,
      })),
    ...(execs ?? [])
      .filter(({ name }) => name === OURS)
      .map(({ handlesLeft }) => ({
        what: 'execs, one after the other',
        wanted: 'nothing left',
        measured: `${handlesLeft} handles`,
        reached: handlesLeft <= 0,
      })),
  ]
}

function logTargets({ duel }: LogFigures): Target[] {
  return [atMost("a log's wall time", MOST_LOG_WALL, duel.wall), atMost("a log's CPU time", MOST_LOG_CPU, duel.cpu)]
}

function atMost(what: string, most: number, measured: number): Target {
  return { what, wanted: `at most ${most} times raw`, measured: measured.toFixed(2), reached: measured <= most }
}

function replayTargets({ lines, duel }: LogFigures): Target[] {
  const rate = 1 / duel.wall
  const ours = lines.find(({ name }) => name === OURS)
  const peers = lines.filter(({ name }) => name !== OURS && name !== UNDICI)
  const lead = Math.min(...peers.map(({ median }) => median)) / (ours?.median ?? Number.NaN)
  return [
    {
      what: 'replayed frames a second',
      wanted: `${LEAST_REPLAY_RATE} times raw`,
      measured: rate.toFixed(2),
      reached: rate >= LEAST_REPLAY_RATE,
    },
    {
      what: 'replayed frames a second',
      wanted: `${LEAST_REPLAY_LEAD} times the better peer`,
      measured: lead.toFixed(2),
      reached: lead >= LEAST_REPLAY_LEAD,
    },
  ]
}

function footprintTargets(what: string, lines: readonly FootprintLine[] = []): Target[] {
  return lines
    .filter(({ name }) => name === OURS)
    .map(({ above }) => ({
      what,
      wanted: `under ${MOST_ARCHIVE_BYTES / 2 ** 20} MiB above idle`,
      measured: `${(above / 2 ** 20).toFixed(1)} MiB`,
      reached: above < MOST_ARCHIVE_BYTES,
    }))
}
