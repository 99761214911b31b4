/** An interval that is this late has been kept waiting by others, or by work of ours. */
const MOST_MS = 50
const TICK_MS = 20

/**
 * The time that has passed for this process, in milliseconds: while it waits for a processor, hardly any does. So
 * a bound on it says the same on a loaded machine as on an idle one.
 */
export function startWatch(): () => number {
  let passed = 0
  let last = performance.now()
  const count = (): number => {
    const now = performance.now()
    passed += Math.min(now - last, MOST_MS)
    last = now
    return passed
  }
  setInterval(count, TICK_MS).unref()
  return count
}

/** The CPU time that this process has taken since then, in milliseconds: what a computation costs, whoever else computes. */
export function startCpuWatch(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}
