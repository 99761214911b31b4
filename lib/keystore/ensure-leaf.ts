import { setTimeout as wait } from 'node:timers/promises'
import type { X509Certificate } from 'node:crypto'
import { command, option, plainTexts, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { isDockerMtlsError, PkiError, type PkiErrorCode } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE } from '../base/files.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { putFiles, replaceFiles, type NewFile } from '../base/replace-files.ts'
import { holdsCa, readLeaf, type LeafState, type RequestedLeaf } from './leaf.ts'
import type { LeafPaths } from './layout.ts'
import { elsewhereFault, requestAgain } from './key-held.ts'
import { cutNotes, lastDay, openKeyNotes } from './notes.ts'
import { noteReplaced } from './presented.ts'
import { SETTLE_MS, settleSwap, swapFiles } from './swap.ts'
import type { IssuedCertificate } from '../pki/issue.ts'
import { keyTypeOf, type KeyType } from '../pki/key-type.ts'

/** The files of a server or client, and what was done about them. */
export interface FolderLeafResult {
  /**
   * `kept`: the pair existed and is good. `created`: there was none. `replaced`: the old files were kept under other names.
   */
  readonly action: 'kept' | 'created' | 'replaced'
  /** The files. */
  readonly paths: LeafPaths
  /** Facts of the certificate. */
  readonly facts: CertificateFacts
  /** The new paths of replaced files. */
  readonly keptAside: readonly string[]
  /** Remarks for the user: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** How to ensure a leaf. */
export interface LeafPlan extends RequestedLeaf {
  readonly authority: readonly X509Certificate[]
  readonly force: boolean
  readonly renew: boolean
  /** Absent: any type will do. */
  readonly keyType: KeyType | undefined
  /** The command that issues the pair again. */
  readonly forceCommand: CommandPart
  /** Issues the certificate and adds it to the ledger. */
  readonly issue: () => Promise<IssuedCertificate>
}

const ATTEMPTS = 3

/** Keeps a good pair, completes an incomplete one, and replaces one only if requested. */
export async function ensureLeaf(plan: LeafPlan): Promise<FolderLeafResult> {
  let issued: IssuedCertificate | undefined
  for (let attempt = 1; ; attempt++) {
    const state = await settled(plan)
    if (state.keyElsewhere && !plan.force) return keepElsewhere(plan, state)
    const whole = state.cert !== undefined && state.key !== undefined
    if (whole) refuse(plan, state)
    const good = whole && !mustReplace(plan, state)
    try {
      return await (good ? keep(plan, state) : write(plan, state, (issued ??= await plan.issue())))
    } catch (error) {
      // Another run was first: read the folder again.
      if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS') || attempt === ATTEMPTS) throw error
      await wait(SETTLE_MS)
    }
  }
}

/** If only half a pair is there, another run is writing or was killed. The former needs only a moment. */
async function settled(plan: LeafPlan): Promise<LeafState> {
  await settleSwap(plan.paths)
  const state = await readLeaf(plan, plan.authority)
  if ((state.cert === undefined) === (state.key === undefined) || state.keyElsewhere) return state
  await wait(SETTLE_MS)
  return readLeaf(plan, plan.authority)
}

function refuse(plan: LeafPlan, { faults, nameChanges }: LeafState): void {
  if (plan.force) return
  const todo = sentence`Issue it again (the old files are kept):  ${plan.forceCommand}`
  if (faults.length > 0) throw failure(plan, 'ERR_PKI_FILE_INVALID', faults.join('; '), todo)
  if (nameChanges === undefined) return
  const second = sentence`If this is the same server, issue it again with the new names (the old files are kept):  ${plan.forceCommand}  If it is another server, give it a folder of its own with ${option('host', 'NAME')}.`
  throw failure(plan, 'ERR_SERVER_NAMES_CHANGED', `its names would change: ${nameChanges}`, second)
}

/** After {@link refuse}, a faulty pair gets here only with `force`. */
function mustReplace({ renew, force, keyType }: LeafPlan, { facts, faults, nameChanges }: LeafState): boolean {
  if (renew || faults.length > 0 || nameChanges !== undefined) return true
  return force && keyType !== undefined && facts !== undefined && keyTypeOf(facts.key) !== keyType
}

/** A second key for a client whose key is on its own machine is created only with force. */
function keepElsewhere(plan: LeafPlan, { faults, facts }: LeafState): FolderLeafResult {
  const { paths, name = '', root, renew, forceCommand } = plan
  const why = renew ? ['it cannot be renewed here'] : faults
  if (why.length === 0 && facts !== undefined) {
    const note = sentence`Its key is on the machine of ${name} and was never here; to create a second key here:  ${forceCommand}`
    return { action: 'kept', paths, facts, keptAside: [], notes: plainTexts([note]) }
  }
  const got = `${elsewhereFault(name)} (${why.join('; ')})`
  const todo = sentence`${requestAgain(root, name)}  To create a second key here instead:  ${forceCommand}`
  throw failure(plan, 'ERR_CLIENT_KEY_ELSEWHERE', got, todo)
}

async function keep(plan: LeafPlan, { ca, facts }: LeafState): Promise<FolderLeafResult> {
  const { paths, keyType } = plan
  if (facts === undefined) throw new TypeError('a pair without facts has a fault')
  const type = keyTypeOf(facts.key)
  const notes: Sentence[] = []
  if (keyType !== undefined && keyType !== type) {
    const change = command(...plan.forceCommand.command, '--key-type', keyType)
    notes.push(sentence`Its key stays ${type}; to change it:  ${change}`)
  }
  notes.push(...(await openKeyNotes(paths.key)))
  if (ca === undefined) {
    await replaceFiles([caCopy(paths, plan.authority)], [])
    notes.push(`${paths.ca} was missing and was restored`)
  }
  return { action: 'kept', paths, facts, keptAside: [], notes: plainTexts(notes) }
}

async function write(plan: LeafPlan, state: LeafState, issued: IssuedCertificate): Promise<FolderLeafResult> {
  const { paths } = plan
  const keepsCa = state.ca !== undefined && holdsCa(state.ca, plan.authority)
  const files = [
    ...(keepsCa ? [] : [caCopy(paths, plan.authority)]),
    { path: paths.key, data: issued.key, mode: KEY_MODE },
    // The certificate comes last: a pair without it is recognizably incomplete.
    { path: paths.cert, data: issued.cert, mode: PUBLIC_MODE },
  ]
  if (plan.kind === 'server' && state.facts !== undefined) await noteReplaced(paths.folder, state.facts)
  const keptAside = await put(plan, state, files)
  const action = keptAside.length === 0 ? 'created' : 'replaced'
  return { action, paths, facts: issued.facts, keptAside, notes: [...notesOf(issued), ...secondKey(plan, state)] }
}

function secondKey({ name = '' }: LeafPlan, { keyElsewhere, facts }: LeafState): string[] {
  if (!keyElsewhere) return []
  const until = facts === undefined ? '' : `, until ${lastDay(facts)}`
  return [`dockerd still accepts the key on the machine of ${name}${until}: it does not check revocation`]
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
    ...rewritten.map(({ given, value }) => `${given} appears in the certificate as ${value}`),
    ...cutNotes(facts, cutToAuthority),
  ]
}

/** The `ca.pem` for the machine of a leaf. */
export function caCopy({ ca }: LeafPaths, authority: readonly X509Certificate[]): NewFile {
  return { path: ca, data: authority.map(String).join(''), mode: PUBLIC_MODE }
}

function failure(plan: LeafPlan, code: PkiErrorCode, got: string, todo: Sentence): PkiError {
  const whose = plan.kind === 'server' ? 'the server' : `the client ${plan.name ?? ''}`
  return new PkiError(code, { tried: `issuing the certificate of ${whose} in ${plan.paths.folder}`, got, todo })
}
