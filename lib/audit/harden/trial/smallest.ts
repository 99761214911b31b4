/**
 * Finds a smallest set of items with which something works, where none of them doesn't suffice, all of them together do, and
 * more of them never harm (QuickXplain: Junker, AAAI 2004). For one needed item among n it takes about twice the logarithm of n
 * tests.
 *
 * @param items - of which all together work
 * @param works - tests a set
 */
export function smallestSet<Item>(
  items: readonly Item[],
  works: (items: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  return search([], items, works)
}

/** The needed ones among some, if others are there. These alone do not suffice. */
async function search<Item>(
  given: readonly Item[],
  items: readonly Item[],
  works: (items: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length <= 1) return items
  const middle = Math.ceil(items.length / 2)
  const [first, second] = [items.slice(0, middle), items.slice(middle)]
  const withFirst = [...given, ...first]
  const ofSecond = (await works(withFirst)) ? [] : await search(withFirst, second, works)
  const withSecond = [...given, ...ofSecond]
  const ofFirst = ofSecond.length > 0 && (await works(withSecond)) ? [] : await search(withSecond, first, works)
  return [...ofFirst, ...ofSecond]
}
