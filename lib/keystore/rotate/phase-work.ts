import { caPaths } from '../layout.ts'
import { readNextPair, readRotatedCas, type Rotation } from './cas.ts'
import { openFolderCa, readCaPair } from '../ca.ts'
import type { Authority } from '../../pki/ca.ts'
import { PkiFolder } from '../folder.ts'
import { readLedger } from '../ledger.ts'
import { readCrl } from '../crl/state.ts'
import { openCasInForce, renewLists } from '../crl/write.ts'
import type { RotationPhase } from './state.ts'
import { ensureOneDayClient } from '../one-day-client.ts'
import { runStep } from '../../base/progress.ts'
import { certifyLeaf, ensureBundle, installNext, isInstalled } from './files.ts'
import { participantsOf, isInUse, isOf, readLeaves, SERVER, type Leaf } from './leaves.ts'
import type { ReadRotateOptions } from './options.ts'
import { waitsFor } from './phases.ts'

/** The clients and servers whose files a phase has changed in this run. */
export interface Changed {
  readonly clients: readonly string[]
  readonly servers: readonly string[]
}

/** A leaf that gets a certificate from another CA. */
type Certified = Leaf & { readonly cert: NonNullable<Leaf['cert']> }

/**
 * Does everything that a phase has to do in the folder. It skips what is already done, so that the next run continues one
 * that was killed. If there are revocation lists, each CA that is trusted in the phase has a current one afterwards.
 *
 * @throws {@link PkiError} ERR_CA_PASSPHRASE before anything is changed
 */
export async function workOn(options: ReadRotateOptions, rotation: Rotation): Promise<Changed> {
  const { folder: root } = options
  const { phase } = rotation.state
  const leaves = await readLeaves(root)
  const meant = leaves.filter((leaf) => toCertify(leaf, rotation, phase))
  const authority = meant.length === 0 ? undefined : await openIssuer(options, phase)
  const prober = needsOneDayClient(options, leaves, rotation, phase) ? new PkiFolder(root) : undefined
  await prober?.openAuthority(options.passphrase)
  const certify = (): Promise<Leaf[]> => certifyAll(options, meant, authority)
  const bundle = (): Promise<Leaf[]> => bundleAll(leaves, rotation)
  // Even if this is interrupted, the ca.pem beside a certificate contains its CA.
  const changed =
    phase === 'abort' ? [...(await certify()), ...(await bundle())] : [...(await bundle()), ...(await certify())]
  if (phase === 'finish') await install(options, rotation)
  await renewLists(root, options.passphrase)
  if (prober !== undefined) await ensureOneDayClient(prober, options.passphrase)
  const names = (wanted: Leaf['kind']): string[] =>
    changed.filter(({ kind }) => kind === wanted).map(({ name }) => name)
  return { clients: names('client'), servers: names('server') }
}

async function bundleAll(leaves: readonly Leaf[], rotation: Rotation): Promise<Leaf[]> {
  const changed: Leaf[] = []
  for (const leaf of leaves) if (await ensureBundle(leaf, rotation)) changed.push(leaf)
  return changed
}

async function certifyAll(
  { folder: root, onStep }: ReadRotateOptions,
  leaves: readonly Certified[],
  authority: Authority | undefined,
): Promise<Leaf[]> {
  if (authority === undefined) return []
  const ledger = await readLedger(caPaths(root).ledger)
  const title = `issue a certificate with ${authority.facts.commonName ?? authority.facts.subject}`
  const certified: Leaf[] = []
  for (const leaf of leaves) {
    const work = (): Promise<boolean> => certifyLeaf(root, leaf, authority, ledger)
    if (await runStep(onStep, { step: 'certify', title, subject: leaf.name }, work)) certified.push(leaf)
  }
  return certified
}

async function install({ folder: root, onStep }: ReadRotateOptions, rotation: Rotation): Promise<void> {
  if (await isInstalled(root)) return
  const { from, to } = rotation.state
  const title = `replace ${from.name} by ${to.name}`
  await runStep(onStep, { step: 'install', title }, async ({ result }) => {
    const kept = await installNext(root, rotation)
    result(`old: ${kept.join(', ')}`)
  })
}

/** Was it issued by the CA that doesn't issue in this phase? An expired client certificate stays as it is. */
function toCertify(leaf: Leaf, rotation: Rotation, phase: RotationPhase): leaf is Certified {
  const { present, next } = rotation
  const isServer = leaf.kind === 'server'
  if (phase === 'abort') return isServer && isOf(leaf, next)
  if (phase === 'server' || phase === 'clients') {
    const isMeant = isServer || (phase === 'clients' && isInUse(leaf, rotation))
    return isMeant && isOf(leaf, present)
  }
  return false
}

/** Does an apply in this phase need a one-day client certificate? `setup` creates its own for each host. */
function needsOneDayClient(
  { probe = false }: ReadRotateOptions,
  leaves: readonly Leaf[],
  rotation: Rotation,
  phase: RotationPhase,
): boolean {
  return probe && waitsFor(phase).servers && participantsOf(leaves, rotation).servers.includes(SERVER)
}

/** If a phase will sign something, opens its CA key: a wrong passphrase is reported before the phase starts. */
export async function checkKeyFor(options: ReadRotateOptions, rotation: Rotation, phase: RotationPhase): Promise<void> {
  const leaves = await readLeaves(options.folder)
  const signs = leaves.some((leaf) => toCertify(leaf, rotation, phase))
  if (signs || needsOneDayClient(options, leaves, rotation, phase)) await openIssuer(options, phase)
  // A list of both CAs, or of the one that stays.
  if ((await readCrl(options.folder)) !== undefined) await openCasInForce(options.folder, options.passphrase)
}

async function openIssuer({ folder: root, passphrase }: ReadRotateOptions, phase: RotationPhase): Promise<Authority> {
  const pair = phase === 'abort' ? await readCaPair(root) : await readNextPair(root)
  return openFolderCa(root, pair, passphrase)
}

/** Reads the rotation in progress again. */
export async function reread(root: string): Promise<Rotation> {
  const rotation = await readRotatedCas(root)
  if (rotation === undefined) throw new TypeError('another run has ended the rotation')
  return rotation
}
