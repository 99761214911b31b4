import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A file of ours that a declaration file imports: `from './x.ts'`, `import './x.ts'` or `import('./x.ts')`. */
const IMPORT = /\b(?:from |import |import\()['"](\.{1,2}\/[^'"]+)\.[jt]s['"]/g

/**
 * Removes the declaration files that no entry point imports, directly or through others: `exports` in package.json lets
 * nobody import them. Indents the others with two spaces instead of tsc's four.
 *
 * @param entries - the declaration files of the entry points
 */
export function pruneDeclarations(folder, entries) {
  const needed = new Set()
  for (const entry of entries) addNeeded(resolve(entry), needed)
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.d.ts'))
  for (const path of names.map((name) => resolve(join(folder, name)))) {
    if (needed.has(path)) halveIndentation(path)
    else rmSync(path)
  }
}

function halveIndentation(file) {
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text.replaceAll(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2)),
  )
}

function addNeeded(file, needed) {
  if (needed.has(file)) return
  needed.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    addNeeded(resolve(dirname(file), `${path}.d.ts`), needed)
  }
}
