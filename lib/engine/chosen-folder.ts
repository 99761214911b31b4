import { IdentityError, isDockerMtlsError, sentencesOf } from '../base/errors.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import type { CertPathSource } from '../endpoint/resolution-log.ts'

interface Explained {
  /** Why the files were read in this folder. */
  readonly why: string
  /** The remedy if they are missing. */
  readonly todo: Sentence
}

const NOT_SET: Sentence = sentence`Set DOCKER_CERT_PATH to the folder that holds ca.pem, cert.pem and key.pem. To export them on the machine with the CA:  ${ours('client', 'export', 'NAME', '--out', 'NAME.tar')}`

const EXPLAINED: Readonly<Record<CertPathSource, Explained>> = {
  // docker:dind writes the files when it starts, so a new certificate isn't the remedy.
  DOCKER_TLS_CERTDIR: {
    why: '$DOCKER_TLS_CERTDIR/client',
    todo: sentence`docker:dind writes ca.pem, cert.pem and key.pem there when it starts. Mount its volume here, and wait for it:  ${ours('ping', '--wait', '60s')}`,
  },
  DOCKER_CONFIG: { why: '$DOCKER_CONFIG, since DOCKER_CERT_PATH is not set', todo: NOT_SET },
  default: { why: 'the default, since DOCKER_CERT_PATH is not set', todo: NOT_SET },
}

/** Adds to an error about missing or unreadable files why they were read in this folder, which nobody named as theirs. */
export function explainFolder(error: unknown, source: CertPathSource): unknown {
  const isMissing = isDockerMtlsError(error, 'ERR_IDENTITY_FILE_MISSING')
  if (!isMissing && !isDockerMtlsError(error, 'ERR_IDENTITY_FILE_UNREADABLE')) return error
  const { tried, got, todo } = sentencesOf(error)
  const explained = EXPLAINED[source]
  return new IdentityError(error.code, {
    tried: sentence`${tried} (${explained.why})`,
    got,
    todo: isMissing ? explained.todo : todo,
    cause: error.cause,
  })
}
