import type { Archive } from './archive.ts'
import { Refusal } from './refusal.ts'
import type { Manifest } from './version.ts'

const PAPERS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
export const LICENSES = 'dist/bundled-licenses.txt'
/** Everything that a tarball may contain in addition to {@link PAPERS}. */
const EXPECTED = [
  /^dist\/cli\/(?:package|known-commands)\.json$/,
  /^dist\/(?:[\w-]+\/)*[\w-]+(?:\.d\.ts|\.js)$/,
  /^docs\/(?:checks\/)?[\w-]+\.md$/,
]
/** Docs show how a key begins, so a line of its contents must follow. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/]{32}/
const SOURCE_MAP = /^\/\/# sourceMappingURL=/m

/**
 * Checks the files of the tarball: all that users need, and no other.
 *
 * @param folders - folders of this machine, which no file may name
 */
export function checkContents(files: Archive, manifest: Manifest, folders: readonly string[]): void {
  const fault = findFault(files, manifest, folders)
  if (fault !== undefined) {
    throw new Refusal(`In the tarball, ${fault}.`, 'Correct "files" in package.json, or the build:  npm pack --dry-run')
  }
}

function findFault(files: Archive, manifest: Manifest, folders: readonly string[]): string | undefined {
  const unexpected = [...files.keys()].find((path) => !isExpected(path))
  if (unexpected !== undefined) return `${unexpected} is unexpected`
  const missing = requiredFiles(manifest).find((path) => !files.has(path))
  if (missing !== undefined) return `${missing} is missing`
  for (const [path, { contents, mode }] of files) {
    const named = folders.find((folder) => contents.includes(folder))
    if (named !== undefined) return `${path} names the folder ${named}`
    if (PRIVATE_KEY.test(contents)) return `${path} contains a private key`
    if (SOURCE_MAP.test(contents)) return `${path} names a source map`
    const expected = Object.values(manifest.bin).includes(path) ? 0o755 : 0o644
    if ((mode & 0o777) !== expected) return `${path} has mode ${mode.toString(8)} instead of ${expected.toString(8)}`
  }
  return undefined
}

function isExpected(path: string): boolean {
  return PAPERS.includes(path) || path === LICENSES || EXPECTED.some((pattern) => pattern.test(path))
}

function requiredFiles({ exports, bin }: Manifest): string[] {
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  return [...PAPERS, LICENSES, ...Object.values(bin), ...entries.map((path) => path.replace(/^\.\//, ''))]
}
