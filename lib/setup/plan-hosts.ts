import type { Warning } from '../base/warning.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import { createAuthority } from '../pki/ca.ts'
import { issueServer } from '../pki/issue.ts'
import { caPaths, serverPaths } from '../keystore/layout.ts'
import { isWritten } from '../apply/changes.ts'
import { refuseConflicts } from '../apply/conflicts.ts'
import { settlePending } from '../apply/rollback/pending.ts'
import { planApply, type ApplyPlan } from '../apply/plan.ts'
import { loadServerFiles, type ServerFiles } from '../apply/server-files.ts'
import { validate } from '../apply/validate.ts'
import { certificatesIn } from '../apply/certificates-in.ts'
import { tlsFilesIn } from '../daemon-config/options.ts'
import { isFromCurrentCa } from '../keystore/keystore.ts'
import { runStep, type OnStep } from '../base/progress.ts'
import { serverFilesOf, type IssuedCertificates } from './issue-certificates.ts'
import { continueWith, type Outcome } from './for-each-host.ts'
import type { InspectedHost } from './inspect-hosts.ts'
import type { SetupOptions } from './options.ts'
import { readIfThere } from '../base/files.ts'

/** A host, and the plan for it. */
export interface PlannedHost extends InspectedHost {
  readonly plan: ApplyPlan
}

/**
 * Decides what to change on each host. An unfinished apply is rolled back first.
 *
 * @param certified - the issued certificates
 */
export function planHosts(
  seen: readonly Outcome<InspectedHost>[],
  certified: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<PlannedHost>[]> {
  return continueWith(seen, (one) =>
    runStep(options.onStep, PLAN(one.host), async ({ result }) => {
      const server = await serverFilesOf(certified, one.host)
      const plan = await planSettled(one, server, options)
      refuseConflicts(plan)
      result(changesIn(plan))
      return { ...one, plan }
    }),
  )
}

const PLAN = (host: string): { step: string; title: string; subject: string } => ({
  step: 'plan',
  title: 'decide what to change',
  subject: host,
})

async function planSettled(one: InspectedHost, server: ServerFiles, options: SetupOptions): Promise<ApplyPlan> {
  const { shell, host } = one
  const { requested, signal } = options
  const inspect = async (): Promise<ApplyPlan> =>
    withLostClients(await planApply({ ...requested, server }, shell, signal))
  const plan = await inspect()
  if (!plan.isPending) return plan
  await settlePending(shell, about(host, options.onStep), signal)
  return inspect()
}

/** The same steps, labelled with this host. */
export function about(host: string, onStep: OnStep | undefined): OnStep {
  return (event) => onStep?.({ ...event, subject: host })
}

function changesIn({ changes, restarts }: ApplyPlan): string {
  const written = changes.filter(isWritten).length
  if (written > 0) return `${written} ${written === 1 ? 'file' : 'files'} to write`
  return restarts ? 'restart dockerd' : 'nothing'
}

/**
 * The same without changing anything, here or there. A throwaway CA stands in for files that don't exist yet.
 */
export function planDryRun(
  seen: readonly Outcome<InspectedHost>[],
  options: SetupOptions,
): Promise<Outcome<PlannedHost>[]> {
  return continueWith(seen, (one) =>
    runStep(options.onStep, PLAN(one.host), async ({ result }) => {
      const server = await filesOnTrial(one, options.dir)
      const { signal, requested } = options
      const plan = withLostClients(await planApply({ ...requested, server }, one.shell, signal))
      if (plan.conflicts.length === 0) await validate(plan, one.shell, signal)
      result(changesIn(plan))
      return { ...one, plan }
    }),
  )
}

async function filesOnTrial({ folder, names }: InspectedHost, dir: string): Promise<ServerFiles> {
  const there = await goodFiles(dir, { folder, names })
  if (there !== undefined) return there
  const { ca, cert, key, facts } = await issueServer(await createAuthority(), { names: names.all })
  return { ca: (await readIfThere(caPaths(dir).cert)) ?? ca, cert, key, facts }
}

/** Whether all files for a host exist here already. If not, it will be changed. */
export async function hasGoodFiles(host: InspectedHost, dir: string): Promise<boolean> {
  return (await goodFiles(dir, host)) !== undefined
}

async function goodFiles(
  dir: string,
  { folder, names }: Pick<InspectedHost, 'folder' | 'names'>,
): Promise<ServerFiles | undefined> {
  try {
    const files = await loadServerFiles(serverPaths(dir, folder).folder)
    const held = new Set([...files.facts.names.dns, ...files.facts.names.ip])
    const isGood = names.all.every((name) => held.has(name)) && (await isFromCurrentCa(dir, files.cert))
    return isGood ? files : undefined
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/** Reports the clients that dockerd will refuse. */
function withLostClients(plan: ApplyPlan): ApplyPlan {
  const { ca, cert } = tlsFilesIn(plan.tlsDir)
  const before = (file: string): string => plan.changes.find(({ path }) => path === file)?.before?.text ?? ''
  const stays = new Set(certificatesIn(plan.server.ca).map(({ fingerprint256 }) => fingerprint256))
  const gone = certificatesIn(before(ca)).filter(({ fingerprint256 }) => !stays.has(fingerprint256))
  const losses = gone.map(({ subject }) => ({
    code: 'clients-refused',
    text: `Clients of the CA ${subject} can no longer connect.`,
  }))
  return { ...plan, losses: [...plan.losses, ...losses, ...(gone.length > 0 ? [] : lostNames(before(cert), plan))] }
}

/**
 * The host was set up by another of its names. Setup doesn't adopt names from the certificate that a host shows: it may not
 * be its own.
 */
function lostNames(before: string, { server }: ApplyPlan): Warning[] {
  const now = new Set([...server.facts.names.dns, ...server.facts.names.ip])
  const names = certificatesIn(before).flatMap(({ names: { dns, ip } }) => [...dns, ...ip])
  const lost = names.filter((name) => !now.has(name))
  if (lost.length === 0) return []
  const keep = lost.map((name) => `--name ${name}`).join(' ')
  const text = `Its present certificate is also for ${lost.join(', ')}. Clients that use such a name will refuse the new certificate. If the name belongs to this host, keep it:  ${keep}`
  return [{ code: 'names-lost', text }]
}
