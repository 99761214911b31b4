import { readFileSync } from 'node:fs'

/** What the kernel has sent from this network namespace. */
export interface Sent {
  /** TCP connections that were begun, to whichever address and port, answered or not. */
  readonly tcp: number
  /** UDP datagrams: a question to a name server is one. */
  readonly udp: number
}

/** Reads the kernel's own counters (proc(5), /proc/net/snmp; RFC 4022 and RFC 4113): nothing that leaves gets past them. */
export function countSent(): Sent {
  const lines = readFileSync('/proc/net/snmp', 'utf8').split('\n')
  const ipv6 = readFileSync('/proc/net/snmp6', 'utf8')
  return {
    tcp: valueOf(lines, 'Tcp', 'ActiveOpens'),
    udp: valueOf(lines, 'Udp', 'OutDatagrams') + Number(/^Udp6OutDatagrams\s+(\d+)/m.exec(ipv6)?.[1]),
  }
}

/** Two lines a protocol: the names, and the values in the same order. */
function valueOf(lines: readonly string[], protocol: string, name: string): number {
  const [names = '', values = ''] = lines.filter((line) => line.startsWith(`${protocol}: `))
  return Number(values.split(' ')[names.split(' ').indexOf(name)])
}
