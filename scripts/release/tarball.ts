import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../packages.ts'
import { type Archive, describeDifference, readArchive, sha256 } from './archive.ts'
import { Refusal } from './refusal.ts'
import { run } from './run.ts'

export interface Tarball {
  readonly path: string
  readonly sha256: string
  readonly files: Archive
  /** The clone in which it was packed, with node_modules and dist. */
  readonly clone: string
}

/** The surroundings of a build, none of which may be seen in the tarball. */
interface Surroundings {
  readonly folder: string
  readonly umask: string
  readonly env: Readonly<Record<string, string>>
  /** Runs the build at another date, if the program is installed. */
  readonly faketime?: string
}

const HERE: Surroundings = { folder: 'first', umask: '022', env: { TZ: 'UTC', LC_ALL: 'C.UTF-8' } }
const ELSEWHERE: Surroundings = {
  folder: 'another folder/with a longer name',
  umask: '077',
  env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'C' },
  faketime: '2031-02-03 04:05:06',
}

/** Packs a commit in two clean clones with different surroundings, and compares the tarballs. */
export async function packTwice(root: string, commit: string, folder: string): Promise<Tarball> {
  const first = await packClone(root, commit, folder, HERE)
  const second = await packClone(root, commit, folder, ELSEWHERE)
  checkSame(first, second)
  return first
}

/** Refuses two tarballs that aren't the same. */
export function checkSame(first: Pick<Tarball, 'sha256' | 'files'>, second: Pick<Tarball, 'sha256' | 'files'>): void {
  if (first.sha256 === second.sha256) return
  throw new Refusal(
    `Two builds of this commit differ: ${describeDifference(first.files, second.files)}.`,
    'Find out what the build takes from its folder, umask, locale or clock:  scripts/build.mjs',
  )
}

async function packClone(root: string, commit: string, parent: string, place: Surroundings): Promise<Tarball> {
  const clone = join(parent, place.folder)
  const destination = join(parent, 'packed', place.umask)
  await mkdir(destination, { recursive: true })
  await mkdir(join(clone, '..'), { recursive: true })
  const masked = ['sh', '-c', 'umask "$0"; exec "$@"', place.umask]
  const inClone = { cwd: clone, env: place.env }
  const remedy = `See what fails in a fresh clone of commit ${commit.slice(0, 10)}.`
  const cloned = ['git', 'clone', '--quiet', '--no-hardlinks', '--no-checkout', root, clone]
  await run([...masked, ...cloned], { cwd: parent, env: place.env }, remedy)
  await run([...masked, 'git', 'checkout', '--quiet', '--detach', commit], inClone, remedy)
  const install = ['npm', 'ci', '--no-audit', '--ignore-scripts', '--prefer-offline']
  await run([...masked, ...install], inClone, 'Make the lock file match package.json:  npm install')
  const pack = ['npm', 'pack', '--silent', '--pack-destination', destination]
  const printed = await run([...masked, ...timed(place), ...pack], inClone, 'Mend the build:  npm run build')
  const path = join(destination, printed.trim().split('\n').at(-1) ?? '')
  return { path, sha256: await sha256(path), files: await readArchive(path), clone }
}

function timed({ faketime }: Surroundings): string[] {
  const program = findProgram('faketime')
  return faketime === undefined || program === undefined ? [] : [program, faketime]
}
