/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * The median of the ratios round by round. A machine that is busy for a while slows both sides of a round, and so
 * changes their ratio less than it changes either's median.
 */
export function medianRatio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, round) => value / (others[round] ?? Number.NaN)))
}

/** The same things in another order each round (A B C, C B A, B C A, ...), so that nobody always comes after the same one. */
export function rotated<T>(things: readonly T[], round: number): T[] {
  const shift = Math.floor(round / 2) % Math.max(things.length, 1)
  const turned = [...things.slice(shift), ...things.slice(0, shift)]
  return round % 2 === 0 ? turned : turned.toReversed()
}
