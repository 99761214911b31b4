import { shellFile } from '../../base/shell-file.ts'

/** What lies in a data folder of dockerd, as far as its files say. */
export interface DataCounts {
  /** Tagged or not; undefined where dockerd keeps them in containerd, whose store no shell can read. */
  readonly images: number | undefined
  /** Containers in the data folder. */
  readonly containers: number
  /** Of the driver `local`. */
  readonly volumes: number
  /** Of `docker plugin`. */
  readonly plugins: number
  /** Is the host a node of a swarm by it? */
  readonly swarm: boolean
  /** Folders that could not be read: not even their number is known. */
  readonly unreadable: readonly string[]
}

/** A folder on the way to the data. */
export interface DataParent {
  /** The folder's path. */
  readonly path: string
  /** As `ls -l` prints it: `drwxr-x--x`. */
  readonly mode: string
  /** Its numeric owner. */
  readonly uid: number
  /** Its numeric group. */
  readonly gid: number
}

/** What {@link DATA_FACTS_SH} has found. */
export interface DataFacts {
  /** data-root, without symbolic links in it. */
  readonly root: string
  /** Whether the data folder exists. */
  readonly isThere: boolean
  /** What lies in it without user namespaces. */
  readonly plain: DataCounts
  /** What lies in the folders of user namespaces, by their names: `100000.100000`. */
  readonly remapped: ReadonlyMap<string, DataCounts>
  /** The folders above it that are there, the nearest first. */
  readonly parents: readonly DataParent[]
}

/**
 * Text for a POSIX sh that looks into dockerd's data folder without asking dockerd, and prints lines `KEY VALUES` for
 * {@link parseDataFacts}. `$1` is data-root. It changes nothing, in the folder or in the shell around it, ends with 0, and
 * takes a folder that isn't there, or mustn't be read, for what it is. Files are counted, never opened.
 *
 * @example
 * ```ts
 * const script = `data_facts() {\n${DATA_FACTS_SH}}\ndata_facts /var/lib/docker\n`
 * ```
 */
export const DATA_FACTS_SH: string = shellFile(new URL('./data-facts.sh', import.meta.url))

/**
 * Reads what {@link DATA_FACTS_SH} has printed. Lines that it doesn't know are passed over.
 *
 * @param printed - all of it
 * @example
 * ```ts
 * parseDataFacts(printed).plain.containers // 3
 * ```
 */
export function parseDataFacts(printed: string): DataFacts {
  const lines = printed.split('\n').map((line) => {
    const [key = '', name = '', ...rest] = line.split(' ')
    return { key, name, value: rest.join(' ') }
  })
  const root = lines.find(({ key }) => key === 'root')
  const names = new Set(lines.filter(({ key, name }) => key === 'containers' && name !== '-').map(({ name }) => name))
  const of = (wanted: string): DataCounts => countsOf(lines.filter(({ name }) => name === wanted))
  return {
    root: root?.value ?? '',
    isThere: root?.name === 'there',
    plain: of('-'),
    remapped: new Map([...names].map((name) => [name, of(name)])),
    parents: lines.filter(({ key }) => key === 'parent').map(({ name, value }) => readParent(name, value)),
  }
}

function countsOf(lines: readonly { readonly key: string; readonly value: string }[]): DataCounts {
  const values = (wanted: string): string[] => lines.filter(({ key }) => key === wanted).map(({ value }) => value)
  const sum = (wanted: string): number => values(wanted).reduce((total, value) => total + Number(value), 0)
  const containers = sum('containers')
  // dockerd with a storage driver of its own always makes that folder; with containerd's it makes none.
  const counted = values('images').length > 0 || containers === 0
  return {
    images: counted ? sum('images') : undefined,
    containers,
    volumes: sum('volumes'),
    plugins: sum('plugins'),
    swarm: values('swarm').includes('yes'),
    unreadable: values('unreadable'),
  }
}

function readParent(mode: string, value: string): DataParent {
  const [, uid = '', gid = '', path = ''] = /^(\d+) (\d+) (.*)$/s.exec(value) ?? []
  return { path, mode, uid: Number(uid), gid: Number(gid) }
}
