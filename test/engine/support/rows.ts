import { readFileSync } from 'node:fs'
import type { Facts } from '../../../scripts/api-facts/facts.ts'
import { CALLS, FILES, NEWER, NOTES } from '../operations-table.ts'
import { loadOperations } from './operations.ts'

/** The specification's facts; scripts/api-facts.ts writes them. */
export const FACTS: Facts = JSON.parse(readFileSync(new URL('../api-facts.json', import.meta.url), 'utf8')) as Facts

/** One operation. */
export interface Row {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly since: string | undefined
  /** Since which version there is a name in the query, where that is newer than 1.40. */
  readonly newer: Readonly<Record<string, string>>
  /** As a caller writes them: `containers.list`. */
  readonly methods: readonly string[]
  /** The test file that calls it on a real daemon. */
  readonly file?: string
  /** Why none can. */
  readonly reason?: string
}

type Note = Pick<Row, 'id' | 'since' | 'newer'> & { readonly route: string | undefined; readonly where: string }

const operations = await loadOperations()
const notes = NOTES.trim().split('\n').map(parseNote)

/** Every operation: the specification's, and those that it leaves out. */
export const ROWS: readonly Row[] = [
  ...Object.entries(FACTS.operations).map(([route, { id }]) =>
    toRow(route, notes.find((note) => note.id === id) ?? bare(id)),
  ),
  ...notes.flatMap((note) => (note.route === undefined ? [] : [toRow(note.route, note)])),
]

function parseNote(line: string): Note {
  const [what = '', newer = '', where = ''] = line.split('|').map((part) => part.trim())
  const [, id = '', since, route] = /^([^ @]+)(?:@(\S+))?(?: (.+))?$/.exec(what) ?? []
  const versions = newer.split(' ').filter(Boolean)
  return {
    id,
    since,
    route,
    where,
    newer: Object.fromEntries(versions.map((word) => word.split('@') as [string, string])),
  }
}

function bare(id: string): Note {
  return { id, since: undefined, newer: {}, route: undefined, where: '' }
}

function toRow(route: string, { id, since, newer, where }: Note): Row {
  const [method = '', path = ''] = route.split(' ')
  const ours = operations.filter((one) => `${one.method} ${shapeOf(one.path)}` === shapeOf(route))
  const methods = [...new Set(ours.map(({ name }) => name))].toSorted()
  const [resource = ''] = (methods[0] ?? '').split('.')
  const called = where.startsWith('!')
    ? { reason: where.slice(1).trim() }
    : { file: where || (FILES[resource] ?? resource) }
  return { id, method, path, since, newer, methods, ...called }
}

/** Version and path of each field that an older daemon leaves out, by operation. */
export const NEWER_FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  NEWER.trim()
    .split(/\n(?=\S)/)
    .flatMap((part) => {
      const [names = '', ...fields] = part.split('\n').map((line) => line.trim())
      return names.split(' ').map((name) => [name, fields] as const)
    }),
)

/** A path in which all ids and names are alike: the specification and we call them differently. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}')
}

/** The calls that stand for a method. */
export function callsOf(method: string): string[] {
  return Object.keys(CALLS).filter((name) => name.split(' ')[0] === method)
}
