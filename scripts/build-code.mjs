import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transformSync } from 'esbuild'
import { bundledLicenses } from './bundled-licenses.mjs'
import { COMMON_JS_COSTS, ES_MODULE_COSTS, planChunks } from './plan-chunks.mjs'
import { toCommonJs } from './common-js.mjs'
import { filesAtOnce } from './files-at-once.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { exports, bin, dependencies, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** What package.json names as exports. */
function libraryEntries() {
  return sourcesOf(Object.values(exports).flatMap((entry) => entry.default ?? []))
}

function sourcesOf(built) {
  return built.map((path) => path.replace(/^(\.\/)?dist\//, 'lib/').replace(/\.js$/, '.ts'))
}

const READERS = new Set(['lib/base/shell-file.ts', 'lib/base/text-file.ts'].map((path) => join(ROOT, path)))
const TEXT_FILE =
  /\b(?:shellFile\(new URL\('(\.\.?\/[\w./-]+\.sh)'|textFile\(new URL\('(\.\.?\/[\w./-]+\.(?:css|js|bash|zsh|fish|ps1))'), import\.meta\.url\)\)/g

/** The comments of the shell programs are for whoever changes them, and more than a third of their text. */
function withoutComments(program) {
  const [document] = /<<-?[ \t]*['"]?(\w+)\b['"]?.*\n(?:(?![ \t]*\1\n).*\n)*?[ \t]*#.*\n/.exec(program) ?? []
  if (document !== undefined) throw new Error(`a line that begins with # in a here-document: ${document}`)
  return program.replace(/^[ \t]*#.*\n/gm, '')
}

/** Puts the text of each shell program, style sheet and browser script in the place of the call that reads it from the source. */
const textFiles = {
  name: 'text-files',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, ({ path }) => {
      if (READERS.has(path)) return undefined
      const source = readFileSync(path, 'utf8')
      const read = (file) => readFileSync(join(dirname(path), file), 'utf8')
      const textOf = (shell, other) => (shell ? withoutComments(read(shell)) : read(other))
      const contents = source.replace(TEXT_FILE, (_call, shell, other) => JSON.stringify(textOf(shell, other)))
      const [name] = /\b(?:shell|text)File(?=\()/.exec(contents) ?? []
      return name === undefined
        ? { contents, loader: 'ts' }
        : { errors: [{ text: `${path}: write it as ${name}(new URL('./NAME', import.meta.url))` }] }
    })
  },
}

/** Commander requires it for commands that are programs of their own, of which we have none. It takes as long as commander. */
const CALLED_LATE = new Set(['node:child_process'])

/** The modules of Node.js that a bundled CommonJS package requires. An ES module has no `require`. */
const requiredBuiltins = {
  name: 'required-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?\w+(\/\w+)?$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const builtin = `process.getBuiltinModule(${JSON.stringify(path)})`
      const late = `new Proxy({}, { get: (_, name) => ${builtin}[name] })`
      return { contents: `module.exports = ${CALLED_LATE.has(path) ? late : builtin}` }
    })
  },
}

/** Nobody reads the code of bundled packages in a stack trace. */
const smallPackages = {
  name: 'small-packages',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => ({
      contents: transformSync(readFileSync(path, 'utf8'), { minify: true }).code,
    }))
  },
}

/** The library: an app's import counts more than what it imports late. */
const LIBRARY = {
  sources: libraryEntries(),
  folder: 'chunks',
  weights: {
    ...Object.fromEntries(libraryEntries().map((source) => [source, 40])),
    'lib/index.ts': 120,
    'lib/daemon.ts': 120,
    // Each start of a gateway in an app.
    'lib/gateway.ts': 60,
    // It may open a few files more: a question takes a round trip.
    'lib/engine/may/ask.ts': 0,
  },
  costs: ES_MODULE_COSTS,
  plugins: [textFiles, requiredBuiltins, smallPackages],
}
/** The command: every call loads start.ts. */
const COMMAND = {
  sources: sourcesOf(Object.values(bin)),
  folder: 'cli',
  weights: {
    'lib/cli/start.ts': 80,
    // What `daemon render`, `cert list`, `cert show` and `client env` load, which is measured.
    'lib/cli/commands/daemon-render.ts': 10,
    'lib/daemon-config/render-files.ts': 10,
    'lib/apply/server-folder.ts': 10,
    'lib/cli/commands/cert-list.ts': 15,
    'lib/keystore/renew/known.ts': 15,
    'lib/keystore/crl/state.ts': 15,
    'lib/keystore/check.ts': 15,
    'lib/keystore/rotate/state.ts': 15,
    'lib/keystore/layout.ts': 15,
    'lib/cli/commands/cert-show.ts': 10,
    'lib/pki/inspect.ts': 10,
    'lib/cli/commands/client-env.ts': 6,
    'lib/pki/client-name.ts': 6,
    'lib/identity/identity.ts': 6,
  },
  costs: COMMON_JS_COSTS,
  plugins: [textFiles, requiredBuiltins, smallPackages, filesAtOnce],
}

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  // Other packages that the code imports are bundled (CONTRIBUTING.md, "Dependencies").
  external: Object.keys(dependencies),
  // Its ES modules, of which esbuild takes only what is used. For Node.js it has CommonJS, which is a third larger.
  alias: { yaml: join(ROOT, 'node_modules/yaml/browser/dist/index.js') },
  // Tests link node_modules from elsewhere. The code names each bundled file by its path.
  preserveSymlinks: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  define: { PACKAGE_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
}

/**
 * Bundles the code of each entry point without checking types, which takes seconds. The command has files of its own:
 * they are CommonJS, and load each other when they are used (common-js.mjs).
 */
export async function buildCode(outdir) {
  const library = await bundle(LIBRARY, outdir)
  removeIndentation(outdir)
  const command = await bundle(COMMAND, outdir)
  writeFileSync(join(outdir, 'bundled-licenses.txt'), bundledLicenses({ ...library.inputs, ...command.inputs }, ROOT))
  await toCommonJs(join(outdir, 'cli'), OPTIONS)
  // esbuild doesn't set the mode, and npm marks a bin as executable only on installation. `npx .` in a checkout needs
  // it too.
  const main = join(outdir, 'cli/main.js')
  chmodSync(main, 0o755)
  const known = execFileSync(process.execPath, [main, 'completion', 'bash', '--json'])
  writeFileSync(join(outdir, 'cli/known-commands.json'), JSON.stringify(JSON.parse(known)))
}

/** Indentation is a quarter of the library. Names stay, and lines stay short, so that a stack trace says where. */
function removeIndentation(outdir) {
  for (const path of readdirSync(outdir, { recursive: true }).filter((name) => name.endsWith('.js'))) {
    const file = join(outdir, path)
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      minifyWhitespace: true,
      minifySyntax: true,
      lineLimit: 100,
      format: 'esm',
    })
    writeFileSync(file, code)
  }
}

async function bundle({ sources, folder, weights, costs, plugins }, outdir) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: sources,
    outbase: 'lib',
    outdir,
    // Code shared by entry points is loaded once. Dynamically imported code stays in files of its own.
    splitting: true,
    chunkNames: `${folder}/[name]-[hash]`,
    metafile: true,
    plugins,
  })
  const outputs = new Map(
    Object.entries(metafile.outputs)
      .filter(([path]) => path.endsWith('.js'))
      .map(([path, output]) => [join(ROOT, path), output]),
  )
  const plan = planChunks(outputs, { weights, costs, root: ROOT })
  for (const chunks of plan) if (chunks.length > 1) await joinChunks(chunks, outputs)
  return { inputs: metafile.outputs }
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
  for (const chunk of chunks) {
    outputs.delete(chunk)
    rmSync(chunk)
  }
  outputs.set(joined, {})
  for (const path of outputs.keys()) {
    const before = readFileSync(path, 'utf8')
    const code = before.replaceAll(IMPORT, (line, names = '', from) => {
      const chunk = chunks.find((one) => one === resolve(dirname(path), from))
      if (chunk === undefined) return line
      const renamed = names.replaceAll(/([\w$]+)(?: as ([\w$]+))?(?=\s*[,}])/g, (_, one, local = one) => {
        return `${alias(chunk, one)} as ${local}`
      })
      const place = from.replace(/[^/]*$/, basename(joined))
      return names === '' ? `import "${place}";` : `import ${renamed} from "${place}";`
    })
    if (code !== before) writeFileSync(path, code)
  }
}

/** The name of a chunk's export in the file that it is joined into: with the chunk's hash, because two may have the same names. */
function alias(chunk, exported) {
  return `${exported}_${/\w*$/.exec(basename(chunk, '.js'))[0].slice(0, 4)}`
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
