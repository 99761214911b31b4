import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { warningTexts } from '../../lib/base/warning.ts'
import { findLastApply, type LastApply } from '../../lib/apply/rollback/last-apply.ts'
import { rollBack } from '../../lib/apply/rollback/rollback.ts'
import { planRollback } from '../../lib/apply/rollback/plan.ts'
import { GATEWAY_CODE } from '../../lib/apply/rollback/state.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import type { ScriptResult } from '../../lib/host/shell.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { factsOf, recordsOf } from './support/facts.ts'
import { fakeShell } from './support/fake-shell.ts'

const UNIT = '/usr/lib/systemd/system/docker.service'
const JSON_PATH = '/etc/docker/daemon.json'
const LAST: LastApply = {
  id: '20260101T000000Z-abcdef',
  at: new Date(0),
  isPending: false,
  wasActive: true,
  copies: new Map(),
  restored: [],
  removed: [],
  written: new Map(),
}

function info(running: number, live: boolean): string {
  return JSON.stringify({ ContainersRunning: running, LiveRestoreEnabled: live })
}

/** What the steps say that they wait for. */
const notesOf = async (
  answers: readonly Partial<ScriptResult>[],
  words: string,
  isPending = false,
): Promise<string[]> => {
  const [notes, left] = [new Array<string>(), [...answers]]
  const shell = fakeShell((script) => (script.includes(words) ? (left.shift() ?? {}) : {}), false)
  const plan = { last: { ...LAST, isPending }, conflicts: [], losses: [], stops: 0 }
  await rollBack(plan, { shell, onStep: ({ note }) => note !== undefined && notes.push(note) })
  assert.deepEqual(left, [])
  return notes
}

describe('what a rollback waits for', () => {
  test('a dockerd that starts, as long as its unit allows', async () => {
    assert.deepEqual(await notesOf([{ code: 10 }, {}], 'docker -H'), ['dockerd to start'])
  })

  test('the timer, and no time that has passed', async () => {
    const [first, ...others] = await notesOf(
      [{ code: 11, stdout: '40\n' }, { code: 11, stdout: '-3\n' }, { code: 11 }],
      'if its process is certainly gone',
      true,
    )
    assert.match(first ?? '', /^\d\d:\d\d:\d\d, when the host rolls back by itself$/)
    assert.deepEqual(others, ['the host, which rolls back', 'the host, which rolls back'])
  })
})

describe('a rollback that fails', () => {
  const way = { last: LAST, conflicts: [], losses: [], stops: 0 }
  const failureOf = async (
    answer: Partial<ScriptResult>,
    isOfScript: boolean,
    pending = `pending\n${LAST.id}\nyes asked\n`,
  ): Promise<unknown> => {
    const shell = fakeShell((script) => {
      if (script.includes('apply that can be rolled back')) return pending
      return script.includes('rollback.sh asked') === isOfScript ? answer : {}
    }, false)
    return rollBack(way, { shell }).catch((error: unknown) => error)
  }

  test('all is put back, and the daemon keeps silent: no other rollback is the remedy', async () => {
    const error = await failureOf({ code: 3, stderr: 'failed' }, false)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'))
    assert.doesNotMatch(error.message, /daemon rollback/)
    assert.match(error.message, /after a complete rollback: failed\.\n.*systemctl restart docker\.service/s)
  })

  test('it is unfinished: the same goes on with it', async () => {
    const error = await failureOf({ code: 1, stderr: 'no room' }, true)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'))
    assert.match(error.message, /no room.*journalctl -u docker\.service.*daemon rollback/s)
  })

  test('another run of it has completed it: that is no failure, and a further one would undo an earlier apply', async () => {
    for (const last of ['', 'last\nEARLIER\nyes\n'])
      assert.equal(await failureOf({ code: 1, stderr: 'mv: no such file' }, true, last), undefined)
  })

  test('the gateway does not start: its own log says why', async () => {
    const error = await failureOf({ code: GATEWAY_CODE, stderr: 'it ends' }, true)
    assert.ok(isDockerMtlsError(error, 'ERR_APPLY_ROLLBACK_FAILED'))
    assert.match(error.message, /journalctl -u docker-mtls-gateway\.service/)
  })

  test('an apply or a container has started in between', async () => {
    assert.ok(isDockerMtlsError(await failureOf({ code: 75 }, true), 'ERR_APPLY_PENDING'))
    const orphans = await failureOf({ code: 77, stderr: 'they would be lost. Stop them first:  docker stop' }, true)
    assert.ok(isDockerMtlsError(orphans, 'ERR_APPLY_CONFLICT'))
    assert.match(orphans.todo, /^Stop them first/)
    const gone = await failureOf({ code: 80, stderr: '/usr/local/lib/docker-mtls/1/main.js\n' }, true)
    assert.ok(isDockerMtlsError(gone, 'ERR_APPLY_CONFLICT'))
    assert.match(gone.got, /needs \/usr\/local\/lib\/docker-mtls\/1\/main\.js, which is gone/)
  })
})

describe('what a rollback does to containers', () => {
  const silent = fakeShell(() => ({}), false)
  const files = { [UNIT]: DEBIAN_UNIT, [JSON_PATH]: '{"live-restore":true,"userns-remap":"default"}' }
  const withoutJson = { ...LAST, removed: [JSON_PATH] }
  const rows: readonly (readonly [
    name: string,
    info: string,
    last: LastApply,
    stops: number,
    conflicts: number,
    says: RegExp,
  ])[] = [
    ['none runs', info(0, true), withoutJson, 0, 0, /^$/],
    ['they stop with dockerd', info(2, false), LAST, 2, 0, /^Restarting dockerd stops the 2 running containers\.$/],
    ['they go on', info(2, true), LAST, 0, 0, /^Live-restore keeps containers running during the restart\.$/],
    ['they would be left behind', info(2, true), withoutJson, 2, 1, /stops the 2/],
    ['no live-restore now: they stop with the old daemon', info(2, false), withoutJson, 2, 0, /stops the 2/],
    ['what did not end goes back in any case', info(2, true), { ...withoutJson, isPending: true }, 2, 0, /stops the 2/],
    ['docker is stopped, and they go on', info(1, true), { ...LAST, wasActive: false }, 0, 0, /^Live-restore keeps/],
  ]
  for (const [name, said, last, stops, conflicts, says] of rows) {
    test(name, async () => {
      const way = await planRollback(silent, factsOf({ facts: { info: said }, files }), last)
      assert.equal(way.stops, stops)
      assert.equal(way.conflicts.length, conflicts)
      assert.match(warningTexts(way.losses).join('\n'), says)
    })
  }

  test('a listener without TLS that comes back', async () => {
    const copy = `/var/lib/docker-mtls/${LAST.id}/1`
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const last = { ...LAST, copies: new Map([[dropIn, copy]]), restored: [dropIn] }
    const warned = async (flags: string): Promise<string> => {
      const before = `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// ${flags}\n`
      const all = recordsOf({ files: { [UNIT]: DEBIAN_UNIT, [copy]: before } })
      const shell = fakeShell(() => all, false)
      return warningTexts((await planRollback(shell, parseFacts(all), last)).losses).join('\n')
    }
    assert.match(await warned('-H tcp://127.0.0.1:4243'), /listen on tcp:\/\/127\.0\.0\.1:4243 again, where everybody/)
    assert.equal(await warned('-H tcp://127.0.0.1:4243 --tlsverify'), '')
  })

  test('a file that was changed since the apply is kept aside', async () => {
    const written = (text: string): LastApply => ({
      ...withoutJson,
      written: new Map([[JSON_PATH, createHash('sha256').update(text).digest('hex')]]),
    })
    const codes = async (last: LastApply): Promise<string[]> =>
      (await planRollback(silent, factsOf({ facts: { info: info(0, false) }, files }), last)).losses.map(
        ({ code }) => code,
      )
    assert.deepEqual(await codes(written(files[JSON_PATH])), [])
    assert.deepEqual(await codes(written('{}')), ['changed-since'])
    assert.deepEqual(await codes({ ...written('{}'), isPending: true }), [])
    // Earlier releases noted nothing.
    assert.deepEqual(await codes(withoutJson), [])
  })

  test('a unit that nobody can read is no reason against it', async () => {
    const broken = { ...files, [UNIT]: '[Service]\nExecStart=/usr/sbin/dockerd "-H\n' }
    const way = await planRollback(silent, factsOf({ facts: { info: info(1, false) }, files: broken }), LAST)
    assert.deepEqual([way.stops, way.conflicts], [1, []])
  })
})

describe('a rollback of dockerd beside a gateway', () => {
  const OPEN = '{"hosts":["fd://","tcp://10.0.0.5:2376"],"tlsverify":true}'
  const COPY = '/var/lib/docker-mtls/1/1'
  const GATEWAY = '/etc/systemd/system/docker-mtls-gateway.service'
  const START = '[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /srv/policy.yaml\n'
  const restores: LastApply = { ...LAST, restored: [JSON_PATH], copies: new Map([[JSON_PATH, COPY]]) }
  const kinds = async (before: string, files: Readonly<Record<string, string>>, last = restores): Promise<string[]> => {
    const shell = fakeShell(() => recordsOf({ files: { [COPY]: before } }), false)
    const facts = factsOf({ files: { [UNIT]: DEBIAN_UNIT, [JSON_PATH]: '{"hosts":["fd://"]}', ...files } })
    return (await planRollback(shell, facts, last)).conflicts.map(({ kind }) => kind)
  }

  test('is refused if dockerd would listen on the network again', async () => {
    assert.deepEqual(await kinds(OPEN, {}), [])
    assert.deepEqual(await kinds(OPEN, { [GATEWAY]: START }), ['gateway'])
    assert.deepEqual(await kinds(OPEN.replace(',"tlsverify":true', ''), { [GATEWAY]: START }), ['gateway'])
    assert.deepEqual(await kinds(OPEN, { '/usr/lib/systemd/system/proxy.service': START }), ['other-gateway'])
    assert.deepEqual(await kinds('{"hosts":["fd://"]}', { [GATEWAY]: START }), [])
    const elsewhere = START.replace('run', 'run --host ssh://root@build02')
    assert.deepEqual(await kinds(OPEN, { '/etc/systemd/system/gw-build02.service': elsewhere }), [])
  })

  test('is not refused for a listener that dockerd has now, too, unless it loses its TLS', async () => {
    const now = { [GATEWAY]: START, [JSON_PATH]: OPEN }
    assert.deepEqual(await kinds(OPEN, now), [])
    assert.deepEqual(await kinds(OPEN.replace('2376', '2377'), now), ['gateway'])
    assert.deepEqual(await kinds(OPEN.replace(',"tlsverify":true', ''), now), ['gateway'])
  })

  test('also without the unit, as long as the gateway runs', async () => {
    const facts = factsOf({ files: { [UNIT]: DEBIAN_UNIT } })
    const shell = fakeShell((script) => {
      const gateway = script.includes('show docker-mtls-gateway.service') ? 'MainPID=900' : ''
      return recordsOf({ facts: { gateway }, files: { [COPY]: OPEN } })
    }, false)
    const { conflicts } = await planRollback(shell, facts, restores)
    assert.deepEqual(
      conflicts.map(({ kind }) => kind),
      ['gateway'],
    )
  })

  test('is left to the host if the apply is unfinished, and to its own rules if it was one of the gateway', async () => {
    assert.deepEqual(await kinds(OPEN, { [GATEWAY]: START }, { ...restores, isPending: true }), [])
    const ofGateway: LastApply = { ...restores, gateway: { restarted: true, served: true } }
    assert.deepEqual(await kinds(OPEN, { [GATEWAY]: START }, ofGateway), [])
  })
})

test('the last apply, as the host tells it', async () => {
  const stdout = 'last\n20260101T000000Z-abcdef\nno\n1 /etc/a b\n- /etc/docker/daemon.json\nd /etc/docker/tls\n'
  const last = await findLastApply(fakeShell(() => stdout, false))
  assert.deepEqual(last, {
    ...LAST,
    at: new Date('2026-01-01T00:00:00Z'),
    wasActive: false,
    copies: new Map([['/etc/a b', '/var/lib/docker-mtls/20260101T000000Z-abcdef/1']]),
    restored: ['/etc/a b'],
    removed: ['/etc/docker/daemon.json'],
  })
  assert.equal(await findLastApply(fakeShell(() => ({}), false)), undefined)
  const failed = findLastApply(fakeShell(() => ({ code: 2, stdout, stderr: 'no disk' }), false))
  await assert.rejects(failed, { code: 'ERR_HOST_UNREADABLE', got: 'no disk' })
})
