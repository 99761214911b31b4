import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What package.json names: its exports and its command. */
function entryPoints() {
  const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const built = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(Boolean)
  return built.map((path) => path.replace(/^(\.\/)?dist\//, 'lib/').replace(/\.js$/, '.ts'))
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
  })
  // esbuild writes no mode, and npm marks a bin only when it installs it: `npx .` in a checkout needs it as well.
  chmodSync(join(outdir, 'cli/main.js'), 0o755)
}
