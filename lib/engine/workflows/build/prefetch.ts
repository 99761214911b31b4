/**
 * Begins work on items before their turn comes, and hands both on in order.
 *
 * @param items - read only as far as work is begun
 * @param limit - how many are begun at most
 * @param begin - begins the work on one; a promise that rejects is the concern of whoever gets it
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
