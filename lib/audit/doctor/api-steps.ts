import { DockerApiError, isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { MOST_SKEW_MS } from '../clocks.ts'
import { inWords } from '../../base/dates.ts'
import { WITHOUT_CLIENT_CERTIFICATE, WITHOUT_TLS } from '../../base/wordings/dockerd.ts'
import { engineName } from '../../engine/version.ts'
import { newerApi, UPGRADE } from '../newer-api.ts'
import type { Attempt } from './attempt.ts'
import { valueOf } from './deadline.ts'
import { failedBy, ok, unknown, warning, type DetailedStep } from './step.ts'

/** Does the daemon answer? */
export function apiStep({ error, apiVersion, version, gateway, unknownApi }: Attempt): DetailedStep {
  const through = gateway === true && { gateway: true }
  if (error !== undefined) return failedBy('api', error, { ...through, ...reasonIn(error) })
  const { Version, ApiVersion, MinAPIVersion, Os, Arch, Components } = (version && valueOf(version)) ?? {}
  const facts = {
    apiVersion,
    engine: Version,
    newest: ApiVersion,
    oldest: MinAPIVersion,
    os: Os,
    arch: Arch,
    ...through,
  }
  if (version !== undefined && 'error' in version && refusesVersion(version.error)) {
    return failedBy('api', version.error, facts)
  }
  if (version !== undefined && 'error' in version) return limited(version.error, facts)
  const engine = Version === undefined ? 'The daemon' : `${engineName({ Components })} ${Version}`
  const way =
    gateway === true ? ', through a gateway of docker-mtls: the server in the other steps is that gateway' : ''
  const newer = newerApi((version && valueOf(version)) ?? {}, unknownApi)
  if (newer !== undefined) return warning('api', { code: 'API_NEWER', finding: newer, remedy: UPGRADE, facts })
  return ok('api', `${engine} answers, with API ${apiVersion ?? ''}${way}`, facts)
}

/** The code of a gateway's refusal. */
function reasonIn(error: unknown): { readonly reason?: string } {
  return error instanceof DockerApiError && error.gatewayReason !== undefined ? { reason: error.gatewayReason } : {}
}

/** With a pinned version that the daemon doesn't serve, `/_ping` is the only call that works: its path has no version. */
function refusesVersion(error: unknown): boolean {
  return isDockerMtlsError(error, 'ERR_API_VERSION_UNSUPPORTED')
}

/** `/_ping` needs no rights; `/version` may be refused by an authorization plugin or a gateway, or get no answer. */
function limited(error: unknown, facts: object): DetailedStep {
  const { got, todo }: { got: Sentence; todo?: Sentence } = isDockerMtlsError(error)
    ? sentencesOf(error)
    : { got: String(error) }
  return warning('api', {
    code: 'API_LIMITED',
    finding: sentence`the daemon answers /_ping, but not GET /version: ${got}`,
    remedy: todo,
    facts: { ...facts, ...reasonIn(error), cause: isDockerMtlsError(error) ? error.code : 'UNEXPECTED' },
  })
}

/** Clocks that differ make certificates expired, or not yet valid, on one side only. */
export function clockStep({ ahead }: Attempt): DetailedStep {
  if (ahead === undefined) return unknown('clock', 'the daemon did not report its time')
  const seconds = Math.round(ahead / 1000)
  const facts = { secondsAhead: seconds }
  if (Math.abs(ahead) < MOST_SKEW_MS) return ok('clock', 'the clocks of both machines agree', facts)
  const how = ahead > 0 ? 'ahead of' : 'behind'
  return warning('clock', {
    code: 'CLOCKS_DIFFER',
    finding: `the daemon's clock is ${inWords(ahead)} ${how} the clock of this machine: one side may treat valid certificates as expired or not yet valid`,
    remedy: sentence`Find the wrong one with ${command('date', '-u')}, and synchronize it:  ${command('timedatectl', 'set-ntp', 'true')}`,
    facts,
  })
}

/** Beside a gateway, dockerd needs no listener, and `daemon apply` and `setup` would refuse to secure one. */
export const REMOVE_LISTENER: Sentence = sentence`Remove that listener from dockerd (-H or "hosts"). Then, on the server, as root:  ${command('systemctl', 'daemon-reload')}  and  ${command('systemctl', 'restart', 'docker')}`

/**
 * The daemon itself knows whether it also listens without TLS (moby, daemon/info.go). dockerd on another host than this
 * one can't be asked in any other way.
 */
export function listenersStep({ info, gateway }: Attempt): DetailedStep {
  const warnings = info && valueOf(info)?.Warnings
  if (warnings === undefined) return unknown('neighbours', 'the daemon did not report whether it listens without TLS')
  const open = warnings.filter(
    (text) => WITHOUT_TLS.pattern.test(text) || WITHOUT_CLIENT_CERTIFICATE.pattern.test(text),
  )
  if (open.length === 0)
    return ok('neighbours', "the daemon reports no listener without TLS; it doesn't report those of docker.socket")
  return {
    ...warning('neighbours', {
      code: 'PLAINTEXT_DOCKER',
      finding: `the daemon warns that anyone can use its API: ${open.map((text) => text.split('\n')[0]?.slice(0, 200)).join('; ')}`,
      remedy:
        gateway === true
          ? REMOVE_LISTENER
          : sentence`Remove that listener from dockerd, or secure it:  ${ours('daemon', 'apply')}`,
      facts: { warnings: open },
    }),
    status: 'failed',
  }
}
