/** How many run at once: a folder may have more files than a process may open. */
const AT_ONCE = 64

/** The results of `work` for all items, in their order. */
export async function mapInBatches<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let first = 0; first < items.length; first += AT_ONCE) {
    const batch = items.slice(first, first + AT_ONCE).map((item) => work(item))
    results.push(...(await Promise.all(batch)))
  }
  return results
}
