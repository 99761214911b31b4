import { sentencesOf } from '../base/error.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import { GIVE_INSTALLED_UNIT } from '../daemon-config/unit/parse-unit.ts'
import { DaemonError, isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import type { HostFacts } from '../host/facts.ts'
import type { HostShell } from '../host/shell.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'
import { settingsInForce } from '../daemon-config/settings-in-force.ts'
import type { Configured } from './rollback/tls-files.ts'
import { SOCKET_UNIT, unitAmong, UNIT_NAME, type FoundUnit } from '../daemon-config/unit/installed-unit.ts'

/**
 * How systemd starts dockerd on a host: the unit and its drop-ins, from the files that were read there.
 *
 * @throws {@link DaemonError} ERR_UNIT_INVALID, naming the files
 * @throws {@link ProvisionError} ERR_HOST_NO_DOCKER
 */
export function unitOf(facts: HostFacts, name: string): FoundUnit {
  try {
    const found = unitAmong(unitTexts(facts))
    if (found !== undefined) return found
  } catch (cause) {
    throw withRemedy(cause)
  }
  throw new ProvisionError('ERR_HOST_NO_DOCKER', {
    tried: `looking for docker.service on ${name}`,
    got: 'systemd knows it, but its file is in none of the unit folders',
    todo: 'Install Docker Engine from the packages of your distribution or of Docker.',
  })
}

/**
 * How dockerd is configured on a host: by its files, and by what systemd passes to it.
 *
 * @throws as {@link unitOf}, and {@link DaemonError} ERR_DAEMON_JSON_INVALID
 */
export function inForceOf(facts: HostFacts, { name }: Pick<HostShell, 'name'>): Configured {
  const found = unitOf(facts, name)
  return { found, inForce: settingsInForce(found, facts.file(DAEMON_JSON)?.text, facts.passed) }
}

/** How to find out why dockerd doesn't run. systemd doesn't start it without its socket. */
export function findOutWhy({ property }: HostFacts): Sentence {
  const failed = property('socket', 'ActiveState') === 'failed' ? SOCKET_UNIT : UNIT_NAME
  return sentence`Find out why:  ${command('systemctl', 'status', failed)}`
}

/** The files that may belong to the unit. */
export function unitTexts({ files }: HostFacts): Map<string, string> {
  return new Map(files.map(({ path, text = '' }) => [path, text]))
}

/** The caller passed no text: this is the host's own unit, and has to be repaired there. */
function withRemedy(cause: unknown): unknown {
  if (!isDockerMtlsError(cause, 'ERR_UNIT_INVALID')) return cause
  const { tried, got, todo } = sentencesOf(cause)
  if (todo !== GIVE_INSTALLED_UNIT) return cause
  const onHost = sentence`Inspect the unit (${command('systemctl', 'cat', 'docker.service')}), and repair or remove the wrong file. Nothing was changed.`
  return new DaemonError('ERR_UNIT_INVALID', { tried, got, todo: onHost, cause })
}
