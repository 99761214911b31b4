import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** What package.json names as exports. */
function libraryEntries() {
  return sourcesOf(Object.values(exports).flatMap((entry) => entry.default ?? []))
}

function sourcesOf(built) {
  return built.map((path) => path.replace(/^(\.\/)?dist\//, 'lib/').replace(/\.js$/, '.ts'))
}

const SHELL_FILE_TS = join(ROOT, 'lib/base/shell-file.ts')
const SHELL_FILE = /\bshellFile\(new URL\('(\.\.?\/[\w./-]+\.sh)', import\.meta\.url\)\)/g

/** Puts the text of each shell program in the place of the call that reads it from the source (lib/base/shell-file.ts). */
const shellFiles = {
  name: 'shell-files',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, ({ path }) => {
      if (path === SHELL_FILE_TS) return undefined
      const source = readFileSync(path, 'utf8')
      const textOf = (file) => JSON.stringify(readFileSync(join(dirname(path), file), 'utf8'))
      const contents = source.replace(SHELL_FILE, (_call, file) => textOf(file))
      return /\bshellFile\(/.test(contents)
        ? { errors: [{ text: `${path}: write it as shellFile(new URL('./NAME.sh', import.meta.url))` }] }
        : { contents, loader: 'ts' }
    })
  },
}

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
}

/** Bundles the code of each entry point without checking types, which takes half a second. */
export async function buildCode(outdir) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [...libraryEntries(), ...sourcesOf(Object.values(bin))],
    outbase: 'lib',
    outdir,
    // Code shared by entry points is loaded once. Dynamically imported code stays in files of its own.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    metafile: true,
    plugins: [shellFiles],
  })
  const outputs = new Map(
    Object.entries(metafile.outputs)
      .filter(([path]) => path.endsWith('.js'))
      .map(([path, output]) => [join(ROOT, path), output]),
  )
  const entries = libraryEntries().map((path) => path.replace(/^lib/, outdir).replace(/\.ts$/, '.js'))
  for (const chunks of groupsOf(outputs, entries))
    if (chunks.length > 1 && !importsItself(chunks, outputs)) await joinChunks(chunks, outputs)
  // esbuild doesn't set the mode, and npm marks a bin as executable only on installation. `npx .` in a checkout needs
  // it too.
  chmodSync(join(outdir, 'cli/main.js'), 0o755)
}

/** In bytes: to read so much of unneeded code costs less than to open one more file. */
const SMALL = 4096

/**
 * Groups the chunks to be joined into one file each: those that the same entry points of the package load, with the same
 * npm packages. esbuild writes a chunk for each set of its own entry points, commands and late imports included: dozens of
 * small ones, and each file costs about a third of a millisecond when an app starts. What only the command loads stays as
 * it is.
 */
function groupsOf(outputs, entries) {
  const loads = entries.map((entry) => loadedBy(entry, outputs))
  const groups = new Map()
  for (const [path, { entryPoint, imports, bytes }] of outputs) {
    const users = entries.filter((_, index) => loads[index].has(path))
    if (entryPoint !== undefined || users.length === 0) continue
    const modules = imports.filter(({ external }) => external).map((one) => one.path)
    const packages = modules.filter((module) => !isBuiltin(module))
    const key = [...users, ...packages.toSorted()].join()
    const group = groups.get(key) ?? { users, packages, modules: [], chunks: [], bytes: 0 }
    group.chunks.push(path)
    group.modules.push(...modules)
    group.bytes += bytes
    groups.set(key, group)
  }
  return withoutSmall([...groups.values()]).map(({ chunks }) => chunks)
}

/** Adds each small group to one that all its users load anyway, if that has the fewest users of its own and imports the same. */
function withoutSmall(groups) {
  const kept = []
  for (const group of groups.toSorted((one, other) => other.users.length - one.users.length)) {
    const hosts = kept.filter(
      (host) =>
        group.users.every((user) => host.users.includes(user)) &&
        group.modules.every((module) => host.modules.includes(module)),
    )
    const host = group.bytes < SMALL ? hosts.at(-1) : undefined
    if (host === undefined) kept.push(group)
    else host.chunks.push(...group.chunks)
  }
  return kept
}

/** The files of ours that a file imports at once. */
function importedBy(path, outputs) {
  const statements = outputs.get(path).imports.filter(({ kind }) => kind === 'import-statement')
  return statements.map((one) => join(ROOT, one.path)).filter((file) => outputs.has(file))
}

/** All files of ours that a file loads at once, itself included. */
function loadedBy(path, outputs, loaded = new Set()) {
  loaded.add(path)
  for (const file of importedBy(path, outputs)) if (!loaded.has(file)) loadedBy(file, outputs, loaded)
  return loaded
}

/** Whether a group, joined, would import itself by way of another file: then its classes would be used before they exist. */
function importsItself(chunks, outputs) {
  const others = chunks.flatMap((chunk) => importedBy(chunk, outputs)).filter((file) => !chunks.includes(file))
  const beyond = new Set()
  for (const file of others) loadedBy(file, outputs, beyond)
  return chunks.some((chunk) => beyond.has(chunk))
}

/** An import of one of our own files, as esbuild writes it. */
const IMPORT = /^import (?:(\{[^}]*\}) from )?"(\.[^"]*)";$/gm

/** Joins chunks into one file, and lets all other files import from that. */
async function joinChunks(chunks, outputs) {
  const folder = dirname(chunks[0])
  const contents = chunks.flatMap((chunk) =>
    outputs.get(chunk).exports.map((one) => `export { ${one} as ${alias(chunk, one)} } from './${basename(chunk)}'`),
  )
  const hash = createHash('sha256').update(contents.join()).digest('hex').slice(0, 8).toUpperCase()
  const joined = join(folder, `shared-${hash}.js`)
  const stdin = { contents: contents.join('\n'), resolveDir: folder }
  await build({ ...OPTIONS, stdin, outfile: joined, plugins: [othersAreExternal(chunks)] })
  const isMember = ({ path }) => chunks.includes(join(ROOT, path))
  const imports = chunks.flatMap((chunk) => outputs.get(chunk).imports).filter((one) => !isMember(one))
  for (const chunk of chunks) {
    outputs.delete(chunk)
    rmSync(chunk)
    rmSync(`${chunk}.map`)
  }
  outputs.set(joined, { imports })
  for (const output of outputs.values()) {
    output.imports = output.imports.map((one) => (isMember(one) ? { ...one, path: relative(ROOT, joined) } : one))
  }
  for (const path of outputs.keys()) {
    const code = readFileSync(path, 'utf8').replaceAll(IMPORT, (line, names = '', from) => {
      const chunk = chunks.find((one) => one === resolve(dirname(path), from))
      if (chunk === undefined) return line
      const renamed = names.replaceAll(/([\w$]+)(?: as ([\w$]+))?(?=\s*[,}])/g, (_, one, local = one) => {
        return `${alias(chunk, one)} as ${local}`
      })
      const place = from.replace(/[^/]*$/, basename(joined))
      return names === '' ? `import "${place}";` : `import ${renamed} from "${place}";`
    })
    writeFileSync(path, code)
  }
}

/** The name of a chunk's export in the file that it is joined into. */
function alias(chunk, exported) {
  return `${basename(chunk, '.js').replaceAll(/\W/g, '_')}_${exported}`
}

function othersAreExternal(chunks) {
  return {
    name: 'others-are-external',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
        const isOther = kind === 'dynamic-import' || !chunks.includes(resolve(resolveDir, path))
        return isOther ? { path, external: true } : undefined
      })
    },
  }
}
