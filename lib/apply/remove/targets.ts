import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { readDaemonJson } from '../../daemon-config/existing-daemon-json.ts'
import { DEFAULT_TLS_DIR, tlsFilesIn } from '../../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { mergeDropIn, otherLines, withoutOwnKeys } from '../../daemon-config/render-for-host.ts'
import type { HostFile } from '../../host/fact-records.ts'
import type { HostFacts } from '../../host/facts.ts'
import { OWNER, sumOf, type Change } from '../changes.ts'
import { hasGateway } from '../gateway/files.ts'
import { neededFiles, type Configured } from '../rollback/tls-files.ts'
import { isOwn, type Originals } from './originals.ts'

/** A host with docker-mtls, and what it keeps of the time before. */
export interface Secured {
  readonly facts: HostFacts
  readonly originals: Originals
  /** The folder of the TLS files that dockerd uses. Absent: it uses none of these names. */
  readonly tlsDir: string | undefined
  /** The folders of TLS files in which an apply has written some; the last one comes first. */
  readonly ownDirs: readonly string[]
  /** What docker-mtls would write for the settings in force. */
  readonly rendered: { readonly dropIn: string; readonly daemonJson?: string }
}

/** What becomes of a file, or why nothing does. */
export interface Target {
  readonly path: string
  readonly change?: Change
  /** Why somebody has to decide about it: without a full stop. */
  readonly changed?: { readonly got: string; readonly todo: Sentence }
  /** What stays of it. */
  readonly stays?: string
}

/** The files of docker-mtls with dockerd's settings on a host, and what becomes of each. */
export function settingsTargets(secured: Secured): Target[] {
  const dropIn = secured.facts.file(DROP_IN)
  const json = secured.facts.file(DAEMON_JSON)
  return [
    ...(json === undefined ? [] : [jsonTarget(json, secured)]),
    ...(dropIn === undefined ? [] : [dropInTarget(dropIn, secured)]),
  ]
}

/**
 * The TLS files, and what becomes of each.
 *
 * @param then - dockerd's configuration afterwards, which may name them. Undefined: it is in doubt
 */
export function tlsTargets(secured: Secured, then: Configured | undefined): Target[] {
  const { facts, tlsDir, ownDirs } = secured
  const all = [...new Set([...ownDirs, ...(tlsDir === undefined ? [] : [tlsDir])])].flatMap((folder) =>
    Object.values(tlsFilesIn(folder)),
  )
  const later = then?.inForce.settings.tlsDir
  const named = new Set<string>(
    then && [
      ...Object.values(then.inForce.tlsFiles),
      ...neededFiles(then),
      ...(later === undefined ? [] : [tlsFilesIn(later).key]),
    ],
  )
  const restores = all.some((path) => named.has(path) && !isOther(path, secured))
  return all.flatMap((path) => {
    if (named.has(path)) return [namedTarget(path, restores, secured)]
    const file = facts.file(path)
    return file === undefined ? [] : [tlsTarget(file, secured)]
  })
}

/** Is there a file that no apply has written? */
function isOther(path: string, { facts, originals }: Secured): boolean {
  const file = facts.file(path)
  return file !== undefined && !isOwn(file, originals)
}

/** The removal of a file. */
export function remove(before: HostFile): Change {
  const { path, mode, text } = before
  return { path, mode, text: '', before, action: 'remove', ...(text === undefined && { secret: true }) }
}

function replace(before: HostFile, text: string, mode = before.mode): Change {
  return { path: before.path, mode, text, before, action: before.text === text ? 'keep' : 'replace' }
}

/** dockerd uses it until the end of the removal, and no longer afterwards. */
function tlsTarget(file: HostFile, { facts, originals }: Secured): Target {
  const { path } = file
  if (!isOwn(file, originals)) {
    const stays = originals.written.has(path)
      ? 'somebody has replaced it, and it stays'
      : 'docker-mtls has not written it, as far as the host knows, and it stays'
    return { path, stays }
  }
  const original = originalOf(path, facts, originals)
  return { path, change: original === undefined ? remove(file) : restore(original, file) }
}

/** The copy of a file from before docker-mtls. */
function originalOf(path: string, facts: HostFacts, { isComplete, copies }: Originals): HostFile | undefined {
  return isComplete ? facts.file(copies.get(path) ?? '') : undefined
}

/** Its contents don't leave the host. */
function restore({ path: copy, ...original }: HostFile, before: HostFile | string): Change {
  // stat(1) says UNKNOWN of a user without a name.
  const owner = original.owner.includes('UNKNOWN') ? OWNER : original.owner
  const shared = { mode: original.mode, owner, text: '', copy }
  return typeof before === 'string'
    ? { ...shared, path: before, action: 'create' }
    : { ...shared, path: before.path, action: 'replace', before }
}

/**
 * dockerd can't start without it.
 *
 * @param restores - do others of these files come back as they were?
 */
function namedTarget(path: string, restores: boolean, secured: Secured): Target {
  const { facts, originals } = secured
  const file = facts.file(path)
  const original = originalOf(path, facts, originals)
  if (file !== undefined && isOther(path, secured)) {
    if (original === undefined || !restores) return { path, stays: 'dockerd uses it, as before docker-mtls' }
    if (sumOf(original) === sumOf(file)) return { path }
    // Beside the others from before, it would be of another CA, or without its key.
    const got = 'it is another file than docker-mtls has written, and dockerd would use it with the others from before'
    // dockerd must find a file at any moment, and this one may be the only copy of a renewed key.
    const todo = sentence`Put the file from before there, which keeps this one beside it:  ${command('cp', '-p', '--backup=numbered', original.path, path)}  Then run this again.`
    return { path, changed: { got, todo } }
  }
  if (original === undefined) {
    const got = 'dockerd would use it, as before docker-mtls, and the file from then is no longer kept'
    return { path, changed: { got, todo: 'Put the file there that dockerd should use, then run this again.' } }
  }
  return { path, change: restore(original, file ?? path) }
}

/** Writes dockerd's settings again, as docker-mtls had written them. */
export function writeAgain({ facts, tlsDir, ownDirs: [own] }: Omit<Secured, 'rendered'>): Sentence {
  const folder = own === undefined || own === (tlsDir ?? DEFAULT_TLS_DIR) ? [] : ['--tlsdir', own]
  const again = hasGateway(facts) ? ours('gateway', 'apply') : ours('daemon', 'apply', ...folder)
  return sentence`Undo that change, or write the file again:  ${again}  Then run this again.`
}

/** No apply writes the drop-in of a dockerd that listens on its local socket alone. */
export const UNDO_FIRST: Sentence = `Undo that change, put your own settings into ${DAEMON_JSON} instead, then run this again.`

/** Has somebody changed the file so that dockerd uses TLS files in a folder in which no apply has written any? */
function namesOthers({ path, text = '' }: HostFile, { tlsDir, ownDirs, originals }: Secured): boolean {
  if (tlsDir === undefined || ownDirs.length === 0 || ownDirs.includes(tlsDir)) return false
  return originals.written.has(path) && text.includes(tlsDir)
}

function dropInTarget(file: HostFile, secured: Secured): Target {
  const { facts, originals, rendered, tlsDir } = secured
  const { path, text = '' } = file
  if (!isOwn(file, originals) && (text !== rendered.dropIn || namesOthers(file, secured))) {
    const got = "it isn't as docker-mtls writes it: somebody has changed it, or an earlier release has written it"
    return { path, changed: { got, todo: tlsDir === undefined ? UNDO_FIRST : writeAgain(secured) } }
  }
  const copy = originals.copies.get(path)
  const original = copy === undefined ? undefined : facts.file(copy)
  const others = otherLines(text)
  if (originals.isComplete && original?.text !== undefined) {
    const merged = otherLines(mergeDropIn(original.text, '[Service]\nExecStart=\n'))
    const isSame = others.join('\n').trim() === merged.join('\n').trim()
    if (isSame) return { path, change: replace(file, original.text, original.mode) }
    const got = `somebody has changed it since: it has other settings than before docker-mtls (${copy})`
    return { path, changed: { got, todo: 'Write the settings that you want into it, without those of docker-mtls.' } }
  }
  const isEmpty = others.every((line) => /^\s*(?:\[Service\]\s*)?$/.test(line))
  return { path, change: isEmpty ? remove(file) : replace(file, `${others.join('\n').trimEnd()}\n`) }
}

/** Restores the file from before if nobody has changed it since; otherwise only the keys of docker-mtls go. */
function jsonTarget(file: HostFile, secured: Secured): Target {
  const { facts, originals, rendered } = secured
  const { path, text = '' } = file
  const isUnchanged = isOwn(file, originals)
  // Other settings than ours may have been added between two applies.
  const between = originals.all.filter((one) => one.path === path && one.copy !== originals.copies.get(path))
  const isOurs = isUnchanged && between.every(({ copy }) => isOwn({ ...file, ...facts.file(copy), path }, originals))
  if (isOurs && originals.isComplete && originals.copies.has(path)) {
    const copy = originals.copies.get(path)
    if (copy === undefined) return { path, change: remove(file) }
    const original = facts.file(copy)
    if (original?.text !== undefined) return { path, change: replace(file, original.text, original.mode) }
  }
  if (rendered.daemonJson !== undefined || (!isUnchanged && namesOthers(file, secured))) {
    const got = "its settings aren't as docker-mtls writes them: somebody has changed them"
    return { path, changed: { got, todo: writeAgain(secured) } }
  }
  const rest = withoutOwnKeys(text)
  const keys = Object.keys(readDaemonJson(rest))
  if (keys.length === 0) return { path, change: rest === text ? replace(file, text) : remove(file) }
  return { path, change: replace(file, rest), stays: `${keys.map((key) => JSON.stringify(key)).join(', ')} stay in it` }
}
