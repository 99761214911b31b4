import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Refusal } from '../../../scripts/release/refusal.ts'
import { checkVersion, type Lock, type Manifest, missingFields } from '../../../scripts/release/version.ts'

const MANIFEST: Manifest = { name: 'p', version: '1.2.0', exports: {}, bin: {} }
const LOCK: Lock = { version: '1.2.0', packages: { '': { version: '1.2.0' } } }
const CHANGELOG = `# Changelog

## Unreleased

## 1.2.0 - 2026-11-27

### Added

- A thing.

## 1.1.0 - 2026-10-01

- Another.
`

function read(name: string): string {
  return readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
}

describe('the version of a release', () => {
  test('is the same in package.json, the lock file and CHANGELOG.md, whose section is the release note', () => {
    assert.equal(checkVersion(MANIFEST, LOCK, CHANGELOG), '### Added\n\n- A thing.')
    assert.equal(checkVersion(MANIFEST, LOCK, CHANGELOG, 'v1.2.0'), '### Added\n\n- A thing.')
    assert.equal(checkVersion(MANIFEST, LOCK, CHANGELOG.replace('## Unreleased\n', '')), '### Added\n\n- A thing.')
  })

  const refused: Record<string, [said: RegExp, lock: Lock, changelog: string, tag?: string]> = {
    'another version in the lock file': [/package-lock.json 1\.1\.0/, { ...LOCK, version: '1.1.0' }, CHANGELOG],
    'another version in its first entry': [/package-lock/, { ...LOCK, packages: { '': { version: '1' } } }, CHANGELOG],
    'another tag': [/tag v1\.2\.1 isn't the version/, LOCK, CHANGELOG, 'v1.2.1'],
    'a tag without v': [/tag 1\.2\.0 isn't/, LOCK, CHANGELOG, '1.2.0'],
    'no section': [/newest section .* is 1\.1\.0, not 1\.2\.0/, LOCK, CHANGELOG.replace('1.2.0', '1.1.0')],
    'no sections at all': [/newest section .* is missing/, LOCK, '# Changelog\n'],
    'an entry that is not in the section': [
      /below "Unreleased"/,
      LOCK,
      CHANGELOG.replace('eased\n', 'eased\n\n- New.\n'),
    ],
    'no date': [/has no date, but "unreleased"/, LOCK, CHANGELOG.replace('2026-11-27', 'unreleased')],
    'nothing after the version': [/has no date, but ""/, LOCK, CHANGELOG.replace(' - 2026-11-27', '')],
    'a day that does not exist': [/has no date, but "2026-02-30"/, LOCK, CHANGELOG.replace('2026-11-27', '2026-02-30')],
    'an empty section': [/1\.2\.0 .* is empty/, LOCK, CHANGELOG.replace('### Added\n\n- A thing.\n', '')],
  }
  for (const [name, [said, lock, changelog, tag]] of Object.entries(refused)) {
    test(`is refused with ${name}`, () => {
      assert.throws(
        () => checkVersion(MANIFEST, lock, changelog, tag),
        (error) => error instanceof Refusal && said.test(error.message) && error.remedy !== '',
      )
    })
  }

  test('of this checkout lacks nothing but its date', () => {
    const manifest = JSON.parse(read('package.json')) as Manifest
    const changelog = read('CHANGELOG.md')
      .replace(/^## Unreleased\n[^]*?(?=^## )/m, '')
      .replace(' - unreleased', ' - 2026-11-27')
    assert.match(checkVersion(manifest, JSON.parse(read('package-lock.json')) as Lock, changelog), /^### Added/)
  })
})

test('only the owner knows some fields, and without a repository nothing can be published', () => {
  const { repository, ...others } = { repository: 'r', homepage: 'h', bugs: 'b', author: 'a' }
  assert.deepEqual(missingFields({ ...MANIFEST, repository, ...others }, true), [])
  assert.deepEqual(missingFields({ ...MANIFEST, repository }, true), ['homepage', 'bugs', 'author'])
  assert.deepEqual(missingFields({ ...MANIFEST, ...others }, false), ['repository'])
  assert.throws(() => missingFields({ ...MANIFEST, ...others }, true), /no "repository"/)
})
