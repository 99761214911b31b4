import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readCompiled } from './compile.mjs'

const TYPESCRIPT = /^file:.*\.m?ts$/
const CONFIG = new URL('../tsconfig.json', import.meta.url)
/** The import names of this package and of peers, so that examples can import them as an app does. */
const { paths } = JSON.parse(readFileSync(CONFIG, 'utf8')).compilerOptions

/** A hook of node:module: resolves the `paths` of tsconfig.json. */
export async function resolve(specifier, context, next) {
  const found = TYPESCRIPT.test(context.parentURL ?? '') ? paths[specifier]?.[0] : undefined
  return next(found === undefined ? specifier : new URL(found, CONFIG).href, context)
}

/** A hook of node:module: loads TypeScript as JavaScript, compiled by esbuild now if it wasn't compiled before. */
export async function load(url, context, next) {
  if (!TYPESCRIPT.test(url)) return next(url, context)
  const file = fileURLToPath(url)
  const source = (await readCompiled(file)) ?? (await compileNow(file))
  return { format: 'module', source, shortCircuit: true }
}

async function compileNow(file) {
  const [{ transform }, { OPTIONS }, text] = await Promise.all([
    import('esbuild'),
    import('./compile.mjs'),
    readFile(file, 'utf8'),
  ])
  const { code } = await transform(text, { ...OPTIONS, loader: 'ts', sourcefile: file })
  return code
}
