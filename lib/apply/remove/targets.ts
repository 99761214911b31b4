import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { readDaemonJson } from '../../daemon-config/existing-daemon-json.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { mergeDropIn, otherLines, withoutOwnKeys } from '../../daemon-config/render-for-host.ts'
import type { HostFile } from '../../host/fact-records.ts'
import type { HostFacts } from '../../host/facts.ts'
import { OWNER, sumOf, type Change } from '../changes.ts'
import { hasGateway } from '../gateway/files.ts'
import { neededFiles, type Configured } from '../rollback/tls-files.ts'
import type { Originals } from './originals.ts'

/** A host with docker-mtls, and what it keeps of the time before. */
export interface Secured {
  readonly facts: HostFacts
  readonly originals: Originals
  readonly tlsDir: string
  /** What docker-mtls would write for the settings in force. */
  readonly rendered: { readonly dropIn: string; readonly daemonJson?: string }
  /** Does dockerd listen on its local socket alone, because a gateway has taken its place? */
  readonly isLocal: boolean
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
 * Its TLS files, and what becomes of each.
 *
 * @param then - dockerd's configuration afterwards, which may name them. Undefined: it is in doubt
 */
export function tlsTargets(secured: Secured, then: Configured | undefined): Target[] {
  const { ca, cert, key } = tlsFilesIn(secured.tlsDir)
  const isWhole = then?.inForce.settings.tlsDir === secured.tlsDir
  const named = new Set<string>(
    then && [...Object.values(then.inForce.tlsFiles), ...neededFiles(then), ...(isWhole ? [key] : [])],
  )
  const restores = [...named].some((path) => [ca, cert, key].includes(path) && !isOther(path, secured))
  return [ca, cert, key].flatMap((path) => {
    const file = secured.facts.file(path)
    if (named.has(path)) return [namedTarget(path, restores, secured)]
    return file === undefined ? [] : [tlsTarget(file, secured)]
  })
}

/** Is it another file than docker-mtls has written? */
function isOther(path: string, { facts, originals: { written, copies } }: Secured): boolean {
  const file = facts.file(path)
  return file !== undefined && (written.has(path) ? written.get(path) !== sumOf(file) : !copies.has(path))
}

/** The removal of a file. */
export function remove(before: HostFile): Change {
  const { path, mode, text } = before
  return { path, mode, text: '', before, action: 'remove', ...(text === undefined && { secret: true }) }
}

function replace(before: HostFile, text: string, mode = before.mode): Change {
  return { path: before.path, mode, text, before, action: before.text === text ? 'keep' : 'replace' }
}

/** A file that was there before the first apply is not ours, although an apply has replaced it. */
function tlsTarget(file: HostFile, { originals }: Secured): Target {
  const { path } = file
  const written = originals.written.get(path)
  // dockerd uses it until the end of the removal, and no longer afterwards.
  if (written !== undefined && written !== sumOf(file)) return { path, stays: 'somebody has replaced it, and it stays' }
  const change = remove(file)
  return originals.copies.get(path) === undefined
    ? { path, change }
    : { path, change, stays: 'the file that was there before docker-mtls does not come back' }
}

/**
 * dockerd can't start without it. Its key doesn't leave the host.
 *
 * @param restores - do others of these files come back as they were?
 */
function namedTarget(path: string, restores: boolean, secured: Secured): Target {
  const { facts, originals } = secured
  const file = facts.file(path)
  const copy = originals.isComplete ? originals.copies.get(path) : undefined
  const original = copy === undefined ? undefined : facts.file(copy)
  if (file !== undefined && isOther(path, secured)) {
    if (copy === undefined || original === undefined || !restores)
      return { path, stays: 'dockerd uses it, as before docker-mtls' }
    if (sumOf(original) === sumOf(file)) return { path }
    // Beside the others from before, it would be of another CA, or without its key.
    const got = 'it is another file than docker-mtls has written, and dockerd would use it with the others from before'
    // dockerd must find a file at any moment, and this one may be the only copy of a renewed key.
    const todo = sentence`Put the file from before there, which keeps this one beside it:  ${command('cp', '-p', '--backup=numbered', copy, path)}  Then run this again.`
    return { path, changed: { got, todo } }
  }
  if (copy === undefined || original === undefined) {
    const got = 'dockerd would use it, as before docker-mtls, and the file from then is no longer kept'
    return { path, changed: { got, todo: 'Put the file there that dockerd should use, then run this again.' } }
  }
  // stat(1) says UNKNOWN of a user without a name.
  const owner = original.owner.includes('UNKNOWN') ? OWNER : original.owner
  return {
    path,
    change: {
      path,
      mode: original.mode,
      owner,
      text: '',
      ...(file ? { before: file, action: 'replace' } : { action: 'create' }),
      copy,
    },
  }
}

const applyFirst = (facts: HostFacts): Sentence =>
  sentence`Undo that change, or write the file again:  ${ours(hasGateway(facts) ? 'gateway' : 'daemon', 'apply')}`

/** No apply writes the drop-in of a dockerd that listens on its local socket alone. */
const UNDO_FIRST: Sentence = `Undo that change, put your own settings into ${DAEMON_JSON} instead, then run this again.`

function dropInTarget(file: HostFile, { facts, originals, rendered, isLocal }: Secured): Target {
  const { path, text = '' } = file
  if (text !== rendered.dropIn) {
    const got = "it isn't as docker-mtls writes it: somebody has changed it, or an earlier release has written it"
    return { path, changed: { got, todo: isLocal ? UNDO_FIRST : applyFirst(facts) } }
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
function jsonTarget(file: HostFile, { facts, originals, rendered }: Secured): Target {
  const { path, text = '' } = file
  const isKnown = originals.isComplete && originals.copies.has(path) && originals.written.get(path) === sumOf(file)
  if (isKnown) {
    const copy = originals.copies.get(path)
    if (copy === undefined) return { path, change: remove(file) }
    const original = facts.file(copy)
    if (original?.text !== undefined) return { path, change: replace(file, original.text, original.mode) }
  }
  if (rendered.daemonJson !== undefined) {
    const got = "its settings aren't as docker-mtls writes them: somebody has changed them"
    return { path, changed: { got, todo: applyFirst(facts) } }
  }
  const rest = withoutOwnKeys(text)
  const keys = Object.keys(readDaemonJson(rest))
  if (keys.length === 0) return { path, change: rest === text ? replace(file, text) : remove(file) }
  return { path, change: replace(file, rest), stays: `${keys.map((key) => JSON.stringify(key)).join(', ')} stay in it` }
}
