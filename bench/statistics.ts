/** The median. For an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * The median of the ratios of all rounds. Load on the machine slows both sides of a round, so it changes their ratio
 * less than their medians.
 */
export function medianRatio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, round) => value / (others[round] ?? Number.NaN)))
}

/**
 * Returns the items in another order for each round (A B C, C B A, B C A, ...), so that none always follows the same
 * one.
 */
export function rotated<T>(things: readonly T[], round: number): T[] {
  const shift = Math.floor(round / 2) % Math.max(things.length, 1)
  const turned = [...things.slice(shift), ...things.slice(0, shift)]
  return round % 2 === 0 ? turned : turned.toReversed()
}

/** The value that a share of the values doesn't exceed: 0.99 for p99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? Number.NaN
}
