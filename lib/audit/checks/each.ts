import { find, type Check, type CheckFacts, type Subject } from '../check.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { notApplicable, unknown, type Verdict } from '../verdict.ts'

const DAEMON: Subject = { kind: 'daemon' }

/** Parts of the snapshot that are lists. */
type ListName = 'networks' | 'plugins' | 'runningImages' | 'configs'
type ItemOf<Name extends ListName> = Extract<Snapshot[Name], { readonly value: unknown }>['value'][number]

/** Describes a check with one result for each item of a list, or one for the daemon if the list is empty or unknown. */
export function eachCheck<const Name extends ListName>(
  facts: CheckFacts & {
    readonly of: Name
    /** The items that it is about. @defaultValue all */
    readonly only?: (item: ItemOf<Name>) => boolean
    /** Why it isn't applicable if there are none. */
    readonly none: string
    /** A verdict that needs no item: there is no swarm. */
    readonly before?: (snapshot: Snapshot) => Verdict | undefined
    readonly subject: (item: ItemOf<Name>) => Subject
    readonly test: (item: ItemOf<Name>, snapshot: Snapshot) => Verdict
  },
): Check {
  const { of, only = () => true, none, before, subject, test, ...rest } = facts
  const run: Check['run'] = (snapshot) => {
    const early = find(rest, DAEMON, () => before?.(snapshot) ?? { status: 'pass' })
    if (early.status !== 'pass') return [early]
    const part = snapshot[of] as { readonly value: readonly ItemOf<Name>[] } | { readonly unknown: string }
    if ('unknown' in part) return [find(rest, DAEMON, () => unknown(part.unknown))]
    const items = part.value.filter(only)
    if (items.length === 0) return [find(rest, DAEMON, () => notApplicable(none))]
    return items.map((item) => find(rest, subject(item), () => test(item, snapshot)))
  }
  return { ...rest, run }
}
