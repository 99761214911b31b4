/** Prints the lines of lib/ by room, and fails if they are more than the number in `.budget`. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Lines of TypeScript by room, the entry points apart. Files that git doesn't know yet count too. */
function linesByRoom(): Map<string, number> {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'lib'], { cwd: ROOT })
  const rooms = new Map<string, number>()
  for (const file of listed.toString().split('\n')) {
    if (!file.endsWith('.ts')) continue
    const room = /^lib\/([^/]+)\//.exec(file)?.[1] ?? '(entry points)'
    rooms.set(room, (rooms.get(room) ?? 0) + linesOf(file))
  }
  return rooms
}

function linesOf(file: string): number {
  try {
    return readFileSync(`${ROOT}/${file}`, 'utf8').split('\n').length - 1
  } catch (error) {
    // Deleted, and not committed yet.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}

const rooms = [...linesByRoom()].toSorted(([, a], [, b]) => b - a)
const sum = rooms.reduce((total, [, lines]) => total + lines, 0)
const budget = Number(readFileSync(`${ROOT}/.budget`, 'utf8'))
for (const [room, lines] of [...rooms, ['lib/', sum] as const]) console.log(`${String(lines).padStart(7)}  ${room}`)
if (sum > budget) {
  console.error(
    `lib/ has ${sum - budget} lines more than the ${budget} of .budget. Remove what the change makes superfluous, or merge what is alike.\n` +
      'Raise the number only with a reason in the commit message.',
  )
  process.exitCode = 1
}
