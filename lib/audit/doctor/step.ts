import { isDockerMtlsError, sentencesOf, type AnyDockerMtlsError, type ErrorCode } from '../../base/errors.ts'
import { command, partsOf, renderSentence, sentence, type Sentence, type SentencePart } from '../../base/sentence.ts'
import { codeOf } from '../../base/system-error.ts'
import { escapeText } from '../../base/text.ts'

/**
 * The checked step. In the order of a TLS connection: `endpoint`, `identity` (your files), `resolve` (DNS), `tcp`, `tls`, `ca`
 * (is the server's certificate trusted?), `names`, `dates`, `client` (does the server accept your certificate?), `api`,
 * `clock`. Then dangers that a working connection hides: `anonymous` (clients without a certificate), `accepted-cas`,
 * `server-certificate` (does it also work as a client certificate?), `neighbours` (other ports), `expiry`. For ssh: `ssh`,
 * `login`, `remote-docker`. For local sockets: `socket`. With a proxy: `proxy`.
 */
export type StepName =
  | 'endpoint'
  | 'identity'
  | 'proxy'
  | 'resolve'
  | 'tcp'
  | 'tls'
  | 'ca'
  | 'names'
  | 'dates'
  | 'client'
  | 'ssh'
  | 'login'
  | 'remote-docker'
  | 'socket'
  | 'api'
  | 'clock'
  | 'anonymous'
  | 'accepted-cas'
  | 'server-certificate'
  | 'neighbours'
  | 'expiry'

/**
 * `failed`: it prevents the connection, or lets in somebody who shouldn't be. `warning`: it works, but you should know.
 * `unknown`: docker-mtls could not see it. `skipped`: not checked, because an earlier step failed.
 */
export type StepStatus = 'ok' | 'warning' | 'failed' | 'unknown' | 'skipped'

/** Codes of dangers and warnings. They don't prevent a connection, so they have no error code. */
export type FindingCode =
  /** Some addresses of the name don't accept connections. */
  | 'SOME_ADDRESSES_FAIL'
  /** The clocks of both machines differ by a minute or more. */
  | 'CLOCKS_DIFFER'
  /** The daemon answers `/_ping`, but not `GET /version`. */
  | 'API_LIMITED'
  /** The engine is newer than docker-mtls, or than its gateway. */
  | 'API_NEWER'
  /** The server accepts clients without a certificate. */
  | 'CLIENT_CERTIFICATE_NOT_REQUIRED'
  /** The server accepts clients of every CA that its system trusts. */
  | 'ANY_CA_ACCEPTED'
  /** The server accepts clients of a CA that isn't in your `ca.pem`. */
  | 'OTHER_CA_ACCEPTED'
  /** The server's own certificate also works as a client certificate. */
  | 'SERVER_CERTIFICATE_IS_CLIENT'
  /** A Docker daemon answers without TLS. */
  | 'PLAINTEXT_DOCKER'
  /** A usual port of the daemon is open beside its gateway. */
  | 'AROUND_GATEWAY'
  /** A port of Docker's metrics or of Swarm answers without TLS. */
  | 'PLAINTEXT_SERVICE'
  /** Every user of this machine may open the local socket. */
  | 'SOCKET_OPEN_TO_ALL'
  /** A certificate expires within 30 days, or has expired. */
  | 'CERTIFICATE_EXPIRES_SOON'
  /** A certificate has used two thirds of its lifetime. */
  | 'CERTIFICATE_DUE'
  /** Other warnings about the endpoint and the identity. */
  | 'ENDPOINT_WARNING'
  | 'IDENTITY_WARNING'
  | 'KEY_OPEN_TO_OTHERS'
  /** An error that docker-mtls doesn't know. */
  | 'UNEXPECTED'

/** Why a step isn't `ok`: an error code of this package, or one of {@link FindingCode}. */
export type StepCode = ErrorCode | FindingCode

/** Data about a step: strings, numbers, lists and plain objects. It may contain foreign text, and no secrets. */
export type Facts = Readonly<Record<string, unknown>>

/** One finding of {@link diagnose}. */
export interface DoctorStep {
  /** The checked step. */
  readonly step: StepName
  /** The result. */
  readonly status: StepStatus
  /** Absent for `ok`, `skipped` and `unknown`. */
  readonly code?: StepCode
  /** Data for programs. */
  readonly facts: Facts
  /** The finding and why it matters, as one sentence. */
  readonly finding: string
  /** What to do, with the command. */
  readonly remedy?: string
}

/** A step with its sentences as data, so that the command line can render them for its reader. */
export interface DetailedStep extends Omit<DoctorStep, 'finding' | 'remedy'> {
  readonly finding: Sentence
  readonly remedy?: Sentence
}

/** Renders the sentences of a step, with foreign text escaped. */
export function plainStep({ step, status, code, facts, finding, remedy }: DetailedStep): DoctorStep {
  return {
    step,
    status,
    ...(code !== undefined && { code }),
    facts,
    finding: escapeText(renderSentence(finding)),
    ...(remedy !== undefined && { remedy: escapeText(renderSentence(remedy)) }),
  }
}

export function ok(step: StepName, finding: Sentence, facts: Facts = {}): DetailedStep {
  return { step, status: 'ok', facts, finding }
}

export function unknown(step: StepName, finding: Sentence, facts: Facts = {}): DetailedStep {
  return { step, status: 'unknown', facts, finding }
}

/** A step that was not checked, because an earlier one failed. */
export function notSeen(step: StepName, fault: StepName): DetailedStep {
  return {
    step,
    status: 'skipped',
    facts: { after: fault },
    finding: `not checked, because the step ${fault} failed`,
  }
}

/** What a finding that isn't `ok` says. */
interface Trouble {
  readonly code: StepCode
  readonly finding: Sentence
  readonly remedy?: Sentence | undefined
  readonly facts?: Facts
}

export function warning(step: StepName, trouble: Trouble): DetailedStep {
  return troubled(step, 'warning', trouble)
}

export function failed(step: StepName, trouble: Trouble): DetailedStep {
  return troubled(step, 'failed', trouble)
}

function troubled(step: StepName, status: StepStatus, { code, finding, remedy, facts = {} }: Trouble): DetailedStep {
  return { step, status, code, facts, finding, ...(remedy !== undefined && { remedy }) }
}

/** For the errors that send their reader to doctor. */
const REMEDIES: Readonly<Partial<Record<ErrorCode, Sentence>>> = {
  ERR_HOST_UNREACHABLE: 'Check the route to the host, the VPN and the firewall.',
  ERR_CONNECT_TIMEOUT: 'Allow this machine in the firewall of the host, and check that the host is running.',
  ERR_HANDSHAKE_TIMEOUT: sentence`On the host, see which program listens on this port, and whether it hangs:  ${command('ss', '-ltnp')}`,
  ERR_TLS_FAILED: sentence`Read the daemon's log:  ${command('journalctl', '-u', 'docker')}`,
  ERR_CONNECTION_FAILED: sentence`Read the daemon's log:  ${command('journalctl', '-u', 'docker')}`,
}

/** A step that failed with an error. */
export function failedBy(step: StepName, error: unknown, facts: Facts = {}): DetailedStep {
  if (!isDockerMtlsError(error)) {
    const finding = error instanceof Error ? error.message : String(error)
    return failed(step, { code: 'UNEXPECTED', finding, facts: { ...facts, cause: codeOf(error) } })
  }
  const { tried, got, todo } = sentencesOf(error)
  return failed(step, {
    code: error.code,
    finding: sentence`${tried}: ${got}`,
    remedy: REMEDIES[error.code] ?? todo,
    facts: { ...facts, ...causeOf(error) },
  })
}

/** The code of Node or OpenSSL behind an error, such as `ECONNREFUSED`. */
function causeOf({ cause }: AnyDockerMtlsError): Facts {
  const code = codeOf(cause)
  return code === '' ? {} : { cause: code }
}

/** A warning whose text ends with its remedy: `KEY is open to others. Restrict it:  chmod 600 KEY`. */
export function splitRemedy(text: Sentence): { readonly finding: Sentence; readonly remedy?: Sentence } {
  const parts = partsOf(text)
  const at = parts.findIndex((part) => typeof part !== 'string' && 'command' in part)
  const before = parts[at - 1]
  if (typeof before !== 'string') return { finding: text }
  const end = before.lastIndexOf('. ')
  if (end === -1) return { finding: text }
  const finding: SentencePart[] = [...parts.slice(0, at - 1), before.slice(0, end + 1)]
  return { finding, remedy: [before.slice(end + 2), ...parts.slice(at)] }
}
