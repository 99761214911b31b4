import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import type { Finding } from '../../../lib/audit/check.ts'
import type { Status } from '../../../lib/audit/verdict.ts'
import { ID, snapshotWith, type Raw } from '../support/containers.ts'
import { ROWS } from '../support/container-rows.ts'
import type { Row } from '../support/row.ts'

const CONTAINER_CHECKS = CHECKS.filter(({ family }) => family === 'container')

function findingOf({ check, changes, around }: Row): Finding {
  const found = CONTAINER_CHECKS.find(({ id }) => id === check)
  assert.ok(found, `${check} is a check`)
  const finding = found
    .run(snapshotWith(changes, around))
    .find(({ subject }) => subject.kind !== 'daemon' && subject.id === ID)
  assert.ok(finding, `${check} says something about the container`)
  return finding
}

describe('checks of containers', () => {
  for (const row of ROWS) {
    const change = JSON.stringify({ ...row.changes, ...(row.around && { around: row.around }) })
    test(`${row.check} is ${row.status}: ${change.slice(0, 150)}`, () => {
      const { status, detail } = findingOf(row)
      assert.deepEqual(
        [status, row.detail === undefined || detail?.includes(row.detail)],
        [row.status, true],
        detail ?? '',
      )
    })
  }

  test('each check has rows that pass, that do not, and that are unknown', () => {
    const missing = CONTAINER_CHECKS.flatMap(({ id }) => {
      const seen = new Set<Status>(ROWS.filter(({ check }) => check === id).map(({ status }) => status))
      const isComplete = seen.has('pass') && seen.has('unknown') && (seen.has('fail') || seen.has('warn'))
      return isComplete ? [] : [`${id}: ${[...seen].join()}`]
    })
    assert.deepEqual(missing, [])
  })

  test('a good container passes all of them', () => {
    const other = CONTAINER_CHECKS.flatMap((check) => check.run(snapshotWith())).filter(
      ({ status }) => status !== 'pass',
    )
    assert.deepEqual(other, [])
  })

  test('a container that could not be inspected is unknown to all of them', () => {
    const statuses = new Set(
      CONTAINER_CHECKS.flatMap((check) => check.run(snapshotWith(null))).map(({ status }) => status),
    )
    assert.deepEqual([...statuses], ['unknown'])
  })

  test('an empty answer never passes, and rubbish never crashes', () => {
    const empty: Raw = {
      State: undefined,
      Config: undefined,
      HostConfig: undefined,
      Mounts: undefined,
      NetworkSettings: undefined,
    }
    const rubbish: Raw = Object.fromEntries(Object.keys(empty).map((name) => [name, '\u001B[2J']))
    const wrong: Raw = {
      State: [],
      Config: 7,
      HostConfig: { CapDrop: {}, Binds: 'x', Mounts: [1] },
      Mounts: [[]],
      NetworkSettings: {},
    }
    for (const changes of [empty, rubbish]) {
      const around = {
        execs: null,
        commands: null,
        info: null,
        version: null,
        volumes: null,
        networks: null,
        listedImage: undefined,
      }
      const findings = CONTAINER_CHECKS.flatMap((check) =>
        check.run(snapshotWith({ ...changes, Image: undefined }, around)),
      )
      assert.deepEqual([...new Set(findings.map(({ status }) => status))], ['unknown'])
    }
    assert.ok(auditSnapshot(snapshotWith(wrong)).counts.unknown > 0)
  })

  test('on a Windows daemon, only those apply that know its containers', () => {
    const findings = CONTAINER_CHECKS.flatMap((check) => check.run(snapshotWith({}, { info: { OSType: 'windows' } })))
    const judged = findings.filter(({ status }) => status !== 'not-applicable').map(({ check }) => check)
    const expected =
      'C-SOCK C-SOCKETS C-DOCKERHOST C-PORT C-LOWPORT C-2375 C-IMGMOUNT C-HEALTH C-TAG C-DRIFT C-ENV C-RESTART C-LOGSIZE D-STALE-C'
    assert.deepEqual(judged.toSorted(), expected.split(' ').toSorted())
  })

  test('facts of a check are complete, and ids are unique', () => {
    assert.equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length)
    for (const { id, title, why, remedy, references } of CONTAINER_CHECKS) {
      assert.match(id, /^[A-Z]+-[A-Z\d]+(-[A-Z]+)?$/)
      assert.doesNotMatch(title, /[.\n]$/, id)
      assert.match(why, /^[A-Z–-].*\.$/s, id)
      assert.ok(remedy.length > 10, id)
      assert.ok(
        references.length > 0 && references.every((address) => URL.canParse(address) && address.startsWith('https://')),
        id,
      )
    }
  })
})
