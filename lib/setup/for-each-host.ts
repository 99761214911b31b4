/** The result of the work for one host, or the error that it threw. */
export type Outcome<Value> =
  | { readonly host: string; readonly value: Value }
  | { readonly host: string; readonly error: unknown }

/** The number of hosts at the same time: fast, but not too many logins for the ssh agent and the network. */
const CONCURRENCY = 8

/** Runs the work for each host, for several hosts at the same time. A failure on one doesn't affect the others. */
export async function forEachHost<Item extends { readonly host: string }, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
  atOnce: number = CONCURRENCY,
): Promise<Outcome<Value>[]> {
  const outcomes: Outcome<Value>[] = []
  const left = [...items.entries()]
  const worker = async (): Promise<void> => {
    for (let next; (next = left.shift()) !== undefined;) {
      const [index, item] = next
      outcomes[index] = await outcomeOf(item, work)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return outcomes
}

async function outcomeOf<Item extends { readonly host: string }, Value>(
  item: Item,
  work: (item: Item) => Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return { host: item.host, value: await work(item) }
  } catch (error) {
    return { host: item.host, error }
  }
}

/** Whether the work succeeded. */
export function isSuccess<Value>(outcome: Outcome<Value>): outcome is Extract<Outcome<Value>, { value: Value }> {
  return 'value' in outcome
}

/** Continues with the hosts that have succeeded so far. Earlier failures stay in the list, in the same order. */
export async function continueWith<Before extends { readonly host: string }, After>(
  before: readonly Outcome<Before>[],
  work: (item: Before) => Promise<After>,
): Promise<Outcome<After>[]> {
  const after = await forEachHost(
    before.filter(isSuccess).map(({ value }) => value),
    work,
  )
  const byHost = new Map(after.map((outcome) => [outcome.host, outcome]))
  return before.map((outcome) => (isSuccess(outcome) ? (byHost.get(outcome.host) ?? noOutcome(outcome.host)) : outcome))
}

function noOutcome(host: string): never {
  throw new TypeError(`there is no outcome for ${host}`)
}
