import type { EventsLine, FootprintLine } from './measures/jobs.ts'
import type { LargeList } from './measures/large-list.ts'
import type { LogFigures } from './measures/logs.ts'
import type { Figures } from './results.ts'
import type { Line } from './rounds.ts'
import { grouped, mebibytes, milliseconds, table } from './table.ts'

/** Renders the results of streams and large transfers. */
export function streamSections({
  logs,
  replay,
  archiveDown,
  archiveUp,
  listing,
  largeList,
  events,
  execs,
}: Figures): string[] {
  return [
    ...(logs ? [logSection('A log of the daemon', logs)] : []),
    ...(replay ? [logSection('The same frames from a server that only sends', replay)] : []),
    ...(archiveUp ? [footprintSection('An archive into a container', archiveUp)] : []),
    ...(archiveDown ? [footprintSection('An archive out of a container', archiveDown)] : []),
    ...(execs ? [footprintSection('Execs, one after the other', execs)] : []),
    ...(events ? [eventsSection(events)] : []),
    ...(listing ? [listingSection(listing)] : []),
    ...(largeList ? [largeListSection(largeList)] : []),
  ]
}

function logSection(title: string, { bytes, lines, duel }: LogFigures): string {
  const rows = lines
    .toSorted((a, b) => a.median - b.median)
    .map(({ name, median, ratio, cpuRatio, peak }) => [
      name,
      milliseconds(median),
      ratio.toFixed(2),
      cpuRatio.toFixed(2),
      mebibytes(peak),
    ])
  const head = ['', 'median ms', 'of raw', 'CPU of raw', 'peak MiB']
  const pair = `alternating only with raw reading: ${duel.wall.toFixed(2)} times its time, ${duel.cpu.toFixed(2)} times its CPU time`
  return `${title}, ${mebibytes(bytes)} MiB\n${table(head, rows)}\n  ${pair}`
}

function footprintSection(title: string, lines: readonly FootprintLine[]): string {
  const rows = lines.map(({ name, above, heapLeft, handlesLeft, milliseconds: took }) => [
    name,
    mebibytes(above),
    mebibytes(heapLeft),
    String(handlesLeft),
    milliseconds(took),
  ])
  return `${title}\n${table(['', 'MiB above idle', 'heap left, MiB', 'handles left', 'ms'], rows)}`
}

function eventsSection(lines: readonly EventsLine[]): string {
  const rows = lines.map(({ name, streams, each, handlesLeft, listenersLeft }) => [
    name,
    String(streams),
    (each / 1024).toFixed(0),
    String(handlesLeft),
    String(listenersLeft),
  ])
  const head = ['', 'streams', 'KiB each', 'handles left', 'subscribers left']
  return `Concurrent event streams\n${table(head, rows)}`
}

function listingSection(lines: readonly Line[]): string {
  const rows = lines
    .toSorted((a, b) => a.median - b.median)
    .map(({ name, median, least, ratio }) => [name, milliseconds(median), milliseconds(least), ratio.toFixed(2)])
  return `Listing all containers (ms)\n${table(['', 'median', 'least', 'times ours'], rows)}`
}

function largeListSection({ containers, bytes, lines }: LargeList): string {
  const rows = lines
    .toSorted((a, b) => a.median - b.median)
    .map(({ name, median, ratio, above, aboveRatio }) => [
      name,
      milliseconds(median),
      ratio.toFixed(2),
      mebibytes(above),
      aboveRatio.toFixed(2),
    ])
  const head = ['', 'median ms', 'of raw', 'MiB above idle', 'of raw']
  return `${grouped(containers)} containers listed, ${mebibytes(bytes)} MiB\n${table(head, rows)}`
}
