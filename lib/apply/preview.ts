import type { Warning } from '../base/warning.ts'
import { DOCKER_CE_UNIT } from '../daemon-config/unit/parse-unit.ts'
import { unitAmong } from '../daemon-config/unit/installed-unit.ts'
import { renderFlags } from '../daemon-config/render-flags.ts'
import { gatherFacts } from '../host/facts.ts'
import { whyNoApply } from '../host/preconditions.ts'
import type { HostShell } from '../host/shell.ts'
import type { Conflict } from './conflicts.ts'
import type { RequestedApply } from './options.ts'
import { planApply, planFor, type ApplyPlan } from './plan.ts'
import { unitTexts } from './unit.ts'
import { settingsFault } from './validate.ts'

/**
 * Plans an apply that will only be shown. On a machine without systemd or Docker Engine, such as a container or a laptop, the plan is for
 * another one with the same files, and with docker-ce's unit if there is none.
 */
export async function previewApply(
  requested: RequestedApply,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<ApplyPlan> {
  const first = await gatherFacts(shell, signal)
  const cantApply = whyNoApply(first, renderFlags(requested))
  if (cantApply === undefined) return planApply(requested, shell, signal)
  const found = unitAmong(unitTexts(first)) ?? { unit: DOCKER_CE_UNIT, paths: [], later: [] }
  // Both docker-ce and Debian's docker.io install docker.socket.
  const plan = await planFor(requested, { shell, signal, first, found, hasSocketUnit: true })
  const conflicts = plan.conflicts.filter(({ kind }) => IN_FILES.has(kind))
  const warnings = [...plan.warnings, ...(await settingsWarnings(requested, plan, shell, signal))]
  return { ...plan, conflicts, warnings, cantApply }
}

/** The dockerd of a server may know other keys than the one that is here. */
async function settingsWarnings(
  { daemonSettings }: RequestedApply,
  { facts }: ApplyPlan,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<Warning[]> {
  if (daemonSettings === undefined || facts.fact('dockerd') === '') return []
  const fault = await settingsFault(daemonSettings, shell, signal)
  if (fault === undefined) return []
  const text = `The dockerd of this machine refuses the settings: ${fault}. Correct them: dockerd doesn't start with a key that it doesn't know.`
  return [{ code: 'settings-refused', text }]
}

/** The conflicts that a copy of the files has as well. The others are about the programs and ports of this machine. */
const IN_FILES: ReadonlySet<Conflict['kind']> = new Set([
  'directive-in-two-places',
  'later-drop-in',
  'flag-in-variable',
  'other-config-file',
  'containerd-image-store',
  'not-a-file',
])
