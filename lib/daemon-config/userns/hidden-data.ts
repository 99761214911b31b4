import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { warningTexts, type Warning } from '../../base/warning.ts'
import type { DataCounts, DataFacts } from './data-facts.ts'
import type { UsernsPlan } from './subuid-ranges.ts'

/** A change of user namespaces, as data folders of {@link UsernsPlan.dataFolder}; undefined without user namespaces. */
export interface UsernsChange {
  /** The data folder that dockerd uses now. @defaultValue data-root itself: user namespaces are off */
  readonly before?: string | undefined
  /** The data folder that it will use. @defaultValue data-root itself: user namespaces will be off */
  readonly after?: string | undefined
  /** The number of networks that users created. Only dockerd knows it, since no file contains it. @defaultValue unknown */
  readonly networks?: number | undefined
}

/** What a change of user namespaces does to a host's data. */
export type HiddenDataCode =
  /** Images, containers, volumes, plugins or networks are hidden. */
  | 'data-hidden'
  /** The host is no longer a node of its swarm. */
  | 'swarm-hidden'
  /** A folder that can't be read is hidden. */
  | 'unreadable-hidden'
  /** Older data in the next data folder reappears. */
  | 'data-reappears'

/**
 * Lists the data that a change of user namespaces hides, and the data that reappears. dockerd uses another data folder after
 * such a change.
 *
 * @param facts - the contents of data-root now
 * @param change - the data folders before and after
 * @returns sentences; an empty array if the folder stays the same or contains nothing
 * @example
 * ```ts
 * whatDisappears(parseDataFacts(printed), { after: planUserns('default', accounts).dataFolder })
 * // ['User namespaces hide 12 images, 3 containers and 2 volumes in /var/lib/docker, and networks you created. They stay on
 * //   disk and reappear when you turn user namespaces off.']
 * ```
 */
export function whatDisappears(facts: DataFacts, change: UsernsChange): string[] {
  return warningTexts(findHiddenData(facts, change))
}

/** {@link whatDisappears} with codes. */
export function findHiddenData(facts: DataFacts, change: UsernsChange): Warning<HiddenDataCode>[] {
  const { before, after } = change
  if (before === after || !facts.isThere) return []
  const [old, next] = [countsIn(facts, before), countsIn(facts, after)]
  return [
    ...(old === undefined ? [] : hidden(old, pathIn(facts, before), change)),
    ...(next === undefined ? [] : reappearing(next, pathIn(facts, after))),
  ]
}

function countsIn({ plain, remapped }: DataFacts, folder: string | undefined): DataCounts | undefined {
  return folder === undefined ? plain : remapped.get(folder)
}

function pathIn({ root }: DataFacts, folder: string | undefined): string {
  return folder === undefined ? root : `${root === '/' ? '' : root}/${folder}`
}

function hidden(counts: DataCounts, path: string, change: UsernsChange): Warning<HiddenDataCode>[] {
  const { networks } = change
  const things = [...thingsOf(counts), ...numbered(networks ?? 0, 'network')]
  const node: Warning<HiddenDataCode>[] = counts.swarm
    ? [
        {
          code: 'swarm-hidden',
          text: `This host is a swarm node, with its data in ${path}, and will no longer be one. Make it leave the swarm first, or join again afterwards.`,
        },
      ]
    : []
  const unknown = counts.unreadable.map((folder): Warning<HiddenDataCode> => ({
    code: 'unreadable-hidden',
    text: `dockerd will not see the contents of ${folder}, which docker-mtls can't read.`,
  }))
  if (things.length === 0) return [...node, ...unknown]
  const also = networks === undefined ? ', and networks you created' : ''
  const isOne = also === '' && things.length === 1 && things[0]?.startsWith('1 ') === true
  const stay = isOne ? 'It stays on disk and reappears' : 'They stay on disk and reappear'
  const text = `${hidingText(change)} ${enumerate(things)} in ${path}${also}. ${stay} when you ${undoingText(change)}.`
  return [{ code: 'data-hidden', text }, ...node, ...unknown]
}

function hidingText({ before, after }: UsernsChange): string {
  if (after === undefined) return 'Turning user namespaces off hides'
  return before === undefined ? 'User namespaces hide' : 'User namespaces with other ids hide'
}

function undoingText({ before, after }: UsernsChange): string {
  if (before === undefined) return 'turn user namespaces off'
  return after === undefined ? 'turn them on again' : 'use the previous ids again'
}

/** dockerd starts all containers with a restart policy that it finds in its data folder (moby, daemon.restore). */
function reappearing(counts: DataCounts, path: string): Warning<HiddenDataCode>[] {
  const things = thingsOf(counts)
  if (things.length === 0) return []
  const start = counts.containers > 0 ? ' dockerd starts containers with a restart policy.' : ''
  return [
    {
      code: 'data-reappears',
      text: `${path} has older data: ${enumerate(things)} in it will reappear.${start}`,
    },
  ]
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

/** A folder that the root user of containers can't enter, and the remedy. */
export interface ClosedParent {
  readonly path: string
  /** What is wrong, without a full stop. */
  readonly got: string
  readonly todo: Sentence
}

/**
 * Finds the folders above data-root that the root user of containers can't enter. Either dockerd doesn't start then (`a
 * subdirectory in your graphroot path restricts access to the remapped root uid/gid`), or its containers don't. dockerd opens
 * data-root itself (mode 0710, with that root's gid). Tested with 26.1.5.
 *
 * @param facts - with the folders above data-root
 * @param root - the ids on the host of the root user of containers
 * @returns a sentence for each, with the command that opens it
 * @example
 * ```ts
 * closedParents(parseDataFacts(printed), planUserns('default', accounts))
 * ```
 */
export function closedParents(
  facts: Pick<DataFacts, 'parents'>,
  root: { readonly rootUid: number; readonly rootGid: number },
): string[] {
  return warningTexts(
    findClosedParents(facts, root).map(({ got, todo }) => ({ code: 'closed', text: sentence`${got}. ${todo}` })),
  )
}

/** {@link closedParents} as data. */
export function findClosedParents(
  { parents }: Pick<DataFacts, 'parents'>,
  root: Pick<UsernsPlan, 'rootUid' | 'rootGid'>,
): ClosedParent[] {
  return parents.flatMap(({ path, mode, uid, gid }) => {
    // The kernel checks only one class: the owner's bits for the owner, else the group's bits for the group, else the others'
    // bits (path_resolution(7)). dockerd itself accepts the x of any class, but then no container starts (executed).
    const whose = uid === root.rootUid ? 'u' : gid === root.rootGid ? 'g' : 'o'
    // `s` and `t` are x with another bit; `S` and `T` are that bit alone (ls(1)).
    if ('xst'.includes(mode.charAt(EXECUTE[whose]) || '-')) return []
    const got = `The root user of containers can't enter ${path} (${mode}), which is above dockerd's data`
    return [{ path, got, todo: sentence`Open it:  ${command('chmod', `${whose}+x`, path)}` }]
  })
}

/** The position of each class's x in `drwxr-x--x`. */
const EXECUTE = { u: 3, g: 6, o: 9 } as const
