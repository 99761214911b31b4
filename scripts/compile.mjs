import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** A hash of this file: a change of it invalidates all compiled files. */
const VERSION = createHash('sha256')
  .update(readFileSync(new URL(import.meta.url)))
  .digest('hex')
  .slice(0, 16)
/** The folder of compiled files. Each has its source's time; if the times differ, the source is compiled again. */
const COMPILED = join(ROOT, '.cache', `compiled-${VERSION}`)
const FOLDERS = ['lib', 'test', 'scripts', 'examples', 'site']

export const OPTIONS = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'warning',
  // tsconfig.json has no setting that changes the code, and looking for it takes time.
  tsconfigRaw: {},
}

const compiledPath = (file) => join(COMPILED, `${relative(ROOT, file)}.js`)

/** Returns the compiled JavaScript of a source in this checkout, unless it is missing or out of date. */
export async function readCompiled(file) {
  const output = compiledPath(file)
  if (!output.startsWith(COMPILED + sep)) return undefined
  return (await isCurrent(file, output)) ? readFile(output, 'utf8') : undefined
}

async function isCurrent(file, output) {
  const [source, compiled] = await Promise.all([timeOf(file), timeOf(output)])
  // Node passes times to utimes(2) as floating-point seconds, which aren't exact.
  return source !== undefined && compiled !== undefined && Math.abs(source - compiled) < 2
}

async function timeOf(file) {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

/** Compiles all sources that have changed. Several processes may do so at once, while others read. */
export async function compileAll() {
  const files = (await Promise.all(FOLDERS.map((folder) => sourcesIn(join(ROOT, folder))))).flat()
  const isOld = await Promise.all(files.map(async (file) => !(await isCurrent(file, compiledPath(file)))))
  const changed = files.filter((_file, index) => isOld[index])
  if (changed.length === 0) return
  const times = await Promise.all(changed.map(timeOf))
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    ...OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: changed,
    outbase: ROOT,
    // Source maps need a path beside the source. Nothing is written there.
    outdir: ROOT,
    outExtension: { '.js': '.ts' },
    write: false,
  })
  await Promise.all(
    outputFiles.map(({ path, contents }, index) => writeAtomically(compiledPath(path), contents, times[index])),
  )
}

async function sourcesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name))
}

/** Writes the file atomically, because another run may be reading it. */
async function writeAtomically(output, contents, time) {
  const aside = `${output}.${process.pid}`
  await mkdir(dirname(output), { recursive: true })
  await writeFile(aside, contents)
  await utimes(aside, time / 1000, time / 1000)
  await rename(aside, output).catch(async (error) => {
    await rm(aside, { force: true })
    throw error
  })
}
