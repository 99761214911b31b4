/** `npm run build`: lib/ to dist/, by tsc alone. Plain JavaScript, so that a package is built with what npm ci brings. */
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

// A file that was renamed must not stay in the package under its old name.
rmSync(fromRoot('dist'), { recursive: true, force: true })
const tsc = [fromRoot('node_modules/typescript/bin/tsc'), '-p', fromRoot('tsconfig.build.json')]
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
// tsc writes no mode, and npm marks a bin only when it installs it: `npx .` in a checkout needs it as well.
if (status === 0) chmodSync(fromRoot('dist/cli/main.js'), 0o755)
process.exitCode = status ?? 1
