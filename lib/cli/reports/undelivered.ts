import { expiryOf } from '../../base/expiry.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import type { KnownCertificate } from '../../keystore/renew/known.ts'
import { folderFlags } from '../command-line/options.ts'
import { until } from './time-left.ts'

/** What to do about a server whose newest certificate no connection has shown. */
export async function undeliveredWarning(one: KnownCertificate, dir: string): Promise<Sentence> {
  const { name, host, presented } = one
  const old = presented === undefined ? '' : `, ${until(new Date(presented.notAfter))}`
  const told = `The newest certificate of ${name} was not delivered: as far as this folder knows, the server presents the one before${old}.`
  if (host === undefined)
    return sentence`${told} Deliver it with daemon apply or gateway apply, then connect to the server from here:  ${ours('ping')}`
  const { setupWords } = await import('../../keystore/setup-record.ts')
  const words = (await setupWords(dir, host)) ?? ['setup', `ssh://USER@${host}`]
  return sentence`${told} Deliver it:  ${ours(...words, ...folderFlags(dir))}`
}

/** Does the server present a certificate that expires soon, or has expired? */
export function isUrgent({ presented }: KnownCertificate): boolean {
  if (presented === undefined) return false
  const lifetime = { from: Date.parse(presented.notBefore), to: Date.parse(presented.notAfter) }
  return ['soon', 'urgent', 'expired'].includes(expiryOf(lifetime, Date.now()))
}
