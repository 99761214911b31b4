import assert from 'node:assert/strict'
import { chmod, cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeArtifacts } from '../../../scripts/release/artifacts.ts'
import { sha256 } from '../../../scripts/release/archive.ts'
import { checkDependencies } from '../../../scripts/release/dependencies.ts'
import { Refusal } from '../../../scripts/release/refusal.ts'
import type { Bom } from '../../../scripts/release/sbom.ts'
import { parseSkipped, Steps } from '../../../scripts/release/steps.ts'
import type { Lock } from '../../../scripts/release/version.ts'
import { runCommand } from '../../support/command.ts'
import { ROOT } from '../../support/packed.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const A = { version: '1.0.0', integrity: 'sha512-a' }

describe('node_modules', () => {
  const locked: Lock = {
    packages: { '': {}, 'node_modules/a': A, 'node_modules/os': { ...A, optional: true } },
  }
  test('has what the lock file names, without packages for other machines', () => {
    assert.equal(checkDependencies(locked, { packages: { 'node_modules/a': A } }), 1)
  })

  const refused: Record<string, [installed: Lock['packages'], said: RegExp]> = {
    'a missing package': [{}, /node_modules\/a is missing/],
    'another version': [{ 'node_modules/a': { ...A, version: '1.0.1' } }, /a has version 1\.0\.1 instead of 1\.0\.0/],
    'other contents': [{ 'node_modules/a': { ...A, integrity: 'sha512-b' } }, /node_modules\/a has other contents/],
    'one more package': [{ 'node_modules/a': A, 'node_modules/b': A }, /node_modules\/b isn't in the lock file/],
  }
  for (const [name, [packages, said]] of Object.entries(refused)) {
    test(`is refused with ${name}`, () => {
      assert.throws(() => checkDependencies(locked, { packages }), said)
    })
  }
})

describe('the steps', () => {
  test('are printed with their results and times, and stop at the first failure', async () => {
    const lines: string[] = []
    const steps = new Steps((line) => lines.push(line), new Set(['tests']))
    assert.equal(
      await steps.run(
        'one',
        () => 1,
        (result) => `result ${result}`,
      ),
      1,
    )
    await steps.runUnlessSkipped('check', async () => 'clean')
    await steps.runUnlessSkipped('tests', () => assert.fail('it is skipped'))
    const failing = steps.run(
      'two',
      () => {
        throw new Refusal('No.', 'Mend it.')
      },
      () => 'good',
    )
    await assert.rejects(failing, { message: 'No.', remedy: 'Mend it.' })
    const expected = [
      /^one +\d\.\d s {2}result 1$/,
      /^check +\d\.\d s {2}clean$/,
      /^tests +- {2}SKIPPED$/,
      /^two .*FAILED$/,
    ]
    assert.equal(lines.length, expected.length)
    for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', pattern)
  })

  test('can be skipped only if nothing depends on them', () => {
    assert.deepEqual([...parseSkipped(['tests,check', 'audit'])].toSorted(), ['audit', 'check', 'tests'])
    assert.deepEqual([...parseSkipped([])], [])
    for (const name of ['tarball', 'tree', 'test', '']) {
      assert.throws(() => parseSkipped([`tests,${name}`]), /can't be skipped/)
    }
  })

  test('are listed by --help, and a wrong option changes nothing', async () => {
    const script = join(ROOT, 'scripts/release-check.ts')
    const command = (...args: string[]): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, ['--import', 'tsx', script, ...args], { cwd: ROOT })
    const help = await command('--help')
    assert.equal(help.code, 0)
    assert.match(help.stdout, /^ {2}tarball .*\n {2}contents /m)
    assert.match(help.stdout, /^ {2}tests .*test:all.*gateway on each other release line/m)
    const wrong = await command('--skip=tarball')
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /The step "tarball" can't be skipped\.\nYou can skip audit, check, tests\.\n$/)
  })
})

test('the artifacts have checksums, and older ones go', async (t) => {
  const folder = await temporaryFolder(t)
  const release = join(folder, 'release')
  const tarball = join(folder, 'p-1.0.0.tgz')
  await writeFile(tarball, 'bytes')
  await mkdir(release)
  await writeFile(join(release, 'p-0.9.0.tgz'), 'old')
  const names = await writeArtifacts(release, {
    tarball,
    bom: { components: [] } as unknown as Bom,
    notes: '- A thing.',
  })
  assert.deepEqual(names, ['p-1.0.0.tgz', 'p-1.0.0.cdx.json', 'SHA256SUMS', 'NOTES.md'])
  const sums = await readFile(join(release, 'SHA256SUMS'), 'utf8')
  assert.ok(sums.startsWith(`${await sha256(tarball)}  p-1.0.0.tgz\n`))
  const verify = (): ReturnType<typeof runCommand> =>
    runCommand('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release })
  assert.deepEqual([(await verify()).code, sums.split('\n').length], [0, 3])
  await assert.rejects(stat(join(release, 'p-0.9.0.tgz')), { code: 'ENOENT' })
  await writeFile(join(release, 'p-1.0.0.tgz'), 'other')
  assert.equal((await verify()).code, 1)
})

test('files get the modes of the package, whatever the umask was', async (t) => {
  const folder = await temporaryFolder(t)
  const script = 'scripts/normalize-modes.mjs'
  await cp(join(ROOT, script), join(folder, script))
  for (const path of ['dist/cli', 'docs/checks']) await mkdir(join(folder, path), { recursive: true })
  const modes = {
    'package.json': 0o644,
    LICENSE: 0o644,
    'README.md': 0o644,
    'docs/checks/one.md': 0o644,
    'dist/index.js': 0o644,
    'dist/cli/main.js': 0o755,
  }
  const manifest = JSON.stringify({ bin: { p: 'dist/cli/main.js' } })
  for (const path of Object.keys(modes)) {
    await writeFile(join(folder, path), manifest)
    await chmod(join(folder, path), path === 'dist/index.js' ? 0o777 : 0o600)
  }
  assert.equal((await runCommand(process.execPath, [join(folder, script)])).code, 0)
  for (const [path, mode] of Object.entries(modes))
    assert.equal((await stat(join(folder, path))).mode & 0o777, mode, path)
})
