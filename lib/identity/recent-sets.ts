import { createHash } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import { PARTS, type Credentials } from './credentials.ts'
import type { ReadingContext, Rules } from './read-set.ts'
import { readSet } from './read-set.ts'
import type { IdentitySet } from './set.ts'

/** How many readings are looked for; most programs use one or two identities. */
const MOST = 16

/**
 * Readings that some client of this process still uses, by a digest of everything that they depend on. Weak, so that no
 * key stays in memory for longer than its clients.
 */
const recent = new Map<string, WeakRef<IdentitySet>>()

/**
 * As readSet(), but the same texts give the same set for all clients of this process: parsing them and creating the TLS
 * context takes most of the time of a new client. Keys that need a passphrase are always read, because the passphrase has
 * to be checked.
 */
export function readSetOnce(credentials: Credentials, rules: Rules, context: ReadingContext): IdentitySet {
  if (rules.passphrase !== undefined) return readSet(credentials, rules, context)
  const key = keyOf(credentials, rules, context)
  const known = recent.get(key)?.deref()
  if (known && isInForce(known, context.now)) return known
  const set = readSet(credentials, rules, context)
  recent.delete(key)
  recent.set(key, new WeakRef(set))
  const [oldest] = recent.keys()
  if (recent.size > MOST && oldest !== undefined) recent.delete(oldest)
  return set
}

/** The names and the mode of the key are part of errors and warnings. */
function keyOf(credentials: Credentials, { foreignClientCa }: Rules, { keyMode }: ReadingContext): string {
  const hash = createHash('sha256').update(`${foreignClientCa} ${keyMode}`)
  for (const part of PARTS) {
    const { name, text, isValue = false } = credentials[part]
    hash.update(`\0${isValue} ${name.length} ${text.length} ${name} `).update(text)
  }
  return hash.digest('base64')
}

/** If a certificate has expired, readSet() finds another one or says which. */
function isInForce(set: IdentitySet, now: number): boolean {
  try {
    set.checkDates(now)
    return true
  } catch (error) {
    if (error instanceof IdentityError) return false
    throw error
  }
}
