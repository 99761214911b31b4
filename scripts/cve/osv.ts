import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Versions of a module that a vulnerability is in: from the first one, up to and without the second. */
export type Range = readonly [introduced: string, fixed?: string]

/** The facts of an advisory that the table is made from. */
export interface Advisory {
  readonly id: string
  /** Its other ids: `CVE-...`, `GHSA-...`. */
  readonly aliases: readonly string[]
  /** The day, if it says so. */
  readonly published?: string
  /** Ranges of versions by module. */
  readonly affected: Readonly<Record<string, readonly Range[]>>
}

/** What we read of an advisory in the form of OSV. */
interface Osv {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly published?: string
  readonly withdrawn?: string
  readonly affected: ReadonlyArray<{
    readonly package: { readonly name: string }
    readonly ranges?: ReadonlyArray<{ readonly events: readonly Event[] }>
  }>
}
type Event = Readonly<Partial<Record<'introduced' | 'fixed', string>>>

/** Reads the files of a folder, by name. Withdrawn advisories are left out. */
export function readAdvisories(folder: string): readonly Advisory[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const found = names.toSorted().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Osv)
  return found.filter(({ withdrawn }) => withdrawn === undefined).map(advisoryOf)
}

function advisoryOf({ id, aliases = [], published, affected }: Osv): Advisory {
  // The Go vulnerability database writes the year 1 for an unknown day.
  const day = published?.startsWith('0001') ? undefined : published?.slice(0, 10)
  const byModule = affected.map(({ package: { name }, ranges = [] }) => [name, ranges.flatMap(rangesOf)] as const)
  return {
    id,
    aliases: [...new Set(aliases)],
    ...(day !== undefined && { published: day }),
    affected: Object.fromEntries(byModule),
  }
}

/** Pairs what events say one after another. */
function rangesOf({ events }: { readonly events: readonly Event[] }): Range[] {
  return events.flatMap(({ introduced }, index): Range[] => {
    const fixed = events[index + 1]?.fixed
    return introduced === undefined ? [] : [fixed === undefined ? [introduced] : [introduced, fixed]]
  })
}
