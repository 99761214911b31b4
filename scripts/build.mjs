/**
 * `npm run build`: builds lib/ into dist/. tsc, which gets all arguments, checks the types and writes the
 * declaration files. esbuild bundles the code of each entry point, because opening a file takes longer than reading it (measured:
 * CONTRIBUTING.md, "Start-up"). Plain JavaScript, so that the build needs only what npm ci installs.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildCode } from './build-code.mjs'
import { pruneDeclarations } from './prune-declarations.mjs'

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const { exports } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'))
/** The declaration files of the entry points. */
const declarations = Object.values(exports).flatMap(({ types }) => types ?? [])

async function main() {
  // A renamed file must not stay in the package under its old name.
  rmSync(fromRoot('dist'), { recursive: true, force: true })
  const tsc = [
    fromRoot('node_modules/typescript/bin/tsc'),
    '-p',
    fromRoot('tsconfig.build.json'),
    ...process.argv.slice(2),
  ]
  const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
  if (status !== 0) return status ?? 1
  pruneDeclarations(fromRoot('dist'), declarations.map(fromRoot))
  await buildCode(fromRoot('dist'))
  return 0
}

process.exitCode = await main()
