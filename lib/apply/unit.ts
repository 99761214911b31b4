import { sentencesOf } from '../base/error.ts'
import { command, sentence } from '../base/sentence.ts'
import { GIVE_INSTALLED_UNIT } from '../daemon-config/unit/parse-unit.ts'
import { DaemonError, isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import type { HostFacts } from '../host/facts.ts'
import { unitAmong, type FoundUnit } from '../daemon-config/unit/installed-unit.ts'

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
