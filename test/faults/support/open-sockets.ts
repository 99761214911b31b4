import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How long a client may take to let go of its sockets, in milliseconds. */
const CLOSED_MS = 3_000
/** One reading serves all that look at about the same time. */
const FRESH_MS = 50

let reading: Promise<Map<number, number>> | undefined

/** How many sockets of processes here are connected, or connecting, to each port (proc(5), /proc/net/tcp). */
async function countByPort(): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const port = Number.parseInt(fields[2]?.split(':')[1] ?? '', 16)
    // Those that only the kernel still has are closed.
    if (fields[9] !== '0' && port > 0) counts.set(port, (counts.get(port) ?? 0) + 1)
  }
  return counts
}

function readCounts(): Promise<Map<number, number>> {
  if (reading === undefined) {
    reading = countByPort()
    setTimeout(() => (reading = undefined), FRESH_MS)
  }
  return reading
}

/** How many sockets to a port are left after a while. */
export async function leftOpen(port: number): Promise<number> {
  for (let waited = 0; ; waited += 2 * FRESH_MS) {
    await delay(2 * FRESH_MS)
    const count = (await readCounts()).get(port) ?? 0
    if (count === 0 || waited > CLOSED_MS) return count
  }
}
