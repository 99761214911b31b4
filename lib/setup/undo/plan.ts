import { certificatesIn } from '../../apply/certificates-in.ts'
import { refuseConflicts } from '../../apply/conflicts.ts'
import { isNothingToRemove, planRemove, type RemovePlan } from '../../apply/remove/plan.ts'
import { findLastApply } from '../../apply/rollback/last-apply.ts'
import { settlePending } from '../../apply/rollback/pending.ts'
import { readIfThere } from '../../base/files.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { command, sentence } from '../../base/sentence.ts'
import { formatTarget } from '../../daemon-config/listener-target.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import type { SshShell } from '../../host/ssh-shell.ts'
import { serverPaths } from '../../keystore/layout.ts'
import { planServerRemoval, type ServerRemoval } from '../../keystore/keystore.ts'
import { forEachHost, type Outcome } from '../for-each-host.ts'
import { hostNames } from '../host-names.ts'
import { openHost, type Addresses } from '../open-host.ts'
import { labelSteps } from '../plan-hosts.ts'
import type { SetupTarget } from '../target.ts'
import { findHostContexts, type HostContext } from './contexts.ts'

/** The options of {@link planUndo} and of the later steps. */
export interface UndoOptions {
  /** The folder of the CA, the hosts and the clients. */
  readonly dir: string
  /** DOCKER_CONFIG, where setup created the contexts. */
  readonly config: string
  /** Changes nothing on any machine, and puts conflicts into the plan instead of failing. */
  readonly dryRun: boolean
  /** In seconds: see CarryOutOptions. */
  readonly rollbackAfter?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}

/** A host, and everything of it that would be removed, there and here. */
export interface UndoPlan extends SetupTarget {
  readonly shell: SshShell
  readonly remove: RemovePlan
  /** Its files in the folder of the CA. */
  readonly server?: ServerRemoval
  /** All contexts that point to it. */
  readonly contexts: readonly HostContext[]
}

/** Is there nothing of setup, neither on the host nor here? */
export function isNothingToUndo({ remove, server, contexts }: UndoPlan): boolean {
  return isNothingToRemove(remove) && server === undefined && !contexts.some(({ isOurs }) => isOurs)
}

const DANGER = 'a man in the middle could answer in its place, and everything would stay on the host'

/**
 * Determines for each host what setup has done there and here. An unfinished apply is rolled back first, unless this is a dry
 * run.
 *
 * @returns the plan of each host, or the error because of which nothing of it would be removed
 */
export function planUndo(targets: readonly SetupTarget[], options: UndoOptions): Promise<Outcome<UndoPlan>[]> {
  const addresses: Addresses = new Map()
  return forEachHost(targets, (target) =>
    runStep(options.onStep, { step: 'look', title: 'inspect it over ssh', subject: target.host }, () =>
      planHost(target, options, addresses),
    ),
  )
}

async function planHost(target: SetupTarget, options: UndoOptions, addresses: Addresses): Promise<UndoPlan> {
  const { dir, config } = options
  const { shell, hostname } = await openHost(target, addresses, DANGER)
  const remove = await planRemoval(shell, target, options)
  const sources = { hostname, address: shell.address(), requested: [] }
  const { reach, all } = await hostNames(dir, target.folder, sources)
  const url = formatTarget({ host: reach.value, port: TLS_PORT })
  const contexts = await findHostContexts(dir, config, { url, names: all, closes: remove.closes })
  const server = await serverOf(target, remove, dir)
  return { ...target, shell, remove, contexts, ...(server && { server }) }
}

async function planRemoval(
  shell: SshShell,
  target: SetupTarget,
  { dryRun, signal, onStep }: UndoOptions,
): Promise<RemovePlan> {
  const inspect = async (): Promise<RemovePlan> => withRemedy(await planRemove(shell, signal), shell, target)
  const first = await inspect()
  if (dryRun) return first
  if (first.isPending) await settlePending(shell, labelSteps(target.host, onStep), signal)
  const plan = first.isPending ? await inspect() : first
  refuseConflicts(plan)
  return plan
}

/** The host of a gateway that setup has put there has no docker-mtls in its PATH. */
async function withRemedy(plan: RemovePlan, shell: SshShell, { endpoint }: SetupTarget): Promise<RemovePlan> {
  if (!plan.conflicts.some(({ kind }) => kind === 'gateway')) return plan
  const last = await findLastApply(shell)
  if (last === undefined) return plan
  const sudo = endpoint.user === 'root' ? '' : 'sudo '
  const script = `${sudo}sh ${STATE_FOLDER}/${last.id}/rollback.sh asked`
  const todo = sentence`First roll back what was applied there last, then run this again:  ${command('ssh', formatEndpoint(endpoint), script)}`
  const conflicts = plan.conflicts.map((one) => (one.kind === 'gateway' ? { ...one, todo } : one))
  return { ...plan, conflicts }
}

/** The files that setup created for a host; or those of `init`, if the host has this very certificate. */
async function serverOf(
  { folder }: SetupTarget,
  { facts, tlsDir }: RemovePlan,
  dir: string,
): Promise<ServerRemoval | undefined> {
  const own = await planServerRemoval(dir, folder)
  if (own !== undefined) return own
  const [there] = certificatesIn(facts.file(tlsFilesIn(tlsDir).cert)?.text)
  const [here] = certificatesIn(await readIfThere(serverPaths(dir).cert))
  const isSame = here !== undefined && here.fingerprint256 === there?.fingerprint256
  return isSame ? planServerRemoval(dir) : undefined
}
