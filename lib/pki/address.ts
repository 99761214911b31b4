/** Four decimal numbers, none with a leading zero: some programs read `010` as octal, others as ten. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/**
 * Normalizes an address for comparison with certificates: IPv4 stays, IPv6 gets the short form of RFC 5952.
 *
 * @param text - an address; IPv6 with or without brackets, without a zone
 * @returns undefined if it isn't an address
 */
export function normaliseAddress(text: string): string | undefined {
  if (IPV4.test(text)) return text
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  // node:net can do this too, but this room opens no sockets and imports nothing that could.
  if (!bare.includes(':') || !/^[\da-f:.]+$/i.test(bare) || !URL.canParse(`http://[${bare}]`)) return undefined
  return new URL(`http://[${bare}]`).hostname.slice(1, -1)
}

/** The 4 or 16 bytes of a normalised address (RFC 5280 section 4.2.1.6, iPAddress). */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  const hex = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('')
  return Buffer.from(hex, 'hex')
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':')
}
