import { CALLS, type CallName } from './calls.ts'
import type { Cell, End } from './cell.ts'
import { FAULTS, faults, STAGES, stages, type Fault } from './stages.ts'

/** A cell that has ended. */
export interface Row extends Cell, End {
  readonly departs: boolean
}

const FIRST = 20
const WIDTH = 14

/** Codes in a table have to be short. */
const SHORT: Readonly<Record<string, string>> = {
  ERR_CONNECTION_CLOSED: 'closed',
  ERR_CONNECTION_RESET: 'reset',
  ERR_CONNECTION_REFUSED: 'refused',
  ERR_CONNECT_TIMEOUT: 'connect',
  ERR_HANDSHAKE_TIMEOUT: 'handshake',
  ERR_RESPONSE_TIMEOUT: 'response',
  ERR_CALL_TIMEOUT: 'call',
  ERR_API_STREAM_TRUNCATED: 'truncated',
  ERR_SERVER_NOT_DOCKER: 'refuses',
}

/** How each call ended at each stage, a table for each fault. */
export function tableOf(rows: readonly Row[]): string {
  const legend = [
    ...stages.map((stage) => `  ${stage.padEnd(FIRST)}${STAGES[stage]}`),
    ...Object.entries(SHORT).map(([code, short]) => `  ${short.padEnd(FIRST)}${code}`),
    `  ${'whole'.padEnd(FIRST)}the whole result`,
    `  ${'part'.padEnd(FIRST)}what came before the end, which can't be told from a whole result`,
  ]
  const tables = faults.map((fault) =>
    tableFor(
      fault,
      rows.filter((row) => row.fault === fault),
    ),
  )
  return [...tables.filter((table) => table !== ''), legend.join('\n')].join('\n\n')
}

const line = (name: string, fields: readonly string[]): string =>
  (name.padEnd(FIRST) + fields.map((field) => field.padEnd(WIDTH)).join('')).trimEnd()

function tableFor(fault: Fault, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const lines = (Object.keys(CALLS) as CallName[]).map((call) =>
    line(
      call,
      stages.map((stage) => textOf(rows.find((row) => row.call === call && row.stage === stage))),
    ),
  )
  return [`${fault}: ${FAULTS[fault]}`, line('', stages), ...lines].join('\n')
}

/** `closed 0.1`; with an exclamation mark if it departs from what is expected. */
function textOf(row: Row | undefined): string {
  if (!row) return ''
  const { how, seconds, departs } = row
  return `${SHORT[how] ?? how.replace(/^ERR_/, '')} ${seconds.toFixed(1)}${departs ? '!' : ''}`
}
