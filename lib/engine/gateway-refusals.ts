import { command, ours, sentence, type Sentence } from '../base/sentence.ts'
import { REMOVE_PIN } from './version.ts'

const NEW_LIST: Sentence = sentence`On the machine with the CA, write a new revocation list, and copy it to the gateway:  ${ours('cert', 'crl')}`
const REISSUE: Sentence = sentence`Use another certificate. To issue a new one on the machine with the CA:  ${ours('cert', 'client', 'NAME', '--force')}`

/** What to do about a refusal, by the code that the gateway gives in the header field `X-Docker-Mtls-Reason`. */
const REMEDIES: Readonly<Record<string, Sentence>> = {
  CERTIFICATE_REVOKED: REISSUE,
  CERTIFICATE_EXPIRED: sentence`Renew it on the machine with the CA:  ${ours('cert', 'renew', 'NAME')}`,
  CERTIFICATE_UNTRUSTED: "Use a certificate of a CA in the gateway's ca.pem, or add its CA there.",
  CERTIFICATE_PURPOSE: REISSUE,
  CRL_MISSING: NEW_LIST,
  CRL_EXPIRED: NEW_LIST,
  IDENTITY_UNKNOWN: "Ask the administrator of the gateway for a rule for your certificate in the gateway's policy.",
  VERSION_UNKNOWN: REMOVE_PIN,
  OPERATION_REFUSED:
    'Ask the administrator of the gateway for a level that includes this, or for the operation in "allow" of your rule.',
  MALFORMED_REQUEST:
    'Correct what the message names: a gateway takes only requests that are written as Docker clients write them.',
  HEAD_TOO_LARGE: 'Shorten the query and the header fields: use fewer filters, build options or logins in one call.',
  BODY_TOO_LARGE:
    'Send less in one call. Long values, such as environment variables, fit into a file, a config or an image.',
  REQUEST_TIMEOUT: 'Check the load of this machine, and the network to the gateway.',
  TOO_MANY_REQUESTS: 'Send fewer requests at once, and close streams that you no longer read.',
  LOG_FAILED: "On the gateway's host, make room for its audit log, or let it write there.",
  DAEMON_UNKNOWN:
    'Ask the administrator of the gateway to put it in front of dockerd: its policy can judge requests to no other daemon.',
  DAEMON_UNREACHABLE: sentence`Check the daemon on the gateway's host:  ${command('systemctl', 'status', 'docker')}`,
  AUTHORIZATION_FAILED: sentence`Read the gateway's log:  ${command('journalctl', '-u', 'docker-mtls-gateway')}`,
}

/** By a reason that the policy has found in the request. */
const CHANGE: Sentence = 'Change the request, or ask the administrator of the gateway for a rule that allows it.'

/**
 * The remedy for a refusal of docker-mtls' own gateway; undefined if that of the status fits.
 *
 * @param reason - its code. A function in the place of a policy may have given any
 */
export function gatewayRemedy(status: number, reason: string): Sentence | undefined {
  return (Object.hasOwn(REMEDIES, reason) ? REMEDIES[reason] : undefined) ?? (status === 403 ? CHANGE : undefined)
}
