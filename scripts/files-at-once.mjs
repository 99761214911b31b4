import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIB = fileURLToPath(new URL('../lib/', import.meta.url))
const READ_FILES = join(LIB, 'cli/read-files.ts')
/** A gateway has requests to serve while it reads. */
const SERVING = join(LIB, 'gateway/files/')
/** What it exports. */
export const READING = ['access', 'lstat', 'readFile', 'readdir', 'readlink', 'realpath', 'stat']

/** Gives the code of the command the functions of lib/cli/read-files.ts in the place of those of `fs/promises`. */
export const filesAtOnce = {
  name: 'files-at-once',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:fs(\/promises)?$/ }, ({ path, importer, namespace }) => {
      if (namespace === 'files') return path === 'node:fs' ? { path, external: true } : { path, namespace }
      const isOurs = importer.startsWith(LIB) && importer !== READ_FILES && !importer.startsWith(SERVING)
      return isOurs ? { path, namespace: 'files', sideEffects: false } : undefined
    })
    onLoad({ filter: /.*/, namespace: 'files' }, ({ path }) => ({
      contents: path === 'node:fs' ? FS : FS_PROMISES,
      resolveDir: LIB,
    }))
  },
}

const FS = `
  export { ${namesOf(fs, ['promises', 'default']).join(', ')} } from 'node:fs'
  export * as promises from 'node:fs/promises'`

/** Node.js loads `fs.promises` when it is used for the first time. */
const FS_PROMISES = `
  import { promises } from 'node:fs'
  export { constants } from 'node:fs'
  export { ${READING.join(', ')} } from ${JSON.stringify(READ_FILES)}
  ${namesOf(fs.promises, ['constants', ...READING])
    .map((name) => `export const ${name} = (...args) => promises.${name}(...args)`)
    .join('\n')}`

function namesOf(module, without) {
  return Object.keys(module).filter((name) => !without.includes(name))
}
