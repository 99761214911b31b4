import { isDockerMtlsError } from '../../base/errors.ts'
import { command, option, sentence, type Sentence } from '../../base/sentence.ts'
import { formatDay } from '../../base/text.ts'
import { identityFor } from '../../engine/connect.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import type { Identity } from '../../identity/identity.ts'
import { certificateFacts } from './certificate-facts.ts'
import { findFolders, toolOf, type FoundFolder } from './layouts.ts'
import { failedBy, ok, splitRemedy, warning, type DetailedStep, type StepCode } from './step.ts'

/** The identity, if it can be used, and the findings about it. */
export interface IdentitySeen {
  readonly identity?: Identity
  readonly steps: readonly DetailedStep[]
}

/** What decides where the identity comes from. */
export interface IdentityQuestion {
  readonly endpoint: ResolvedEndpoint
  readonly options: EndpointOptions
  readonly env: Environment
}

/** Reads and checks our key, certificate and CA, as a connection does before it sends anything. */
export async function seeIdentity(question: IdentityQuestion): Promise<IdentitySeen> {
  const { endpoint, options } = question
  try {
    const identity = await identityFor(endpoint, options)
    if (identity === undefined) return { steps: [] }
    return { identity, steps: [usable(identity), ...warningsOf(identity)] }
  } catch (error) {
    const step = failedBy('identity', error, { certPath: endpoint.certPath })
    return { steps: [isAboutFiles(error) ? await withFolders(step, question) : step] }
  }
}

function usable(identity: Identity): DetailedStep {
  const { client, authorities, source } = identity
  const layout = toolOf(
    source,
    authorities.map(({ subject }) => subject),
  )
  const facts = {
    source,
    ...(layout !== undefined && { layout }),
    client: certificateFacts(client),
    authorities: authorities.map(certificateFacts),
  }
  const whose = layout === undefined || layout === 'docker-mtls' ? '' : ` (made by ${layout})`
  return ok(
    'identity',
    `${source}${whose}: key, certificate and CA match; the certificate of ${client.commonName ?? client.subject} is valid until ${formatDay(client.validTo)}`,
    facts,
  )
}

/** `expiry` reports certificates that expire, those of the server included. */
function warningsOf(identity: Identity): DetailedStep[] {
  const isDind =
    toolOf(
      '',
      identity.authorities.map(({ subject }) => subject),
    ) === 'docker:dind'
  return identity.observations
    .filter(({ code }) => code !== 'CERTIFICATE_EXPIRES_SOON')
    .map(({ code, text }) => {
      const isKey = code === 'KEY_OPEN_TO_OTHERS'
      const { finding, remedy } = splitRemedy(text)
      const said = isKey && isDind ? sentence`${finding} docker:dind creates it with this mode.` : finding
      const about: StepCode = isKey ? 'KEY_OPEN_TO_OTHERS' : 'IDENTITY_WARNING'
      return warning('identity', { code: about, finding: said, remedy, facts: { about: code } })
    })
}

function isAboutFiles(error: unknown): boolean {
  return isDockerMtlsError(error, 'ERR_IDENTITY_FILE_MISSING', 'ERR_IDENTITY_NOT_PEM', 'ERR_IDENTITY_ISSUER')
}

/** Other tools keep the three files in other folders. */
async function withFolders(step: DetailedStep, { endpoint, options, env }: IdentityQuestion): Promise<DetailedStep> {
  const host = endpoint.kind === 'tls' ? endpoint.host : undefined
  const found = await findFolders({ folder: endpoint.certPath, host, env })
  const [first] = found
  if (first === undefined) return step
  const facts = { ...step.facts, found }
  return { ...step, facts, remedy: useFolder(found, first, options) }
}

function useFolder(found: readonly FoundFolder[], { tool, folder }: FoundFolder, options: EndpointOptions): Sentence {
  const others = found.length === 1 ? '' : ` (or one of ${found.length - 1} more)`
  const said = `The files of ${tool} are in ${folder}${others}. Use that folder:`
  return options.certPath === undefined
    ? sentence`${said}  ${command('export', `DOCKER_CERT_PATH=${folder}`)}`
    : sentence`${said}  ${option('certPath', `'${folder}'`)}`
}
