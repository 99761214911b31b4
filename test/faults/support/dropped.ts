import { spawn } from 'node:child_process'
import { once } from 'node:events'

let waiting: { readonly rules: string; readonly done: () => void }[] = []
let isBusy = false

/** Drops all packets from and to a port from now on; of this network namespace alone. */
export function dropPackets(port: number): Promise<void> {
  return apply(['--dport', '--sport'].map((end) => `-I INPUT -p tcp ${end} ${port} -j DROP\n`).join(''))
}

/** Drops the packets that would begin a connection to a port. */
export function dropConnections(port: number): Promise<void> {
  return apply(`-I INPUT -p tcp --syn --dport ${port} -j DROP\n`)
}

function apply(rules: string): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.push({ rules, done: resolve })
    if (!isBusy) applyAll().catch(reject)
  })
}

/** One process for all that wait: each needs a lock of the kernel. */
async function applyAll(): Promise<void> {
  isBusy = true
  try {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await restore(`*filter\n${batch.map(({ rules }) => rules).join('')}COMMIT\n`)
      for (const { done } of batch) done()
    }
  } finally {
    isBusy = false
  }
}

async function restore(rules: string): Promise<void> {
  const child = spawn('iptables-restore', ['--noflush', '--wait'], { stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.end(rules)
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`iptables-restore ended with ${code}`)
}
