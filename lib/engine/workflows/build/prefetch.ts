/**
 * Starts work on items ahead of time, and yields each item with its work in order.
 *
 * @param items - read only as far as work has started
 * @param limit - the largest number of started items
 * @param begin - starts the work on an item. The consumer handles a promise that rejects
 */
export async function* prefetch<Item, Work>(
  items: AsyncIterable<Item>,
  limit: number,
  begin: (item: Item) => Work,
): AsyncGenerator<readonly [Item, Work], void, undefined> {
  const begun: (readonly [Item, Work])[] = []
  for await (const item of items) {
    begun.push([item, begin(item)])
    const first = begun.length >= limit ? begun.shift() : undefined
    if (first) yield first
  }
  yield* begun
}
