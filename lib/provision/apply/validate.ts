import { ProvisionError } from '../../errors.ts'
import { asScript, hereDocument, shWord } from '../host/sh.ts'
import { lastWords, type HostShell, type Ran } from '../host/shell.ts'
import type { ApplyPlan } from './plan.ts'
import { withoutFlag } from './variables.ts'

/** What a judge of the host said. */
const SYSTEMD = 3
const DOCKERD = 4

/**
 * Lets the host's own systemd and dockerd judge the configuration, in a folder of its own in memory, before it is in its
 * place: what they would not load is not written.
 *
 * @throws {@link ProvisionError} ERR_APPLY_INVALID, with their words
 */
export async function validate(plan: ApplyPlan, shell: HostShell, signal?: AbortSignal): Promise<void> {
  const ran = await shell.run(validationScript(plan), { signal })
  if (ran.code === 0) return
  const judge = ran.code === SYSTEMD ? 'systemd-analyze verify' : 'dockerd --validate'
  throw new ProvisionError('ERR_APPLY_INVALID', {
    tried: `letting ${judge} of ${shell.name} judge the new configuration`,
    got: wordsOf(ran),
    todo: 'Nothing was changed. Mend what it names: in the unit, in /etc/docker/daemon.json, or in the options.',
  })
}

function wordsOf(ran: Ran): string {
  return lastWords(ran).replaceAll(/\/run\/docker-mtls\.\w+\//g, '')
}

function validationScript({ start: { path, dropIn, daemonJson, unit, expanded }, settings }: ApplyPlan): string {
  // With user namespaces dockerd makes the user dockremap while it validates (dockerd-facts: not free of effects).
  const args = withoutFlag(expanded.argv, 'userns-remap')
  const named = args.some((arg) => arg.startsWith('--config-file'))
  const config = daemonJson === undefined || named ? [] : ['--config-file="$d/daemon.json"']
  const json = daemonJson === undefined || settings.usernsRemap === undefined ? daemonJson : withoutRemap(daemonJson)
  return asScript([
    'd=$(mktemp -d /run/docker-mtls.XXXXXXXX) || exit 1',
    // shellcheck: the folder's name is known only now, and has no blank in it.
    'trap "rm -rf $d" EXIT',
    'mkdir "$d/docker.service.d"',
    `cp ${shWord(path)} "$d/docker.service"`,
    `cat >"$d/docker.service.d/override.conf" ${hereDocument(dropIn)}`,
    ...(json === undefined ? [] : [`cat >"$d/daemon.json" ${hereDocument(json)}`]),
    'v="systemd-analyze verify --man=no"',
    // Only what is wrong with this unit counts; older ones judge all that it needs as well, and can't be told otherwise.
    'if systemd-analyze --help | grep -q recursive-errors; then v="$v --recursive-errors=no"; fi',
    `out=$($v "$d/docker.service" 2>&1) || { printf "%s\\n" "$out" >&2; exit ${SYSTEMD}; }`,
    `out=$(${[unit.exec, ...args].map(shWord).join(' ')} --validate ${config.join(' ')} 2>&1) || { printf "%s\\n" "$out" >&2; exit ${DOCKERD}; }`,
  ])
}

function withoutRemap(text: string): string {
  const json = JSON.parse(text) as Record<string, unknown>
  return JSON.stringify(Object.fromEntries(Object.entries(json).filter(([key]) => key !== 'userns-remap')))
}
