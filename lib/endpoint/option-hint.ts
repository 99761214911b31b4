import { similarOption } from '../base/options.ts'

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
  return similarOption(key, known)
}
