import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** By this file, in its present state. */
const VERSION = createHash('sha256')
  .update(readFileSync(new URL(import.meta.url)))
  .digest('hex')
  .slice(0, 16)
/** What was compiled, with the time of its source: another time, and it is compiled anew. */
const COMPILED = join(ROOT, '.cache', `compiled-${VERSION}`)
const FOLDERS = ['lib', 'test', 'scripts', 'examples']

export const OPTIONS = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'warning',
  // It says nothing that concerns the code, and looking for it takes time.
  tsconfigRaw: {},
}

const placeOf = (file) => join(COMPILED, `${relative(ROOT, file)}.js`)

/** The JavaScript of a source in this checkout, where it is there and not older than the source. */
export async function readCompiled(file) {
  const place = placeOf(file)
  if (!place.startsWith(COMPILED + sep)) return undefined
  return (await isCurrent(file, place)) ? readFile(place, 'utf8') : undefined
}

async function isCurrent(file, place) {
  const [source, compiled] = await Promise.all([timeOf(file), timeOf(place)])
  // utimes(2) takes fractions of a second as Node's numbers give them, which are not exact.
  return source !== undefined && compiled !== undefined && Math.abs(source - compiled) < 2
}

async function timeOf(file) {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

/** Compiles every source of ours that has changed. Several may do so at once, while others read. */
export async function compileAll() {
  const files = (await Promise.all(FOLDERS.map((folder) => sourcesIn(join(ROOT, folder))))).flat()
  const isOld = await Promise.all(files.map(async (file) => !(await isCurrent(file, placeOf(file)))))
  const changed = files.filter((_file, index) => isOld[index])
  if (changed.length === 0) return
  const times = await Promise.all(changed.map(timeOf))
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    ...OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: changed,
    outbase: ROOT,
    // Beside their sources, as far as the source maps know.
    outdir: ROOT,
    outExtension: { '.js': '.ts' },
    write: false,
  })
  await Promise.all(outputFiles.map(({ path, contents }, index) => put(placeOf(path), contents, times[index])))
}

async function sourcesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name))
}

/** Whole or not at all: another run may be reading it. */
async function put(place, contents, time) {
  const aside = `${place}.${process.pid}`
  await mkdir(dirname(place), { recursive: true })
  await writeFile(aside, contents)
  await utimes(aside, time / 1000, time / 1000)
  await rename(aside, place).catch(async (error) => {
    await rm(aside, { force: true })
    throw error
  })
}
