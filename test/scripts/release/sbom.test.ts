import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { judgeAudit } from '../../../scripts/release/audit.ts'
import { checkBom } from '../../../scripts/release/bom-schema.ts'
import { parseBundled } from '../../../scripts/release/bundled.ts'
import { checkLicenses } from '../../../scripts/release/licenses.ts'
import { type Bom, type Component, createBom, type Release, releaseBom } from '../../../scripts/release/sbom.ts'
import type { Lock, Manifest } from '../../../scripts/release/version.ts'
import { ROOT } from '../../support/packed.ts'

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, `file://${ROOT}/`), 'utf8')) as T
}

const lock = readJson<Lock>('package-lock.json')
const bundled = ['tar-stream', '@bufbuild/protobuf'].map((name) => ({
  name,
  version: lock.packages[`node_modules/${name}`]?.version ?? '',
}))
const release: Release = {
  manifest: readJson<Manifest>('package.json'),
  bundled,
  sha256: 'ab'.repeat(32),
  date: '2026-11-27T00:00:00.000Z',
}

let bom: Bom
before(async () => {
  bom = await createBom(ROOT, release)
})

describe('the SBOM', () => {
  test('lists what an install brings and what is bundled, and follows the schema of CycloneDX', () => {
    checkBom(bom)
    const names = new Set(bom.components.map(({ name }) => name))
    const { dependencies } = readJson<{ dependencies: Record<string, string> }>('package.json')
    for (const name of [...Object.keys(dependencies), ...bundled.map((one) => one.name)])
      assert.ok(names.has(name), name)
    for (const name of ['typescript', 'esbuild', 'bare-fs']) assert.ok(!names.has(name), name)
  })

  test('has purl, version, licence and the hash of the lock file for each', () => {
    for (const { name, version, purl, hashes } of bom.components) {
      assert.equal(decodeURIComponent(purl), `pkg:npm/${name}@${version}`)
      const [algorithm = '', digest = ''] = lock.packages[`node_modules/${name}`]?.integrity?.split('-') ?? []
      assert.equal(algorithm, 'sha512')
      assert.deepEqual(hashes, [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }])
    }
  })

  test('names the package, its version and the tarball, and is the same for the same tarball', async () => {
    const { component } = bom.metadata
    assert.deepEqual([component.name, component.version], ['docker-mtls', release.manifest.version])
    assert.deepEqual(component.hashes, [{ alg: 'SHA-256', content: release.sha256 }])
    assert.deepEqual(await createBom(ROOT, release), bom)
    assert.notEqual(releaseBom(bom, { ...release, sha256: 'cd'.repeat(32) }).serialNumber, bom.serialNumber)
  })

  test('refers to nothing that it does not list', () => {
    const refs = new Set([bom.metadata.component, ...bom.components].map((one) => one['bom-ref']))
    const named = bom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn])
    assert.deepEqual(
      named.filter((ref) => !refs.has(ref)),
      [],
    )
    assert.ok(bom.dependencies.find(({ ref }) => ref === 'docker-mtls@' + release.manifest.version)?.dependsOn.length)
  })

  test('is refused if a bundled version is not that of the lock file, or a package has no hash', () => {
    const other = [{ name: 'tar-stream', version: '3.0.0' }]
    assert.throws(() => releaseBom(bom, { ...release, bundled: other }), /lock file has no tar-stream 3\.0\.0/)
    const [first] = bom.components
    assert.ok(first)
    const vague = { ...bom, components: [{ ...first, hashes: [] }, ...bom.components.slice(1)] }
    assert.throws(() => releaseBom(vague, release), /has no package URL, hash or licence/)
  })

  test('is refused if it does not follow the schema', () => {
    const [first] = bom.components
    assert.ok(first)
    const wrong = [{ ...first, licenses: [{ license: { id: 'no such licence' } }] }]
    assert.throws(() => checkBom({ ...bom, components: wrong }), /doesn't follow the schema .*licenses\/0/)
    assert.throws(() => checkBom({ ...bom, serialNumber: 'one' }), /serialNumber/)
  })
})

test('the bundled packages are read from the file with their licences', () => {
  const rule = '-'.repeat(80)
  const text = `Head.\n\n${rule}\n@a/b 1.2.3, MIT\n\nText 1.0, of it\n\n${rule}\nc 2.0.0-rc.1, Apache-2.0\n\nText\n`
  assert.deepEqual(parseBundled(text), [
    { name: '@a/b', version: '1.2.3' },
    { name: 'c', version: '2.0.0-rc.1' },
  ])
})

function packageWith(...licenses: NonNullable<Component['licenses']>): { components: Component[] } {
  return { components: [{ 'bom-ref': 'a@1', name: 'a', version: '1', purl: 'pkg:npm/a@1', licenses }] }
}

describe('a licence', () => {
  test('of every package is allowed', () => {
    assert.ok(checkLicenses(bom).includes('MIT'))
  })

  for (const expression of ['(BSD-3-Clause OR GPL-2.0)', '(Apache-2.0 AND BSD-3-Clause)', 'ISC', '0BSD']) {
    test(`${expression} is allowed`, () => {
      assert.deepEqual(checkLicenses(packageWith({ expression })), [expression])
    })
  }

  for (const expression of ['GPL-3.0-only', '(MIT AND GPL-2.0)', 'MPL-2.0', 'SEE LICENSE IN x', 'UNLICENSED', '']) {
    test(`${expression || 'nothing'} is refused`, () => {
      assert.throws(() => checkLicenses(packageWith({ expression })), /a 1 has the licence .*, which isn't allowed/)
    })
  }

  test('must be allowed if it is one of several entries, or has only a name', () => {
    const [mit, gpl] = [{ license: { id: 'MIT' } }, { license: { id: 'GPL-3.0-only' } }]
    assert.deepEqual(checkLicenses(packageWith(mit)), ['MIT'])
    assert.throws(() => checkLicenses(packageWith(mit, gpl)), /MIT AND GPL-3\.0-only/)
    assert.throws(() => checkLicenses(packageWith({ license: { name: 'Our own' } })), /Our own/)
    assert.throws(() => checkLicenses(packageWith()), /licence none/)
  })
})

describe('the audit', () => {
  const found = JSON.stringify({
    vulnerabilities: { 'tar-stream': { severity: 'high' }, esbuild: { severity: 'low' } },
  })

  test('counts only packages of the release', () => {
    assert.equal(judgeAudit(found, ['undici', 'zod']), 'no known vulnerability in 2 packages')
    assert.throws(() => judgeAudit(found, ['undici', 'tar-stream']), /Known vulnerabilities: tar-stream \(high\)\.$/)
  })

  for (const printed of ['', 'no JSON', JSON.stringify({ message: '405 Method Not Allowed' })]) {
    test(`knows nothing without an answer (${printed || 'nothing'})`, () => {
      assert.match(judgeAudit(printed, ['undici']), /^UNKNOWN/)
    })
  }
})
