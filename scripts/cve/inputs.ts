import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readAdvisories, type Advisory } from './osv.ts'

/** What we keep of the Go vulnerability database: facts, without its texts. */
export interface Snapshot {
  readonly source: string
  readonly license: string
  /** The day on which it was copied. */
  readonly day: string
  readonly advisories: readonly Advisory[]
}

const SNAPSHOT = fileURLToPath(new URL('go-vulndb.json', import.meta.url))
/** Advisories that the database lacks, in the same form. */
const OWN = fileURLToPath(new URL('advisories', import.meta.url))

export interface Inputs {
  readonly advisories: readonly Advisory[]
  /** The day of the snapshot. */
  readonly day: string
  /** The day of the newest advisory, or of the snapshot if that is newer. */
  readonly date: string
}

/** The inputs that are in the repository. */
export function readInputs(): Inputs {
  const snapshot = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Snapshot
  const own = readAdvisories(OWN)
  const days = [snapshot.day, ...own.flatMap(({ published }) => published ?? [])]
  const date = days.toSorted().at(-1) ?? snapshot.day
  return { advisories: [...own, ...snapshot.advisories], day: snapshot.day, date }
}

/** The file that keeps a snapshot, with a line for each advisory. */
export function renderSnapshot(advisories: readonly Advisory[], day: string): { path: string; text: string } {
  const head = {
    source: 'The Go vulnerability database, https://vuln.go.dev: ids, modules and ranges of versions',
    license: 'CC BY 4.0, https://creativecommons.org/licenses/by/4.0/',
    day,
  }
  const lines = advisories.map((one) => JSON.stringify(one)).join(',\n')
  return { path: SNAPSHOT, text: `${JSON.stringify(head).slice(0, -1)},"advisories":[\n${lines}\n]}\n` }
}
