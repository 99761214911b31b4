import { chmodSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

/** Joins the code of each entry point, without a look at the types: half a second. */
export async function buildCode(outdir) {
  await build({
    absWorkingDir: ROOT,
    entryPoints: entryPoints(),
    outbase: 'lib',
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // What several entries share is loaded once, and what is imported late stays a file of its own.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [shellFiles],
  })
  // esbuild writes no mode, and npm marks a bin only when it installs it: `npx .` in a checkout needs it as well.
  chmodSync(join(outdir, 'cli/main.js'), 0o755)
}
