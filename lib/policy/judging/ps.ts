/** Columns of ps(1) whose values are always one word. */
const ONE_WORD = new Set(
  'egid etime etimes euid euser gid group ni pcpu pgid pid pmem ppid pri rgid rgroup rss ruid ruser sid stat time tty uid user vsz'.split(
    ' ',
  ),
)

/** The formats that ps has itself, with one word in each column before the last. Without a dash, letters may have any order. */
const OWN_FORMAT =
  /^(?:-(?:e|A|ax|aux|ef|el|efl)w{0,2}|(?=[uw]*(?:a[uw]*x|x[uw]*a)[uw]*(?: |$))(?!\S*u\S*u)(?!(?:\S*w){3})\S+)(?: -?w{1,2})?$/

/** Chosen columns, of all processes or not. */
const COLUMNS = /^(?:-(?:e|A|ax)?o|axo|(?:-e|-A|-?ax) -o) ?([a-z%_]+(?::\d{1,3})?(?:,[a-z%_]+(?::\d{1,3})?)*)$/

/**
 * Does `ps` show nothing of the host with these options? dockerd runs it for the whole host, and keeps the lines that have a process
 * of the container in the column PID: in the word with the number that this column has in the title (moby, daemon/top_unix.go). If a
 * column before it has several words, or another title, lines of other processes match by what is in them.
 */
export function isHarmlessPs(options: string): boolean {
  const given = options.trim()
  if (given === '' || OWN_FORMAT.test(given)) return true
  const columns = (COLUMNS.exec(given)?.[1]?.split(',') ?? []).map((column) => column.replace(/:.*/, ''))
  const at = columns.indexOf('pid')
  // Of two columns with the title PID, dockerd may take either.
  return at >= 0 && columns.lastIndexOf('pid') === at && columns.slice(0, at).every((column) => ONE_WORD.has(column))
}
