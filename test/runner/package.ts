import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCode } from '../../scripts/build-code.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Not dist/, which `npm run check` removes and makes anew while tests run. */
const CACHE = join(ROOT, '.cache')
/** What the code is built from. The lock file has the versions of the bundled packages. */
const SOURCES = [
  'lib',
  'package.json',
  'package-lock.json',
  ...['build-code', 'bundled-licenses', 'common-js', 'files-at-once', 'plan-chunks'].map(
    (name) => `scripts/${name}.mjs`,
  ),
]
const DAY_MS = 24 * 60 * 60_000

/**
 * Builds the package's code, once for each state of its sources, into a folder that stays the same as long as anybody uses it.
 *
 * @returns the built command line
 */
export async function buildPackage(): Promise<string> {
  const name = `package-${hashOf(SOURCES)}`
  const place = join(CACHE, name)
  const main = join(place, 'dist/cli/main.js')
  if (existsSync(main)) return main
  mkdirSync(CACHE, { recursive: true })
  forgetOld()
  const aside = mkdtempSync(join(CACHE, 'building-'))
  await buildCode(join(aside, 'dist'))
  // Users of a machine who are not root run it, too.
  chmodSync(aside, 0o755)
  // Its type tells Node.js that the library consists of ES modules.
  copyFileSync(join(ROOT, 'package.json'), join(aside, 'package.json'))
  try {
    renameSync(aside, place)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    // Another run was quicker.
    if (!existsSync(main)) throw error
  }
  return main
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths.flatMap(filesIn))
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(ROOT, path)))
  return hash.digest('hex').slice(0, 16)
}

function filesIn(path: string): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path]
  const entries = readdirSync(join(ROOT, path)).toSorted()
  return entries.flatMap((entry) => filesIn(join(path, entry)))
}

function forgetOld(): void {
  for (const name of readdirSync(CACHE).filter((entry) => /^(package|building)-/.test(entry))) {
    const path = join(CACHE, name)
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true })
  }
}
