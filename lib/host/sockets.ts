import { shellFile } from '../base/shell-file.ts'
import { shellProgram } from './script.ts'

/** A listening TCP socket. */
export interface TcpSocket {
  /** The address without brackets: `0.0.0.0`, `::`, `10.0.0.4`. */
  readonly address: string
  readonly port: number
  /** Has systemd passed it to the process, or will it, as a socket of a socket unit? */
  readonly isPassed?: true
  /** Does only systemd listen? Then a connection starts dockerd. */
  readonly isIdle?: true
}

/** The functions `sockets PID` and `dockerd_pid`. */
export const SOCKETS_SH: string = shellFile(new URL('./sockets.sh', import.meta.url))

/**
 * Renders the script that prints the TCP sockets on which a process listens.
 *
 * @param pid - the process. @defaultValue dockerd
 */
export function socketsScript(pid?: number): string {
  return shellProgram(SOCKETS_SH, pid === undefined ? 'sockets "$(dockerd_pid)"' : `sockets ${pid}`, 'true')
}

/**
 * Parses the output of {@link socketsScript}.
 *
 * @returns undefined if the output lists no sockets: the process is gone, or only root may read its sockets
 */
export function parseSockets(printed: string): TcpSocket[] | undefined {
  const [machine = '', ...rest] = printed.trim().split('\n')
  const inodes = (of: string): Set<string> =>
    new Set(rest.flatMap((line) => (line.startsWith(`${of} `) ? line.slice(of.length + 1) : [])))
  const [own, systemd] = [inodes('own'), inodes('systemd')]
  if (own.size === 0) return undefined
  const isBigEndian = /^(?:s390|ppc64$|ppc$|sparc|mips)/.test(machine)
  return rest.flatMap((line) => {
    const [, local = '', , , , , , , , inode = ''] = line.trim().split(/\s+/)
    const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
    if (address === undefined || port === undefined || !own.has(inode)) return []
    const socket = { address: readAddress(address, isBigEndian), port: Number.parseInt(port, 16) }
    return [systemd.has(inode) ? { ...socket, isPassed: true } : socket]
  })
}

/** The kernel prints an address as 32-bit words in the host's byte order. */
function readAddress(hex: string, isBigEndian: boolean): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const four = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
    return isBigEndian ? four : four.toReversed()
  })
  if (bytes.length === 4) return bytes.join('.')
  const groups = bytes.flatMap((byte, index) =>
    index % 2 === 0 ? [(byte * 256 + (bytes[index + 1] ?? 0)).toString(16)] : [],
  )
  // Use the canonical form (WHATWG URL section 3.5), since addresses are compared as strings.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
