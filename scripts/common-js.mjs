import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transform } from 'esbuild'

/** CommonJS has no import.meta. */
const MODULE_URL = { 'import.meta.url': 'moduleUrl' }
const MODULE_URL_LINE = 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;\n'

/** What esbuild writes: the exports at the end of a file, and the late import of another file. */
const EXPORTS = /^export \{([^}]*)\};$/m
const LATE_IMPORT = /\bimport\("(\.?)([^"]*)"\)/g
/** What it makes of an import: for its names, for the default export of CommonJS, or only to load it; and the uses of the first two. */
const IMPORTED = /^var (import_\w+) = (__toESM\()?require\(("[^"]+")\)(?:, 1\))?;\n/gm
const LOADED_ONLY = /^(?:var import_\w+ = )?require\("\.[^"]+"\);\n/gm
const USED = /\b(new )?(import_\w+)((?:\.\w+)*)/g
/** Its function for default exports, with those that it calls. */
const COPY = /^var __create = [^]*?^var __toESM = [^]*?^\)\);\n/m

/**
 * Turns the files of a folder from ES modules into CommonJS that loads each import when it is used for the first time. Node.js
 * 20 takes much longer to load an ES module: it reads each file in another thread, and its loader needs fs/promises, readline
 * and others. No file may rely on another one being loaded earlier.
 *
 * @param options - those of esbuild for all code
 */
export async function toCommonJs(folder, { platform, target }) {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.js'))) {
    const path = join(folder, name)
    const module = readFileSync(path, 'utf8')
    const { code } = await transform(withGetters(module), {
      platform,
      target,
      format: 'cjs',
      // Named so, it imports packages as it did before.
      sourcefile: `${name}.mjs`,
      define: MODULE_URL,
    })
    const late = importingLate(module.includes('var __create =') ? code : code.replace(COPY, ''))
    // Names of functions stay, for stack traces.
    const small = await transform(late, { target, minify: true, format: 'cjs' })
    writeFileSync(path, small.code)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n')
}

/**
 * Its exports become getters at its beginning, so that files can import each other. A late import of a package, or of a module of
 * Node.js, has its names and a default export, as in an ES module.
 */
function withGetters(module) {
  const [list = '', names = ''] = EXPORTS.exec(module) ?? []
  const getters = names.split(',').flatMap((text) => {
    const [local, exported = local] = text.trim().split(' as ')
    return local === '' ? [] : [`get ${exported}() { return ${local} }`]
  })
  const code = module.replace(list, '').replaceAll(LATE_IMPORT, (_, isOurs, rest) => {
    const required = `require(${JSON.stringify(isOurs + rest)})`
    const loaded = isOurs ? required : `Object.create(${required}, { default: { value: ${required} } })`
    return `Promise.resolve().then(() => ${loaded})`
  })
  const url = module.includes('import.meta.url') ? MODULE_URL_LINE : ''
  const head = getters.length === 0 ? url : `${url}module.exports = { ${getters.join(', ')} };\n`
  return withHead(head, code)
}

/** Each import becomes a function that loads its file once, and each use calls that. */
function importingLate(code) {
  const loaders = new Map()
  const names = new Map()
  const body = code.replaceAll(IMPORTED, (_, name, isDefault, file) => {
    const load = isDefault ? `{ default: require(${file}) }` : `require(${file})`
    // The names that esbuild chooses would be a tenth of the code.
    if (!loaders.has(load)) loaders.set(load, `i$${loaders.size}`)
    names.set(name, loaders.get(load))
    return ''
  })
  const lines = [...loaders].map(([load, name]) => `var ${name}_, ${name} = () => ${name}_ ??= ${load};\n`)
  const used = body.replaceAll(LOADED_ONLY, '').replaceAll(USED, (all, created, name, members) => {
    if (!names.has(name)) return all
    const use = `${names.get(name)}()${members}`
    return created === undefined ? use : `new (${use})`
  })
  return withHead(lines.join(''), used)
}

/** Adds lines at the beginning, but below `#!`. */
function withHead(head, code) {
  const [, shebang = '', rest] = /^(#!.*\n)?([^]*)$/.exec(code)
  return `${shebang}${head}${rest}`
}
