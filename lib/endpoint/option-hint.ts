import { similarOption } from '../base/options.ts'

const NEVER_WEAKER = "TLS verification can't be turned off. To trust another CA, add it to ca.pem."

/** Names of options in other Docker and TLS libraries, and the remedy for each. */
const FOREIGN: Readonly<Record<string, string>> = {
  socketPath: 'Use host: "unix:///PATH".',
  protocol: 'Use host: "tcp://HOST:2376".',
  hostname: 'Use host: "tcp://HOST:2376".',
  port: 'Use host: "tcp://HOST:2376".',
  version: 'Use apiVersion.',
  timeout: 'Use connectTimeout.',
  tls: 'Remove it: TLS is always on for a TCP host.',
  tlsVerify: NEVER_WEAKER,
  rejectUnauthorized: NEVER_WEAKER,
  insecure: NEVER_WEAKER,
  skipTLSVerify: NEVER_WEAKER,
  checkServerIdentity: NEVER_WEAKER,
}

/** Suggests the option that was probably meant by an unknown name. */
export function suggestOption(key: string, known: readonly string[]): string {
  if (Object.hasOwn(FOREIGN, key)) return FOREIGN[key] ?? ''
  return similarOption(key, known)
}
