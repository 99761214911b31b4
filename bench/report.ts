import { MOST_COMMAND } from './targets.ts'
import type { Connections } from './measures/connections.ts'
import type { KeySetLine } from './measures/key-sets.ts'
import type { GatewayMemory } from './measures/gateway-memory.ts'
import type { Gateways } from './measures/gateways.ts'
import type { MemoryLine } from './measures/memory.ts'
import type { Rates } from './measures/requests.ts'
import type { SilentPort } from './measures/silent-port.ts'
import type { StartLine } from './measures/start-up.ts'
import { streamSections } from './report-streams.ts'
import type { Figures, Results } from './results.ts'
import type { Line } from './rounds.ts'
import { grouped, mebibytes, milliseconds, table } from './table.ts'

/** Renders all results as text. */
export function render(results: Results): string {
  const sections = [
    heading(results),
    ...figureSections(results.figures),
    ...targetSection(results),
    ...problemSection(results),
  ]
  return `\n${sections.join('\n\n')}\n`
}

function heading({ date, machine, versions, missing, short }: Results): string {
  const { cpu, cores, memoryGiB, node, dockerd, openssl, kernel, loadBefore } = machine
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${date.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}; load before ${loadBefore.toFixed(1)}`,
    `Node ${node}, dockerd ${dockerd} on the same machine over mutual TLS on loopback, OpenSSL ${openssl}`,
    peers.join(', '),
    ...missing.map((name) => `MISSING: ${name} is not installed (npm ci in bench/ failed)`),
    ...(short ? ['A short run checks that everything works; its times mean nothing.'] : []),
  ].join('\n')
}

function figureSections(figures: Figures): string[] {
  const {
    imports,
    commands,
    firstPings,
    requests = [],
    connections,
    silentPort,
    keySets,
    memory,
    gateways,
    gatewayMemory,
  } = figures
  return [
    ...(imports ? [importSection(imports)] : []),
    ...(commands ? [commandSection(commands)] : []),
    ...(firstPings ? [firstPingSection(firstPings)] : []),
    ...requests.map(rateSection),
    ...(connections ? connectionSections(connections) : []),
    ...(silentPort ? [silentPortSection(silentPort)] : []),
    ...(keySets ? [keySetSection(keySets)] : []),
    ...(memory ? [memorySection(memory)] : []),
    ...(gateways ? [gatewaySection(gateways)] : []),
    ...(gatewayMemory ? [gatewayMemorySection(gatewayMemory)] : []),
    ...streamSections(figures),
  ]
}

function importSection(lines: readonly Line[]): string {
  const rows = byMedian(lines).map(timeCells)
  return `Import, in a fresh process (ms)\n${table(['', 'median', 'least', 'times ours'], rows)}`
}

function commandSection(lines: readonly Line[]): string {
  const rows = lines.map(({ name, median, least, ratio }) => [
    name,
    milliseconds(median),
    milliseconds(least),
    ratio.toFixed(2),
    ratio > MOST_COMMAND ? `above ${MOST_COMMAND}` : '',
  ])
  return `docker-mtls COMMAND, from its start to its end (ms)\n${table(['', 'median', 'least', 'times Node', ''], rows)}`
}

function firstPingSection(lines: readonly StartLine[]): string {
  const rows = byMedian(lines).map((line) => [...timeCells(line), milliseconds(line.ended)])
  const head = ['', 'median', 'least', 'times ours', 'process ended']
  return `From process start to the first answered /_ping (ms)\n${table(head, rows)}`
}

function timeCells({ name, median, least, ratio }: Line): string[] {
  return [name, milliseconds(median), milliseconds(least), ratio.toFixed(2)]
}

function rateSection({ width, best, lines, duel }: Rates): string {
  const rows = byMedian(lines)
    .toReversed()
    .map(({ name, median, ratio, cpu }) => [name, grouped(median), ratio.toFixed(2), grouped(cpu)])
  const head = ['', 'median', 'of best pool', 'client CPU, µs']
  const title = `/_ping per second, ${width} concurrent requests (best raw pool: ${best})`
  return `${title}\n${table(head, rows)}\n  alternating only with ${best}: docker-mtls reaches ${duel.toFixed(2)} times its rate`
}

function connectionSections(connections: readonly Connections[]): string[] {
  return [
    `New client, full handshake and a ping by key type (median ms)\n${connectionTable(connections, 'whole')}`,
    `Another connection of the same client and a ping (median ms)\n${connectionTable(connections, 'again')}`,
  ]
}

function connectionTable(connections: readonly Connections[], kind: 'whole' | 'again'): string {
  const names = connections[0]?.[kind].map(({ name }) => name) ?? []
  const rows = connections.map((one) => [
    one.keyType,
    ...names.map((name) => cell(one[kind].find((line) => line.name === name))),
  ])
  return table(['', ...names], rows)
}

function cell(line: Line | undefined): string {
  return line === undefined ? 'failed' : milliseconds(line.median)
}

function silentPortSection({ pings, connectTimeout, last }: SilentPort): string {
  return `${pings} pings at once to a silent port, connectTimeout ${grouped(connectTimeout)} ms: the last ends after ${milliseconds(last)} ms`
}

function keySetSection(lines: readonly KeySetLine[]): string {
  const rows = lines.map(({ keyType, how, sets, median, first }) => [
    `${keyType}, ${how}`,
    milliseconds(median),
    milliseconds(first),
    String(sets),
  ])
  return `Key set: CA, server and client (ms)\n${table(['', 'median', 'first', 'sets'], rows)}`
}

function memorySection(lines: readonly MemoryLine[]): string {
  const rows = lines.map(({ name, requests, rss, heap }) => [name, mebibytes(rss), mebibytes(heap), grouped(requests)])
  return `Memory afterwards (MiB)\n${table(['', 'RSS', 'heap', 'requests'], rows)}`
}

function gatewaySection({ figures }: Gateways): string {
  const rows = figures.flatMap(({ what, lines }) =>
    lines.map(({ name, median, ratio }) => [
      `${what}: ${name}`,
      what.startsWith('ms ') ? milliseconds(median) : grouped(median),
      ratio.toFixed(2),
    ]),
  )
  return `The same client, with dockerd, our gateway and HAProxy on one machine\n${table(['', 'median', 'of dockerd'], rows)}`
}

function gatewayMemorySection({ archive, streams }: GatewayMemory): string {
  const rows = [
    ['idle', mebibytes(archive.before)],
    [`at most, an archive of ${mebibytes(archive.size)} MiB into a container`, mebibytes(archive.up)],
    ['at most, the same archive out of it', mebibytes(archive.down)],
    ['afterwards', mebibytes(streams.before)],
    [`with ${grouped(streams.count)} open streams`, mebibytes(streams.open)],
    ...streams.later.map(({ seconds, events, resident }) => [
      `after ${grouped(seconds)} s and ${grouped(events)} events on each`,
      mebibytes(resident),
    ]),
  ]
  return `Resident memory of the gateway\n${table(['', 'MiB'], rows)}`
}

function targetSection({ targets }: Results): string[] {
  if (targets.length === 0) return []
  const rows = targets.map(({ what, wanted, measured, reached }) => [
    what,
    wanted,
    measured,
    reached ? 'reached' : 'NOT REACHED',
  ])
  return [`Targets\n${table(['', 'wanted', 'measured', ''], rows)}`]
}

function problemSection({ problems }: Results): string[] {
  return problems.length === 0 ? [] : [['Problems', ...problems.map(({ who, what }) => `  ${who}: ${what}`)].join('\n')]
}

function byMedian<T extends Line>(lines: readonly T[]): T[] {
  return lines.toSorted((a, b) => a.median - b.median)
}
