/**
 * The last step before `npm pack`: gives the files of the package the modes that they have with umask 022. npm keeps the mode of
 * a file, so a checkout with another umask would make another tarball, with files that only their owner can read.
 */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const programs = new Set(Object.values(bin).map((path) => join(ROOT, path)))

function filesBelow(folder) {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

const papers = readdirSync(ROOT).filter((name) => /\.md$|^LICENSE$|^package\.json$/.test(name))
for (const path of [...filesBelow('dist'), ...filesBelow('docs'), ...papers.map((name) => join(ROOT, name))]) {
  chmodSync(path, programs.has(path) ? 0o755 : 0o644)
}
