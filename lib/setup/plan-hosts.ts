import { isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { createAuthority } from '../pki/ca.ts'
import { issueServer } from '../pki/issue.ts'
import { caPaths, serverPaths } from '../keystore/layout.ts'
import { isWritten } from '../apply/changes.ts'
import { refuseConflicts } from '../apply/conflicts.ts'
import { settlePending } from '../apply/rollback/pending.ts'
import { planApply, type ApplyPlan } from '../apply/plan.ts'
import { loadServerFiles, type ServerFiles } from '../apply/server-files.ts'
import { validate } from '../apply/validate.ts'
import { lostNames } from '../apply/lost-clients.ts'
import { isFromCurrentCa } from '../keystore/keystore.ts'
import { runStep, type OnStep } from '../base/progress.ts'
import { serverFilesOf, type IssuedCertificates } from './issue-certificates.ts'
import { continueWith, type Outcome } from './for-each-host.ts'
import { inspectAgain, type InspectedHost } from './inspect-hosts.ts'
import type { SetupOptions } from './options.ts'
import { readIfThere } from '../base/files.ts'

/** A host, and the plan for it. */
export interface PlannedHost extends InspectedHost {
  readonly plan: ApplyPlan
}

/**
 * Decides what to change on each host. An unfinished apply is rolled back first.
 *
 * @param issued - the issued certificates
 */
export function planHosts(
  inspected: readonly Outcome<InspectedHost>[],
  issued: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<PlannedHost>[]> {
  return continueWith(inspected, (one) =>
    runStep(options.onStep, planStep(one.host), async ({ result }) => {
      const server = await serverFilesOf(issued, one.host)
      const planned = await planWithoutPending(one, server, options)
      refuseConflicts(planned.plan)
      result(changesIn(planned.plan))
      return planned
    }),
  )
}

/** The step that plans the changes on a host. */
export function planStep(host: string): { step: string; title: string; subject: string } {
  return { step: 'plan', title: 'decide what to change', subject: host }
}

async function planWithoutPending(
  one: InspectedHost,
  server: ServerFiles,
  options: SetupOptions,
): Promise<PlannedHost> {
  const { shell, host } = one
  const { requested, signal } = options
  const inspect = async (): Promise<ApplyPlan> => withRemedy(await planApply({ ...requested, server }, shell, signal))
  const plan = await inspect()
  if (!plan.isPending) return { ...one, plan }
  await settlePending(shell, labelSteps(host, options.onStep), signal)
  const again = await inspectAgain(one, options)
  return { ...again, plan: await inspect() }
}

/** Adds the host to each event of a step. */
export function labelSteps(host: string, onStep: OnStep | undefined): OnStep {
  return (event) => onStep?.({ ...event, subject: host })
}

function changesIn({ changes, restarts }: ApplyPlan): string {
  const written = changes.filter(isWritten).length
  if (written > 0) return `${written} ${written === 1 ? 'file' : 'files'} to write`
  return restarts ? 'restart dockerd' : 'nothing'
}

/** {@link planHosts} without any change on any machine. A temporary CA replaces files that don't exist yet. */
export function planDryRun(
  inspected: readonly Outcome<InspectedHost>[],
  options: SetupOptions,
): Promise<Outcome<PlannedHost>[]> {
  return continueWith(inspected, (one) =>
    runStep(options.onStep, planStep(one.host), async ({ result }) => {
      const server = await trialFiles(one, options.dir)
      const { signal, requested } = options
      const plan = withRemedy(await planApply({ ...requested, server }, one.shell, signal))
      if (plan.conflicts.length === 0) await validate(plan, one.shell, signal)
      result(changesIn(plan))
      return { ...one, plan }
    }),
  )
}

/** The files of a host, or temporary ones of a temporary CA. */
export async function trialFiles({ folder, names }: InspectedHost, dir: string): Promise<ServerFiles> {
  const existing = await validFiles(dir, { folder, names })
  if (existing !== undefined) return existing
  const { ca, cert, key, facts } = await issueServer(await createAuthority(), { names: names.all })
  return { ca: (await readIfThere(caPaths(dir).cert)) ?? ca, cert, key, facts }
}

/** Whether all files for a host already exist on this machine. If not, the host will be changed. */
export async function hasValidFiles(host: InspectedHost, dir: string): Promise<boolean> {
  return (await validFiles(dir, host)) !== undefined
}

async function validFiles(
  dir: string,
  { folder, names }: Pick<InspectedHost, 'folder' | 'names'>,
): Promise<ServerFiles | undefined> {
  try {
    const files = await loadServerFiles(serverPaths(dir, folder).folder)
    const covered = new Set([...files.facts.names.dns, ...files.facts.names.ip])
    const isValid = names.all.every((name) => covered.has(name)) && (await isFromCurrentCa(dir, files.cert))
    return isValid ? files : undefined
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/**
 * Adds a remedy for names that only the current certificate of the host has, because the host was set up by another name. Setup
 * doesn't adopt them: the host may show the certificate of another host.
 */
function withRemedy(plan: ApplyPlan): ApplyPlan {
  const losses = plan.losses.map((loss) => {
    if (loss.code !== 'names-lost') return loss
    const lost = lostNames(plan.before, plan.server)
    const keep = command(...lost.flatMap((name) => ['--name', name]))
    const [theyBelong, them] = lost.length === 1 ? ['the name belongs', 'it'] : ['the names belong', 'them']
    return { ...loss, text: sentence`${loss.text} If ${theyBelong} to this host, keep ${them}:  ${keep}` }
  })
  return { ...plan, losses }
}
