import { shellFile } from '../../base/shell-file.ts'

/** The contents of a data folder of dockerd, counted by its files. */
export interface DataCounts {
  /** Images, with or without a tag. Undefined if dockerd stores them in containerd, whose store a shell can't read. */
  readonly images: number | undefined
  /** Containers in the data folder. */
  readonly containers: number
  /** Volumes of the driver `local`. */
  readonly volumes: number
  /** Plugins of `docker plugin`. */
  readonly plugins: number
  /** Whether this data makes the host a swarm node. */
  readonly swarm: boolean
  /** Folders that could not be read, so that their contents are missing from the counts. */
  readonly unreadable: readonly string[]
}

/** A folder above the data folder. */
export interface DataParent {
  /** The folder's path. */
  readonly path: string
  /** The mode as `ls -l` prints it: `drwxr-x--x`. */
  readonly mode: string
  /** Its numeric owner. */
  readonly uid: number
  /** Its numeric group. */
  readonly gid: number
}

/** The facts that {@link DATA_FACTS_SH} prints. */
export interface DataFacts {
  /** The path of data-root, with symbolic links resolved. */
  readonly root: string
  /** Whether the data folder exists. */
  readonly isThere: boolean
  /** The data without user namespaces. */
  readonly plain: DataCounts
  /** The data of each folder for user namespaces, by its name: `100000.100000`. */
  readonly remapped: ReadonlyMap<string, DataCounts>
  /** The existing folders above data-root, the nearest first. */
  readonly parents: readonly DataParent[]
}

/**
 * A POSIX sh script that inspects dockerd's data folder without asking dockerd. It prints lines `KEY VALUES` for
 * {@link parseDataFacts}, with paths in base64. `$1` is data-root. The script changes neither the folder nor the surrounding shell, and exits with 0.
 * It reports folders that are missing or can't be read. It counts files without opening them.
 *
 * @example
 * ```ts
 * const script = `data_facts() {\n${DATA_FACTS_SH}}\ndata_facts /var/lib/docker\n`
 * ```
 */
export const DATA_FACTS_SH: string = shellFile(new URL('./data-facts.sh', import.meta.url))

/**
 * Parses the output of {@link DATA_FACTS_SH}. Unknown lines are ignored.
 *
 * @param printed - the whole output
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
  const byName = new Map<string, { readonly key: string; readonly value: string }[]>()
  for (const line of lines) {
    const others = byName.get(line.name)
    if (others) others.push(line)
    else byName.set(line.name, [line])
  }
  const of = (wanted: string): DataCounts => countsOf(byName.get(wanted) ?? [])
  return {
    root: decode(root?.value),
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
  // With its own storage drivers, dockerd always creates the images folder. With containerd's snapshotters, it creates none.
  const isCounted = values('images').length > 0 || containers === 0
  return {
    images: isCounted ? sum('images') : undefined,
    containers,
    volumes: sum('volumes'),
    plugins: sum('plugins'),
    swarm: values('swarm').includes('yes'),
    unreadable: values('unreadable').map(decode),
  }
}

function readParent(mode: string, value: string): DataParent {
  const [uid = '', gid = '', path = ''] = value.split(' ')
  return { path: decode(path), mode, uid: Number(uid), gid: Number(gid) }
}

function decode(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
