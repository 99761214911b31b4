/** A dot of Chinese and Japanese keyboards, which separates the labels of a name like a full stop (UTS 46). */
const WIDE_DOT = '．'

/**
 * The first character that becomes an ASCII character in a DNS name, such as `①`, `Ａ` or `ﬁ` (UTS 46). The name may
 * then be another one than it seems: `①②.com` is `12.com`. Letters of other scripts stay what they are, in punycode.
 */
export function asciiLookalike(text: string): string | undefined {
  return Array.from(text).find(
    (character) => /\P{ASCII}/u.test(character) && character !== WIDE_DOT && /[!-~]/.test(withoutLookalikes(character)),
  )
}

/** The same text with the characters that such characters stand for. */
export function withoutLookalikes(text: string): string {
  return text.normalize('NFKC')
}

/**
 * The IPv4 address in an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2). Connections to both are the same, but no
 * certificate for one is valid for the other.
 *
 * @param address - in its short form (RFC 5952), as `new URL()` writes it: `::ffff:102:304`
 */
export function mappedIpv4(address: string): string | undefined {
  const groups = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address)?.slice(1)
  return groups
    ?.map((group) => Number.parseInt(group, 16))
    .flatMap((bits) => [bits >> 8, bits & 0xff])
    .join('.')
}
