import { ProvisionError } from '../base/errors.ts'
import { shellFile } from '../base/shell-file.ts'
import { assignments, shellCall, shellFunction, shellProgram } from '../host/script.ts'
import { stderrSummary, type HostShell } from '../host/shell.ts'
import { mergeSettings, type DaemonSettingsPatch } from '../daemon-config/daemon-settings.ts'
import { readDaemonJson } from '../daemon-config/existing-daemon-json.ts'
import { tlsFilesIn } from '../daemon-config/options.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'
import { isWritten } from './changes.ts'
import type { ApplyPlan } from './plan.ts'
import { withoutFlag } from '../daemon-config/unit/variables.ts'

const VALIDATE_SH: string = shellFile(new URL('./validate.sh', import.meta.url))

/** An exit code of `validate.sh`: systemd refuses the unit. */
const SYSTEMD_REFUSES = 3

/** The part of a plan that is validated. */
export type Validated = Pick<ApplyPlan, 'start' | 'settings' | 'changes' | 'tlsDir'>

/**
 * Validates the configuration with the host's own systemd and dockerd, in a folder in memory: a configuration that they would
 * not load is never written.
 *
 * @throws {@link ProvisionError} ERR_APPLY_INVALID, with their messages
 */
export async function validate(plan: Validated, shell: HostShell, signal?: AbortSignal): Promise<void> {
  const ran = await shell.run(validationScript(plan), { signal })
  if (ran.code === 0) return
  const judge = ran.code === SYSTEMD_REFUSES ? 'systemd-analyze verify' : 'dockerd --validate'
  throw new ProvisionError('ERR_APPLY_INVALID', {
    tried: `validating the new configuration with ${judge} on ${shell.name}`,
    got: withoutStage(stderrSummary(ran)),
    todo: `Nothing was changed. Correct what it names in the unit, in ${DAEMON_JSON} or in the options.`,
  })
}

/** In characters: dockerd lists every key that it doesn't know. */
const LONGEST = 300

/**
 * Validates changes to daemon.json alone, with a dockerd on a machine on which nothing can be applied.
 *
 * @returns what dockerd says against them; undefined if it accepts them
 */
export async function settingsFault(
  patch: DaemonSettingsPatch,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const json = JSON.stringify(mergeSettings({}, patch))
  const script = shellProgram(shellCall(['dockerd', '--validate', '--config-file', '/dev/stdin'], json))
  const ran = await shell.run(script, { signal })
  if (ran.code === 0) return undefined
  const said = stderrSummary(ran)
  return said.length > LONGEST ? `${said.slice(0, LONGEST)} ...` : said
}

/** Removes the folder in which the files are staged from their paths. */
function withoutStage(output: string): string {
  return output.replaceAll(/\/run\/docker-mtls\.[\w.]+\//g, '')
}

function validationScript({ start, settings, changes, tlsDir }: Validated): string {
  const { path, dropIn, daemonJson, unit, expanded } = start
  // dockerd loads the TLS files while it validates. It gets the new ones, which are not in their place yet.
  const staged = changes.filter(
    (change) => isWritten(change) && Object.values(tlsFilesIn(tlsDir)).includes(change.path),
  )
  const here = (text: string): string =>
    staged.reduce((staging, file, index) => staging.replace(file.path, () => `${STAGE}/${index}.pem`), text)
  // With user namespaces, dockerd creates the user dockremap even when it only validates.
  const args = withoutFlag(expanded.argv, 'userns-remap').map(here)
  const named = args.some((arg) => arg.startsWith('--config-file'))
  const json = daemonJson === undefined ? undefined : jsonFor(daemonJson, settings, here)
  const config = json === undefined || named ? [] : [`--config-file=${STAGE}/daemon.json`]
  const files = [
    ['docker.service.d/override.conf', dropIn] as const,
    ...staged.map(({ text }, index) => [`${index}.pem`, text] as const),
    ...(json === undefined ? [] : [['daemon.json', json] as const]),
  ]
  return shellProgram(
    assignments({ unit_file: path, stage: STAGE }),
    shellCall(['set', '--', unit.exec, ...args, '--validate', ...config]),
    shellFunction(
      'stage_files',
      files.map(([name, text]) => shellCall(['stage', name], text)),
    ),
    VALIDATE_SH,
  )
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
