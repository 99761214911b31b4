import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { compare, isFixed, parseVersion, type Version } from '../../../lib/audit/cve/compare.ts'

function parsed(text: string): Version {
  const version = parseVersion(text)
  assert.ok(version, text)
  return version
}

describe('parseVersion', () => {
  /** As daemons, packages and changelogs write them. */
  const rows: ReadonlyArray<readonly [text: string, numbers: string, pre: string, suffix: string]> = [
    ['29.9.3', '29.9.3', '', ''],
    ['18.06.1-ce', '18.6.1', '', ''],
    ['v2.3.2', '2.3.2', '', ''],
    ['docker-v29.9.0', '29.9.0', '', ''],
    ['1.0.0-rc95', '1.0.0', 'rc 95', ''],
    ['1.4.0-rc.3', '1.4.0', 'rc 3', ''],
    ['26.0.0-rc3', '26.0.0', 'rc 3', ''],
    ['2.0.0-beta.1', '2.0.0', 'beta 1', ''],
    ['go1.26.9', '1.26.9', '', ''],
    ['go1.27rc1', '1.27', 'rc 1', ''],
    ['go1.26.9 X:nodwarf5', '1.26.9', '', ''],
    ['6.12.48', '6.12.48', '', ''],
    // Docker's packages.
    ['5:28.5.2-1~debian.12~bookworm', '28.5.2', '', '-1~debian.12~bookworm'],
    ['28.5.2-1.fc41', '28.5.2', '', '-1.fc41'],
    // Debian.
    ['26.1.5+dfsg1', '26.1.5', '', '+dfsg1'],
    ['20.10.24+dfsg1', '20.10.24', '', '+dfsg1'],
    ['29.0.0~rc1+dfsg1', '29.0.0', 'rc 1', '+dfsg1'],
    ['1.7.24~ds1', '1.7.24', '', '~ds1'],
    ['1.1.15+ds1', '1.1.15', '', '+ds1'],
    ['1.1.5+ds1-1+deb12u1', '1.1.5', '', '+ds1-1+deb12u1'],
    // Ubuntu.
    ['24.0.7-0ubuntu2~22.04.1', '24.0.7', '', '-0ubuntu2~22.04.1'],
    ['1.1.12-0ubuntu2~22.04.1', '1.1.12', '', '-0ubuntu2~22.04.1'],
    ['6.8.0-48-generic', '6.8.0', '', '-48-generic'],
    // Fedora and RHEL.
    ['27.3.1-2.fc41', '27.3.1', '', '-2.fc41'],
    ['1.2.4-1.el9', '1.2.4', '', '-1.el9'],
    ['5.14.0-503.11.1.el9_5.x86_64', '5.14.0', '', '-503.11.1.el9_5.x86_64'],
    ['go1.22.9 (Red Hat 1.22.9-2.el9_5)', '1.22.9', '', ' (Red Hat 1.22.9-2.el9_5)'],
    // Alpine.
    ['29.9.3-r0', '29.9.3', '', '-r0'],
    ['6.6.58-0-lts', '6.6.58', '', '-0-lts'],
    // openSUSE, Amazon Linux, Microsoft.
    ['20.10.17_ce', '20.10.17', '', '_ce'],
    ['25.0.6-1.amzn2023.0.2', '25.0.6', '', '-1.amzn2023.0.2'],
    ['20.10.25+azure-2', '20.10.25', '', '+azure-2'],
  ]
  for (const [text, numbers, pre, suffix] of rows) {
    test(text, () => {
      const version = parsed(text)
      assert.equal(version.numbers.join('.'), numbers)
      assert.equal(version.pre?.join(' ') ?? '', pre)
      assert.equal(version.suffix, suffix)
    })
  }

  for (const text of ['', 'dev', 'library-import', '29', 'v', 'rc.1', 'unknown-version', '.1.2']) {
    test(`${JSON.stringify(text)} is no version`, () => assert.equal(parseVersion(text), undefined))
  }
})

test('compare orders versions, and pre-releases before their release', () => {
  const order = [
    '1.0.0-beta.9',
    '1.0.0-rc9',
    '1.0.0-rc.95',
    '1.0.0',
    '1.0.3',
    '1.1.0',
    '1.9.0',
    '1.10.0',
    '2.0',
    '2.0.1',
  ]
  const sorted = order.toReversed().toSorted((left, right) => compare(parsed(left), parsed(right)))
  assert.deepEqual(sorted, order)
  assert.equal(compare(parsed('5.17'), parsed('5.17.0')), 0)
  assert.equal(compare(parsed('26.1.5+dfsg1'), parsed('26.1.5')), 0)
})

describe('isFixed', () => {
  const RUNC = ['1.2.8', '1.3.3', '1.4.0-rc.3']
  const ENGINE = ['23.0.15', '25.0.6', '26.1.5', '27.1.1']
  const rows: ReadonlyArray<readonly [version: string, fixes: readonly string[], depth: number, fixed: boolean]> = [
    ['1.1.15', RUNC, 2, false],
    ['1.2.7', RUNC, 2, false],
    ['1.2.8', RUNC, 2, true],
    ['1.2.10', RUNC, 2, true],
    ['1.3.0', RUNC, 2, false],
    ['1.3.3', RUNC, 2, true],
    ['1.4.0-rc.2', RUNC, 2, false],
    ['1.4.0-rc.3', RUNC, 2, true],
    ['1.4.0', RUNC, 2, true],
    ['1.5.0-rc.1', RUNC, 2, true],
    ['20.10.24', ENGINE, 1, false],
    ['24.0.9', ENGINE, 1, false],
    ['26.0.2', ENGINE, 1, false],
    ['26.1.4', ENGINE, 1, false],
    ['26.1.5', ENGINE, 1, true],
    ['27.0.3', ENGINE, 1, false],
    ['27.5.1', ENGINE, 1, true],
    ['28.0.0', ENGINE, 1, true],
    ['29.6.9', ['29.7.0'], 1, false],
    ['29.10.0', ['29.7.0'], 1, true],
  ]
  for (const [version, fixes, depth, fixed] of rows) {
    test(`${version} with fixes in ${fixes.join(', ')}: ${fixed}`, () =>
      assert.equal(isFixed(parsed(version), fixes.map(parsed), depth), fixed))
  }
})
