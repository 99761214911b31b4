import { certificatesIn } from '../../apply/certificates-in.ts'
import { refuseConflicts } from '../../apply/conflicts.ts'
import { isNothingToRemove, planRemove, type RemovePlan } from '../../apply/remove/plan.ts'
import { hasOwnGateway } from '../../apply/gateway/beside.ts'
import { planGatewayRemove, type GatewayRemovePlan } from '../../apply/gateway/remove/plan.ts'
import { settlePending } from '../../apply/rollback/pending.ts'
import { readIfThere } from '../../base/files.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { formatTarget } from '../../daemon-config/listener-target.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import type { HostShell } from '../../host/shell.ts'
import type { SshShell } from '../../host/ssh-shell.ts'
import { serverPaths } from '../../keystore/layout.ts'
import { planServerRemoval, type ServerRemoval } from '../../keystore/keystore.ts'
import { forEachHost, type Outcome } from '../for-each-host.ts'
import { hostNames } from '../host-names.ts'
import { openHost, type Addresses } from '../open-host.ts'
import { labelSteps } from '../plan-hosts.ts'
import type { SetupTarget } from '../target.ts'
import { findProgramCopies, type ProgramCopies } from '../gateway/copies.ts'
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
  /** The gateway in front of its dockerd, if it has one. */
  readonly gateway?: GatewayRemovePlan
  /** Its copies of docker-mtls, for a gateway. */
  readonly copies: ProgramCopies
  /** Its files in the folder of the CA. */
  readonly server?: ServerRemoval
  /** All contexts that point to it. */
  readonly contexts: readonly HostContext[]
}

/** Is there nothing of setup, neither on the host nor here? */
export function isNothingToUndo(plan: UndoPlan): boolean {
  return isNothingThere(plan) && plan.server === undefined && !plan.contexts.some(({ isOurs }) => isOurs)
}

/** Is there nothing of setup on the host? */
export function isNothingThere({ remove, gateway, copies }: Pick<UndoPlan, 'remove' | 'gateway' | 'copies'>): boolean {
  return isNothingToRemove(remove) && gateway === undefined && copies.removed.length === 0
}

/** The listeners that will be closed. dockerd may get the one of the gateway back. */
export function closedListeners(removal: Removal): string[] {
  return leftListeners(removal).filter((listener) => !removal.remove.listens.includes(listener))
}

/** The listeners of docker-mtls, which the contexts of setup lead to. */
function leftListeners({ remove, gateway }: Removal): string[] {
  return [...remove.closes, ...(gateway === undefined ? [] : [gateway.listen])]
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
  const removal = await planRemoval(shell, target.host, options)
  const sources = { hostname, address: shell.address(), requested: [] }
  const { reach, all } = await hostNames(dir, target.folder, sources)
  const url = formatTarget({ host: reach.value, port: TLS_PORT })
  const contexts = await findHostContexts(dir, config, { url, names: all, closes: leftListeners(removal) })
  const server = await serverOf(target, removal.remove, dir)
  const copies = await findProgramCopies(shell, removal.gateway !== undefined, options.signal)
  return { ...target, shell, ...removal, copies, contexts, ...(server && { server }) }
}

type Removal = Pick<UndoPlan, 'remove' | 'gateway'>

async function planRemoval(shell: SshShell, host: string, { dryRun, signal, onStep }: UndoOptions): Promise<Removal> {
  const first = await inspectRemoval(shell, signal)
  if (dryRun) return first
  const { isPending } = first.remove
  if (isPending) await settlePending(shell, labelSteps(host, onStep), signal)
  const removal = isPending ? await inspectRemoval(shell, signal) : first
  refuseConflicts(removal.remove)
  return removal
}

/**
 * A gateway goes first, so that it doesn't stand in the way of the rest.
 *
 * @internal
 */
export async function inspectRemoval(shell: HostShell, signal: AbortSignal | undefined): Promise<Removal> {
  const remove = await planRemove(shell, signal)
  if (!hasOwnGateway(remove.facts)) return { remove }
  const reopens = remove.listens.length > 0
  const gateway = await planGatewayRemove({ reopens }, shell, signal, remove.facts)
  const others = remove.conflicts.filter(({ kind }) => kind !== 'gateway')
  return { remove: { ...remove, conflicts: [...gateway.conflicts, ...others] }, gateway }
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
