import { ProvisionError } from '../base/errors.ts'
import { asScript, hereDocument } from '../host/script.ts'
import { lastWords, type HostShell, type Ran } from '../host/shell.ts'
import { readDaemonJson } from '../daemon-config/existing-daemon-json.ts'
import { tlsFilesIn } from '../daemon-config/options.ts'
import { isWritten } from './changes.ts'
import type { ApplyPlan } from './plan.ts'
import { withoutFlag } from '../daemon-config/unit/variables.ts'
import { shellWord } from '../base/shell-quote.ts'

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
  return lastWords(ran).replaceAll(/\/run\/docker-mtls\.[\w.]+\//g, '')
}

function validationScript({ start, settings, changes, tlsDir }: ApplyPlan): string {
  const { path, dropIn, daemonJson, unit, expanded } = start
  // dockerd loads the files of TLS while it validates: the new ones, which are not in their place yet.
  const staged = changes.filter(
    (change) => isWritten(change) && Object.values(tlsFilesIn(tlsDir)).includes(change.path),
  )
  const here = (text: string): string =>
    staged.reduce((words, file, index) => words.replace(file.path, () => `${STAGE}/${index}.pem`), text)
  // With user namespaces it makes the user dockremap meanwhile (dockerd-facts: not free of effects).
  const args = withoutFlag(expanded.argv, 'userns-remap').map(here)
  const named = args.some((arg) => arg.startsWith('--config-file'))
  const json = daemonJson === undefined ? undefined : jsonFor(daemonJson, settings, here)
  const config = json === undefined || named ? [] : [`--config-file=${STAGE}/daemon.json`]
  const words = [unit.exec, ...args, '--validate', ...config].map(staging)
  return asScript([
    // What one that was killed has left has a key in it.
    'for d in /run/docker-mtls.*.*; do p=${d%.*}; p=${p##*.}; if test -d "$d" && ! test -d "/proc/$p"; then rm -rf -- "$d"; fi; done',
    'd=$(mktemp -d "/run/docker-mtls.$$.XXXXXXXX") || exit 1',
    'trap "rm -rf $d" EXIT; trap "exit 1" HUP INT PIPE TERM',
    'umask 077; mkdir "$d/docker.service.d"',
    `cp ${shellWord(path)} "$d/docker.service"`,
    `cat >"$d/docker.service.d/override.conf" ${hereDocument(dropIn)}`,
    ...staged.map(({ text }, index) => `cat >"$d/${index}.pem" ${hereDocument(text)}`),
    ...(json === undefined ? [] : [`sed "s#${STAGE}#$d#g" >"$d/daemon.json" ${hereDocument(json)}`]),
    'v="systemd-analyze verify --man=no"',
    // Only what is wrong with this unit counts; older ones judge all that it needs as well, and can't be told otherwise.
    'if systemd-analyze --help | grep -q recursive-errors; then v="$v --recursive-errors=no"; fi',
    `out=$($v "$d/docker.service" 2>&1) || { printf "%s\\n" "$out" >&2; exit ${SYSTEMD}; }`,
    `out=$(${words.join(' ')} 2>&1) || { printf "%s\\n" "$out" >&2; exit ${DOCKERD}; }`,
  ])
}

/** A word in which the folder's own name is put by the host. */
function staging(word: string): string {
  return word.split(STAGE).map(shellWord).join('"$d"')
}

/** Stands for the folder, whose name only the host knows. */
const STAGE = '/docker-mtls-stage'

function jsonFor(text: string, { usernsRemap }: ApplyPlan['settings'], here: (text: string) => string): string {
  const entries = Object.entries(readDaemonJson(text)).filter(
    ([key]) => usernsRemap === undefined || key !== 'userns-remap',
  )
  return JSON.stringify(Object.fromEntries(entries.map(([key, value]) => [key, isText(value) ? here(value) : value])))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
