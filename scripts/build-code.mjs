import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What package.json names: its exports and its command. */
function entryPoints() {
  const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const built = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(Boolean)
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
    entryPoints: entryPoints(),
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
  for (const group of groupsOf(outputs, join(outdir, 'index.js')))
    if (!importsItself(group, outputs)) await joinChunks(group, outputs)
  // esbuild doesn't set the mode, and npm marks a bin as executable only on installation. `npx .` in a checkout needs
  // it too.
  chmodSync(join(outdir, 'cli/main.js'), 0o755)
}

/** What loads undici. */
const DISPATCHER = 'lib/transport/dispatcher.ts'
/** What the client loads late. */
const OF_CLIENT = /^lib\/(engine|transport|registry)\//

/**
 * Groups the chunks that `index.js` loads, to be joined into one file each: those that nobody needs without the client; and
 * of the others, those of the same room. A chunk of base/ that imports modules stays alone, since some entry points need
 * none. esbuild writes a chunk for each set of entry points that share code, dozens of small ones, and each file costs about
 * a third of a millisecond when an app starts.
 */
function groupsOf(outputs, index) {
  const entries = [...outputs].filter(([, { entryPoint }]) => entryPoint !== undefined)
  const loads = entries.map(([path, { entryPoint }]) => ({ entryPoint, files: loadedBy(path, outputs) }))
  const dispatcher = [...outputs.keys()].find((path) => DISPATCHER in outputs.get(path).inputs)
  const isClients = (path) =>
    loads.every(({ entryPoint, files }) => !files.has(path) || files.has(dispatcher) || OF_CLIENT.test(entryPoint))
  const groups = new Map()
  for (const path of loadedBy(index, outputs)) {
    const { entryPoint, inputs, imports } = outputs.get(path)
    if (entryPoint !== undefined) continue
    const rooms = new Set(Object.keys(inputs).map((input) => input.split('/')[1]))
    const isPlain = !imports.some(({ external }) => external)
    const name = isClients(path) ? 'client' : [...rooms].join('-')
    const key = name === 'base' && !isPlain ? path : name
    groups.set(key, { name, chunks: [...(groups.get(key)?.chunks ?? []), path] })
  }
  return [...groups.values()].filter(({ chunks }) => chunks.length > 1)
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
function importsItself({ chunks }, outputs) {
  const others = chunks.flatMap((chunk) => importedBy(chunk, outputs)).filter((file) => !chunks.includes(file))
  const beyond = new Set()
  for (const file of others) loadedBy(file, outputs, beyond)
  return chunks.some((chunk) => beyond.has(chunk))
}

/** An import of one of our own files, as esbuild writes it. */
const IMPORT = /^import (?:(\{[^}]*\}) from )?"(\.[^"]*)";$/gm

/** Joins chunks into one file, and lets all other files import from that. */
async function joinChunks({ name, chunks }, outputs) {
  const folder = dirname(chunks[0])
  const contents = chunks.flatMap((chunk) =>
    outputs.get(chunk).exports.map((one) => `export { ${one} as ${alias(chunk, one)} } from './${basename(chunk)}'`),
  )
  const hash = createHash('sha256').update(contents.join()).digest('hex').slice(0, 8).toUpperCase()
  const joined = join(folder, `${name}-${hash}.js`)
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
