const NEVER_WEAKER = 'There is no way to switch verification off; to trust another authority, put it into ca.pem.'

/** What other Docker and TLS libraries call it. */
const FOREIGN: Readonly<Record<string, string>> = {
  socketPath: 'Write host: "unix:///PATH".',
  protocol: 'Write it into host: "tcp://HOST:2376".',
  hostname: 'Write host: "tcp://HOST:2376".',
  port: 'Write it into host: "tcp://HOST:2376".',
  version: 'Write apiVersion.',
  timeout: 'Write connectTimeout.',
  tls: 'TLS is always on for a TCP host; leave it out.',
  tlsVerify: NEVER_WEAKER,
  rejectUnauthorized: NEVER_WEAKER,
  insecure: NEVER_WEAKER,
  skipTLSVerify: NEVER_WEAKER,
  checkServerIdentity: NEVER_WEAKER,
}

/** Which option was probably meant by one that doesn't exist? */
export function meantOption(key: string, known: readonly string[]): string {
  if (Object.hasOwn(FOREIGN, key)) return FOREIGN[key] ?? ''
  const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= Math.min(2, name.length / 2))
  return near === undefined ? `The options are ${known.join(', ')}.` : `Did you mean ${near}?`
}

/** Levenshtein's distance, cut short for what is too long to be a slip. */
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return Infinity
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1]
    for (let j = 1; j <= other.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (one[i] === other[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? Infinity
}
