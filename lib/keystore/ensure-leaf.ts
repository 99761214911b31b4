import { setTimeout as wait } from 'node:timers/promises'
import type { X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError, type PkiErrorCode } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE } from '../base/files.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { isOpenToOthers, putFiles, replaceFiles, type NewFile } from '../base/replace-files.ts'
import { holdsCa, readLeaf, type LeafState, type RequestedLeaf } from './leaf.ts'
import type { LeafPaths } from './layout.ts'
import { requestAgain } from './key-held.ts'
import { settleSwap, swapFiles } from './swap.ts'
import type { IssuedCertificate } from '../pki/issue.ts'
import { keyTypeOf, type KeyType } from '../pki/key-type.ts'

/** What became of a server's or a client's files. */
export interface FolderLeafResult {
  /**
   * `kept`: the pair was there and good. `created`: there was none. `replaced`: what was there is kept beside the new one.
   */
  readonly action: 'kept' | 'created' | 'replaced'
  readonly paths: LeafPaths
  readonly facts: CertificateFacts
  /** Where the old files are now. */
  readonly keptAside: readonly string[]
  /** What a person should know: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** How to go about it. */
export interface LeafPlan extends RequestedLeaf {
  readonly authority: readonly X509Certificate[]
  readonly force: boolean
  readonly renew: boolean
  /** Only where one was asked for. */
  readonly keyType: KeyType | undefined
  /** The command that goes on where this one stops. */
  readonly forceCommand: string
  /** Signs, and writes down that it did. */
  readonly issue: () => Promise<IssuedCertificate>
}

/** How long another run may take between the first and the last file of a pair: some milliseconds. */
const SETTLE_MS = 100
const ATTEMPTS = 3

/** Keeps a pair that is good, completes one that isn't whole, and replaces one only where it is told to. */
export async function ensureLeaf(plan: LeafPlan): Promise<FolderLeafResult> {
  let issued: IssuedCertificate | undefined
  for (let attempt = 1; ; attempt++) {
    const state = await settled(plan)
    if (state.keyElsewhere && !plan.force) return keepElsewhere(plan, state)
    const whole = state.cert !== undefined && state.key !== undefined
    if (whole) refuse(plan, state)
    if (whole && !mustReplace(plan, state)) return await keep(plan, state)
    issued ??= await plan.issue()
    try {
      return await write(plan, state, issued)
    } catch (error) {
      // Another run was first: look again at what there is now.
      if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS') || attempt === ATTEMPTS) throw error
      await wait(SETTLE_MS)
    }
  }
}

/** Half a pair may be another run at work, or one that was killed: the first is through in no time. */
async function settled(plan: LeafPlan): Promise<LeafState> {
  await settleSwap(plan.paths)
  const state = await readLeaf(plan, plan.authority)
  if ((state.cert === undefined) === (state.key === undefined) || state.keyElsewhere) return state
  await wait(SETTLE_MS)
  return readLeaf(plan, plan.authority)
}

function refuse(plan: LeafPlan, { faults, nameChanges }: LeafState): void {
  if (plan.force) return
  const todo = `To issue this one anew (the old files are kept beside it):  ${plan.forceCommand}`
  if (faults.length > 0) throw failure(plan, 'ERR_PKI_FILE_INVALID', faults.join('; '), todo)
  if (nameChanges === undefined) return
  const second = `${todo} ; another server has a folder of its own:  --host NAME`
  throw failure(plan, 'ERR_SERVER_NAMES_CHANGED', `its names would change: ${nameChanges}`, second)
}

/** Past {@link refuse}, a fault stands only where it may be mended by force. */
function mustReplace({ renew, force, keyType }: LeafPlan, { facts, faults, nameChanges }: LeafState): boolean {
  if (renew || faults.length > 0 || nameChanges !== undefined) return true
  return force && keyType !== undefined && facts !== undefined && keyTypeOf(facts.key) !== keyType
}

/** A second key beside a certificate whose key is on the client's machine: made by force, and never by the way. */
function keepElsewhere(plan: LeafPlan, { faults, facts }: LeafState): FolderLeafResult {
  const { paths, name = '', root, renew, forceCommand } = plan
  const why = renew ? ['it can not be renewed without its key'] : faults
  if (why.length === 0 && facts !== undefined) {
    const note = `Its key is on the machine of ${name}, and was never here; a second one is made by  ${forceCommand}`
    return { action: 'kept', paths, facts, keptAside: [], notes: [note] }
  }
  const got = `its key is on its own machine, and was never here (${why.join('; ')})`
  const todo = `${requestAgain(root, name)} . A second key is made here by  ${forceCommand}`
  throw failure(plan, 'ERR_CLIENT_KEY_ELSEWHERE', got, todo)
}

async function keep(plan: LeafPlan, { ca, facts }: LeafState): Promise<FolderLeafResult> {
  const { paths, keyType } = plan
  if (facts === undefined) throw new TypeError('a pair without facts has a fault')
  const type = keyTypeOf(facts.key)
  const notes =
    keyType === undefined || keyType === type
      ? []
      : [`Its key stays ${type}; to change it: ${plan.forceCommand} --key-type ${keyType}`]
  if (await isOpenToOthers(paths.key)) notes.push(`Others can read ${paths.key}: chmod 600 it`)
  if (ca === undefined) {
    await replaceFiles([caCopy(plan.paths, plan.authority)], [])
    notes.push(`${paths.ca} was missing, and is there again`)
  }
  return { action: 'kept', paths, facts, keptAside: [], notes }
}

async function write(plan: LeafPlan, state: LeafState, issued: IssuedCertificate): Promise<FolderLeafResult> {
  const { paths } = plan
  const keepsCa = state.ca !== undefined && holdsCa(state.ca, plan.authority)
  const files = [
    ...(keepsCa ? [] : [caCopy(plan.paths, plan.authority)]),
    { path: paths.key, data: issued.key, mode: KEY_MODE },
    // The certificate comes last: without it the pair is seen to be unfinished.
    { path: paths.cert, data: issued.cert, mode: PUBLIC_MODE },
  ]
  const keptAside = await put(plan, state, files)
  const action = keptAside.length === 0 ? 'created' : 'replaced'
  return { action, paths, facts: issued.facts, keptAside, notes: [...notesOf(issued), ...secondKey(plan, state)] }
}

function secondKey({ name = '' }: LeafPlan, { keyElsewhere, facts }: LeafState): string[] {
  if (!keyElsewhere) return []
  const until = facts === undefined ? '' : `, until ${facts.validTo.toISOString().slice(0, 10)}`
  return [`The key on the machine of ${name} works all the same${until}: dockerd knows no revocation`]
}

function put({ paths }: LeafPlan, { ca, key, cert }: LeafState, files: readonly NewFile[]): Promise<string[]> {
  if (key !== undefined && cert !== undefined) return swapFiles(paths, files)
  const there = [
    [paths.ca, ca],
    [paths.key, key],
    [paths.cert, cert],
  ] as const
  const isNew = new Set(files.map(({ path }) => path))
  const old = there.filter(([path, text]) => text !== undefined && isNew.has(path)).map(([path]) => path)
  return putFiles(paths.folder, files, old)
}

function notesOf({ names, cutToAuthority, facts }: IssuedCertificate): string[] {
  const rewritten = names.filter(
    ({ kind, given, value }) => kind === 'dns' && /\P{ASCII}/u.test(given) && value !== given,
  )
  return [
    ...rewritten.map(({ given, value }) => `${given} is in the certificate as ${value}`),
    ...(cutToAuthority ? [`It ends with its authority, on ${facts.validTo.toISOString().slice(0, 10)}`] : []),
  ]
}

/** What a leaf's machine gets as its `ca.pem`. */
export function caCopy({ ca }: LeafPaths, authority: readonly X509Certificate[]): NewFile {
  return { path: ca, data: authority.map(String).join(''), mode: PUBLIC_MODE }
}

function failure(plan: LeafPlan, code: PkiErrorCode, got: string, todo: string): PkiError {
  const whose = plan.kind === 'server' ? 'the server' : `the client ${plan.name ?? ''}`
  return new PkiError(code, { tried: `making the certificate of ${whose} in ${plan.paths.folder}`, got, todo })
}
