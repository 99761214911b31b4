import { shellWord } from '../../base/shell-quote.ts'
import type { DataCounts, DataFacts } from './data-facts.ts'
import { enumerate } from '../../base/text.ts'

/** How the daemon was started and will be: data folders of {@link UsernsPlan.dataFolder}; undefined without user namespaces. */
export interface UsernsChange {
  /** The value of `userns-remap` now. */
  readonly before?: string | undefined
  /** The value of `userns-remap` afterwards. */
  readonly after?: string | undefined
  /** How many networks were made, where dockerd could be asked: no file tells of them. @defaultValue not known */
  readonly networks?: number | undefined
}

/**
 * Says what nobody sees any more once the daemon lives in another folder, and what comes back into view.
 *
 * @param facts - what lies in data-root now
 * @param change - from where to where it moves
 * @returns sentences; none where nothing moves or nothing is there
 * @example
 * ```ts
 * whatDisappears(parseDataFacts(printed), { after: planUserns('default', accounts).dataFolder })
 * // ['12 images, 3 containers and 2 volumes in /var/lib/docker, and networks that were made, are not seen any more under
 * //   user namespaces; they stay on the disk, and are back when those are switched off.']
 * ```
 */
export function whatDisappears(facts: DataFacts, change: UsernsChange): string[] {
  const { before, after } = change
  if (before === after || !facts.isThere) return []
  const [old, next] = [countsIn(facts, before), countsIn(facts, after)]
  return [
    ...(old === undefined ? [] : hidden(old, pathIn(facts, before), change)),
    ...(next === undefined ? [] : shown(next, pathIn(facts, after))),
  ]
}

function countsIn({ plain, remapped }: DataFacts, folder: string | undefined): DataCounts | undefined {
  return folder === undefined ? plain : remapped.get(folder)
}

function pathIn({ root }: DataFacts, folder: string | undefined): string {
  return folder === undefined ? root : `${root === '/' ? '' : root}/${folder}`
}

function hidden(counts: DataCounts, path: string, change: UsernsChange): string[] {
  const { networks } = change
  const things = [...thingsOf(counts), ...numbered(networks ?? 0, 'network')]
  const node = counts.swarm
    ? [`By ${path} this host is a node of a swarm, and it will be none: let it leave first, or join anew afterwards.`]
    : []
  const unknown = counts.unreadable.map(
    (folder) => `What is in ${folder} can't be seen from here, and not by dockerd later.`,
  )
  if (things.length === 0) return [...node, ...unknown]
  const also = networks === undefined ? ', and networks that were made,' : ''
  const [are, stay, areBack] =
    also === '' && things.length === 1 && things[0]?.startsWith('1 ') === true
      ? ['is', 'it stays', 'is back']
      : ['are', 'they stay', 'are back']
  const when = `${stay} on the disk, and ${areBack} when ${backWhen(change)}`
  return [
    `${enumerate(things)} in ${path}${also} ${are} not seen any more ${whenGone(change)}; ${when}.`,
    ...node,
    ...unknown,
  ]
}

function whenGone({ before, after }: UsernsChange): string {
  if (after === undefined) return 'without user namespaces'
  return before === undefined ? 'under user namespaces' : 'under user namespaces of other ids'
}

function backWhen({ before, after }: UsernsChange): string {
  if (before === undefined) return 'those are switched off'
  return after === undefined ? 'those are switched on again' : 'the ids are those of before'
}

/** dockerd starts what has a restart policy wherever it finds it (moby, daemon.restore). */
function shown(counts: DataCounts, path: string): string[] {
  const things = thingsOf(counts)
  if (things.length === 0) return []
  const start = counts.containers > 0 ? ', and containers with a restart policy are started' : ''
  return [`${path} is there from before: ${enumerate(things)} in it will be seen${start}.`]
}

function thingsOf({ images, containers, volumes, plugins }: DataCounts): string[] {
  return [
    ...(images === undefined ? ['images in containerd'] : numbered(images, 'image')),
    ...numbered(containers, 'container'),
    ...numbered(volumes, 'volume'),
    ...numbered(plugins, 'plugin'),
  ]
}

function numbered(count: number, word: string): string[] {
  return count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`]
}

/**
 * Finds the folders above data-root that the containers' root can't get through: dockerd doesn't start then (`a subdirectory
 * in your graphroot path restricts access to the remapped root uid/gid`), or its containers don't. data-root itself is
 * opened by dockerd (0710 and the root's gid); all of it executed on 26.1.5.
 *
 * @param facts - with the folders above data-root
 * @param root - what the containers' root is on the host
 * @returns a sentence for each, with the command that opens it
 * @example
 * ```ts
 * closedParents(parseDataFacts(printed), planUserns('default', accounts))
 * ```
 */
export function closedParents(
  { parents }: Pick<DataFacts, 'parents'>,
  root: { readonly rootUid: number; readonly rootGid: number },
): string[] {
  return parents.flatMap(({ path, mode, uid, gid }) => {
    // The owner's bits count for the owner, the group's for the group, the others' for the rest (path_resolution(7)).
    // dockerd itself lets any of them count, and then no container starts (executed).
    const whose = uid === root.rootUid ? 'u' : gid === root.rootGid ? 'g' : 'o'
    // `s` and `t` are x with another bit; `S` and `T` are that bit alone (ls(1)).
    if ('xst'.includes(mode.charAt(EXECUTE[whose]) || '-')) return []
    return [
      `The containers' root can't get through ${path} (${mode}), which dockerd's data is below. Open it:  chmod ${whose}+x ${shellWord(path)}`,
    ]
  })
}

/** Where `drwxr-x--x` has the x of each. */
const EXECUTE = { u: 3, g: 6, o: 9 } as const
