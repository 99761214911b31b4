/** The outcome of one host. */
export type Outcome<Value> =
  | { readonly host: string; readonly value: Value }
  /** Whatever was thrown. */
  | { readonly host: string; readonly error: unknown }

/** Hosts at once: fast enough, without too many logins for the agent and the network. */
const AT_ONCE = 8

/** Does some work for each host, several at once. A failure on one doesn't affect the others. */
export async function forEachHost<Item extends { readonly host: string }, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<Outcome<Value>[]> {
  const outcomes: Outcome<Value>[] = []
  const left = [...items.entries()]
  const worker = async (): Promise<void> => {
    for (let next; (next = left.shift()) !== undefined;) {
      const [index, item] = next
      outcomes[index] = await outcomeOf(item, work)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
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
export function isDone<Value>(outcome: Outcome<Value>): outcome is Extract<Outcome<Value>, { value: Value }> {
  return 'value' in outcome
}

/** Continues with the hosts that have succeeded so far. Earlier failures stay in their places. */
export async function continueWith<Before extends { readonly host: string }, After>(
  before: readonly Outcome<Before>[],
  work: (item: Before) => Promise<After>,
): Promise<Outcome<After>[]> {
  const after = await forEachHost(
    before.filter(isDone).map(({ value }) => value),
    work,
  )
  const byHost = new Map(after.map((outcome) => [outcome.host, outcome]))
  return before.map((outcome) => (isDone(outcome) ? (byHost.get(outcome.host) ?? lost(outcome.host)) : outcome))
}

function lost(host: string): never {
  throw new TypeError(`nothing became of ${host}`)
}
