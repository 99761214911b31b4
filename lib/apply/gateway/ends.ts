import { expiryOf } from '../../base/expiry.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { formatDay } from '../../base/text.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'

/** What is wrong with the end of the issuer. */
export function issuerProblems(issuer: CertificateFacts | undefined, now: number = Date.now()): Sentence[] {
  if (issuer === undefined) return ["The issuer's certificate can't be read."]
  const { commonName, subject, validFrom, validTo } = issuer
  const name = commonName ?? subject
  const renew = sentence`Renew it where the CA is, and copy issuer-cert.pem here:  ${ours('cert', 'issuer', name, '--renew')}`
  const expiry = expiryOf({ from: validFrom.getTime(), to: validTo.getTime() }, now)
  if (expiry === 'expired')
    return [sentence`The issuer ${name} has expired, and with it all certificates that it has renewed. ${renew}`]
  if (expiry !== 'soon' && expiry !== 'urgent') return []
  return [
    sentence`The issuer ${name} expires on ${formatDay(validTo)}, and with it all certificates that it has renewed. ${renew}`,
  ]
}

/** What is wrong with the end of the server's certificate. */
export function certificateProblems({ validFrom, validTo }: CertificateFacts): Sentence[] {
  const renew = ours('cert', 'renew', '--server')
  const expiry = expiryOf({ from: validFrom.getTime(), to: validTo.getTime() }, Date.now())
  if (expiry === 'expired') return [sentence`The server's certificate has expired. Renew it:  ${renew}`]
  if (expiry !== 'soon' && expiry !== 'urgent') return []
  return [sentence`The server's certificate expires on ${formatDay(validTo)}. Renew it:  ${renew}`]
}
