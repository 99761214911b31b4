/**
 * `npm run build`: lib/ to dist/. tsc checks and writes the types, a file for each source; esbuild joins the code of each
 * entry point, since opening a file takes longer than reading it (measured: CONTRIBUTING.md, "Start-up"). Plain JavaScript,
 * so that a package is built with what npm ci brings.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** What package.json names: its exports and its command. */
function entryPoints() {
  const { exports, bin } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'))
  const built = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)].filter(Boolean)
  return built.map((path) => path.replace(/^(\.\/)?dist\//, 'lib/').replace(/\.js$/, '.ts'))
}

async function main() {
  // A file that was renamed must not stay in the package under its old name.
  rmSync(fromRoot('dist'), { recursive: true, force: true })
  const tsc = [fromRoot('node_modules/typescript/bin/tsc'), '-p', fromRoot('tsconfig.build.json')]
  const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
  if (status !== 0) return status ?? 1
  await build({
    absWorkingDir: fromRoot('.'),
    entryPoints: entryPoints(),
    outbase: 'lib',
    outdir: 'dist',
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
  chmodSync(fromRoot('dist/cli/main.js'), 0o755)
  return 0
}

process.exitCode = await main()
