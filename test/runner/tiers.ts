import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What `npm test`, `npm run test:daemon`, `test:faults`, `test:machine` and `test:all` run. */
export type Tier = 'test' | 'daemon' | 'faults' | 'machine' | 'all'

export const TIERS: readonly Tier[] = ['test', 'daemon', 'faults', 'machine', 'all']
/** What looks at a whole run when everything else has ended. */
const AFTER = 'test/after/'
/** What needs `--engine=podman`: only `npm run test:engines` runs it. */
const ON_PODMAN = 'test/podman/'

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return testFiles(path)
      return entry.name.endsWith('.test.ts') ? [path] : []
    })
    .toSorted()
}

/** With a real daemon, and in `npm test` nevertheless: the main job, and every refusal. */
const ESSENTIAL: ReadonlySet<string> = new Set(
  ['acceptance', 'client', 'foreign-clients', 'harness'].map((name) => `test/daemon/${name}.test.ts`),
)
/** What takes long in other folders, much of it with a real daemon. */
const LONG: ReadonlySet<string> = new Set([
  'test/audit/html-browser.test.ts',
  'test/cli/cert-rotate-ca-killed.test.ts',
  'test/cli/expiry.test.ts',
  'test/engine/closed-while-busy.test.ts',
  'test/examples.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/interop/bridge-daemon.test.ts',
  'test/keystore/leftovers.test.ts',
  'test/keystore/rotate/failing-disk.test.ts',
  'test/keystore/rotate/killed.test.ts',
  'test/keystore/rotate/rotate.test.ts',
  'test/package.test.ts',
  'test/pki/pkcs12.test.ts',
  'test/probe/daemon.test.ts',
])

/** By its folder, but for those few. */
export function tierOf(file: string): Exclude<Tier, 'all'> {
  if (file.startsWith('test/machine/')) return 'machine'
  if (measures(file)) return 'faults'
  // It looks at the calls of those.
  if (isAfter(file)) return 'daemon'
  const isLong = /^test\/(daemon|attack)\//.test(file) || LONG.has(file)
  return isLong && !ESSENTIAL.has(file) ? 'daemon' : 'test'
}

/** The files of a tier; what comes last is not among them. */
export function filesOf(tier: Tier): string[] {
  const ours = testFiles('test').filter((file) => !isAfter(file) && !file.startsWith(ON_PODMAN))
  return ours.filter((file) => tier === 'all' || tierOf(file) === tier)
}

/** It measures times, and prints them: it runs alone, and what it prints is shown. */
export function measures(file: string): boolean {
  return file.startsWith('test/faults/')
}

export function isAfter(file: string): boolean {
  return file.startsWith(AFTER)
}

/** It looks at pages in a browser. */
export function needsBrowser(file: string): boolean {
  return file === 'test/audit/html-browser.test.ts'
}

/** What is to be run when these files have ended: all that looks at them, where they are what it looks at. */
export function filesAfter(files: readonly string[]): string[] {
  const run = new Set(files)
  return filesOf('daemon').every((file) => run.has(file)) ? testFiles('test').filter(isAfter) : []
}
