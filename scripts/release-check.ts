/** `npm run release:check`: checks that this commit may be published, and writes what is published. See {@link HELP}. */
import { readFile, realpath, rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { onInterrupt } from './interrupt.ts'
import { writeArtifacts } from './release/artifacts.ts'
import { checkAudit } from './release/audit.ts'
import { checkBom } from './release/bom-schema.ts'
import { parseBundled } from './release/bundled.ts'
import { checkContents, LICENSES } from './release/contents.ts'
import { checkDependencies } from './release/dependencies.ts'
import { checkInstall } from './release/install.ts'
import { checkLicenses } from './release/licenses.ts'
import { Refusal } from './release/refusal.ts'
import { run } from './release/run.ts'
import { createBom } from './release/sbom.ts'
import { parseSkipped, type Skippable, Steps } from './release/steps.ts'
import { packTwice } from './release/tarball.ts'
import { checkTree } from './release/tree.ts'
import { checkVersion, type Lock, type Manifest, missingFields } from './release/version.ts'

const HELP = `npm run release:check -- [OPTION...]

Checks whether this commit may be published, and stops at the first failure. It publishes nothing.

  tree          the working tree is a commit of main, without changes
  version       package.json, package-lock.json and CHANGELOG.md agree, and the section has a date
  dependencies  node_modules is what package-lock.json names
  tarball       two builds in fresh clones (another folder, umask, locale, clock) give the same bytes
  contents      the tarball has the expected files, no key and no path of this machine
  install       the tarball can be installed; its command and each entry point work
  sbom          the CycloneDX document lists all packages of an install and all bundled ones
  licences      each of them has an allowed licence
  audit         the registry knows no vulnerability of them
  check         npm run check and check:package
  tests         npm run test:all (20 minutes), test/gateway on each other release line of Node.js (10 minutes), and
                npm run test:engines (25 minutes)
  artifacts     writes release/: the tarball, the SBOM, the release note, SHA256SUMS

  --tag=TAG     the tag of this version exists; HEAD may be detached. CI uses this to publish
  --skip=NAMES  leave out check, tests or audit. Then it isn't a release check
  --offline     the same as --skip=audit
  --help        print this`

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

const { values } = parseArgs({
  options: {
    tag: { type: 'string' },
    skip: { type: 'string', multiple: true, default: [] },
    offline: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8')) as T
}

async function checkNotes(manifest: Manifest, lock: Lock): Promise<string> {
  return checkVersion(manifest, lock, await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'), values.tag)
}

async function runScripts(remedy: string, ...names: string[]): Promise<string> {
  for (const name of names) await run(['sh', '-c', `npm run --silent ${name}`], { cwd: ROOT, show: true }, remedy)
  return names.join(', ')
}

/** Does all steps with a temporary folder, and returns what is left for the owner to do. */
async function checkRelease(steps: Steps, folder: string): Promise<string[]> {
  const manifest = await readJson<Manifest>('package.json')
  const lock = await readJson<Lock>('package-lock.json')
  const { commit, date } = await steps.run(
    'tree',
    () => checkTree(ROOT, values.tag),
    (tree) => `commit ${tree.commit.slice(0, 10)}`,
  )
  const notes = await steps.run(
    'version',
    () => checkNotes(manifest, lock),
    () => manifest.version,
  )
  const missing = missingFields(manifest, values.tag !== undefined)
  await steps.run(
    'dependencies',
    async () => checkDependencies(lock, await readJson('node_modules/.package-lock.json')),
    (count) => `${count} packages`,
  )
  const tarball = await steps.run(
    'tarball',
    () => packTwice(ROOT, commit, folder),
    ({ sha256 }) => `the same twice: SHA-256 ${sha256}`,
  )
  await steps.run(
    'contents',
    () => checkContents(tarball.files, manifest, [folder, ROOT]),
    () => `${tarball.files.size} files`,
  )
  await steps.run(
    'install',
    () => checkInstall(tarball.path, manifest, folder),
    (entries) => `the command, and ${entries} entry points`,
  )
  const bundled = parseBundled(tarball.files.get(LICENSES)?.contents ?? '')
  const bom = await steps.run(
    'sbom',
    async () => {
      const created = await createBom(tarball.clone, { manifest, bundled, sha256: tarball.sha256, date })
      checkBom(created)
      return created
    },
    ({ components }) => `${components.length} packages, ${bundled.length} of them bundled`,
  )
  await steps.run(
    'licences',
    () => checkLicenses(bom),
    (licenses) => licenses.join(', '),
  )
  await steps.runUnlessSkipped('audit', () => checkAudit(tarball.clone, bom))
  await steps.runUnlessSkipped('check', () => runScripts('Correct what it reports.', 'check', 'check:package'))
  await steps.runUnlessSkipped('tests', () =>
    runScripts(
      'Correct the tests that failed.',
      'test:all',
      'test:nodes -- test/gateway/*.test.ts',
      'test:engines -- --strict',
    ),
  )
  await steps.run(
    'artifacts',
    () => writeArtifacts(join(ROOT, 'release'), { tarball: tarball.path, bom, notes }),
    (names) => `release/: ${names.join(', ')}`,
  )
  return missing
}

function conclude(skipped: ReadonlySet<Skippable>, missing: readonly string[]): void {
  if (missing.length > 0) {
    console.log(`\npackage.json lacks ${missing.join(', ')}: docs/releasing.md, "What only the owner knows".`)
  }
  console.log(
    skipped.size === 0
      ? '\nThis commit may be published. Next steps: docs/releasing.md'
      : `\nTHIS IS NOT A RELEASE CHECK: ${[...skipped].join(', ')} SKIPPED. Publish nothing from release/.`,
  )
}

async function main(): Promise<void> {
  if (values.help) return console.log(HELP)
  const skipped = parseSkipped([...values.skip, ...(values.offline ? ['audit'] : [])])
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'docker-mtls-release-')))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const forget = onInterrupt(remove)
  try {
    conclude(skipped, await checkRelease(new Steps(console.log, skipped), folder))
  } finally {
    await remove().finally(forget)
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`\n${error.message}\n${error.remedy}`)
  process.exitCode = 1
}
