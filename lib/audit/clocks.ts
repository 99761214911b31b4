/** How much two clocks may differ, in milliseconds. */
export const MOST_SKEW_MS = 60_000
