import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { carryOutRemove, markOnlyCopies } from '../../lib/apply/remove/carry-out.ts'
import { planRemove, type RemovePlan } from '../../lib/apply/remove/plan.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { transactionScript } from '../../lib/apply/transaction.ts'
import { makeContext, type Context } from '../../lib/cli/command.ts'
import { listensAsBefore, removeData, removeText } from '../../lib/cli/reports/remove.ts'
import { renderLocal } from '../../lib/daemon-config/render-local.ts'
import { unitAmong } from '../../lib/daemon-config/unit/installed-unit.ts'
import type { HostShell } from '../../lib/host/shell.ts'
import { inspectRemoval } from '../../lib/setup/undo/plan.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { record, recordsOf } from './support/facts.ts'
import { fakeShell, sha256, type FakeShell } from './support/fake-shell.ts'

const JSON_PATH = '/etc/docker/daemon.json'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const KEY = '/etc/docker/tls/server-key.pem'
const COPY = '/var/lib/docker-mtls/1/1'

const START = '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd'
const UNIT = '/usr/lib/systemd/system/docker.service'
const BEFORE = `${START} -H fd:// -H tcp://10.0.0.5:2376 --tlsverify --tlscacert=/srv/ca.pem --tlscert=/srv/c.pem --tlskey=/srv/k.pem --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n`
/** BEFORE, as a gateway apply leaves it. */
const { dropIn: LOCAL_UNIT } = renderLocal({
  found:
    unitAmong(
      new Map([
        [UNIT, DEBIAN_UNIT],
        [DROP_IN, BEFORE],
      ]),
    ) ?? assert.fail(),
  daemonJson: undefined,
  existingDropIn: BEFORE,
  hasSocketUnit: true,
})
const NO_HOST_UNIT = `${START} --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n`
const TLS = { tlsverify: true, tlscacert: '/srv/ca.pem', tlscert: '/srv/cert.pem', tlskey: '/srv/key.pem' }
const OWN = JSON.stringify({ hosts: ['fd://', 'tcp://10.0.0.5:2376'], ...TLS })
const PLAIN = JSON.stringify({ hosts: ['fd://', 'tcp://10.0.0.5:2375'] })
const LOCAL = `${JSON.stringify({ hosts: ['fd://'] }, undefined, 2)}\n`

interface Host {
  readonly files: Readonly<Record<string, string>>
  /** Files that a gateway apply has replaced: their paths and texts since. */
  readonly replaced: Readonly<Record<string, string>>
  /** Is the first apply among those that are kept? */
  readonly isComplete?: boolean
  readonly gone?: readonly string[]
}

/** A host whose gateway is gone, and the scripts that ran there. */
function shellOf({ files, replaced, isComplete = true, gone = [] }: Host): FakeShell {
  const applies = [
    'kept',
    'apply 1',
    ...Object.keys(replaced).map((path, at) => `entry ${at + 1} ${path}`),
    ...Object.entries(replaced).map(([path, text]) => `written ${sha256(text)} ${path}`),
    `written ${sha256('policy')} /etc/docker-mtls/policy.yaml`,
    ...(isComplete ? ['complete'] : []),
  ]
  const { [KEY]: key, ...others } = files
  const printed = [
    recordsOf({
      facts: {
        'program:/usr/sbin/dockerd': 'yes',
        ...Object.fromEntries(gone.map((path) => [`gone:${path}`, 'yes'])),
      },
      files: { [UNIT]: DEBIAN_UNIT, ...others },
    }),
    ...(key === undefined ? [] : [record('secret', KEY, '600', 'root:root', sha256(key))]),
  ].join('\n')
  return fakeShell((script) => {
    if (script.includes('kept applies')) return `${applies.join('\n')}\n`
    return script.includes('b64() {') ? printed : ''
  })
}

function contextOf(): Context {
  const stdout = { write: () => true }
  const { signal } = new AbortController()
  const io = { stdin: new PassThrough(), stdout, stderr: stdout, env: {}, signal, root: '/' }
  return makeContext(io, { done: () => undefined, jsonLines: true })
}

const removal = async (files: Readonly<Record<string, string>>, state: string): Promise<RemovePlan> => {
  const facts = { 'program:/usr/sbin/dockerd': 'yes', gateway: state }
  const printed = recordsOf({ facts, files: { [UNIT]: DEBIAN_UNIT, ...files } })
  return planRemove(fakeShell((script) => (script.includes('b64() {') ? printed : '')))
}

const changes = (plan: RemovePlan): unknown[] => plan.changes.map(({ path, action, text }) => [path, action, text])

const refused = ({ conflicts }: RemovePlan): string[] =>
  conflicts.map(({ what, todo }) => `${what}: ${renderSentence(todo)}`)

const named = ({ conflicts }: RemovePlan): string[] =>
  conflicts.map(({ what, got }) => `${what}: ${renderSentence(got)}`)

describe('the removal of docker-mtls after a gateway', () => {
  const foreign = { [DROP_IN]: NO_HOST_UNIT, [JSON_PATH]: LOCAL, [KEY]: 'key', '/etc/docker/tls/ca.pem': 'pem' }

  test("restores a daemon.json with dockerd's own TLS listener, and touches nothing that no apply has written", async () => {
    const plan = await planRemove(shellOf({ files: { ...foreign, [COPY]: OWN }, replaced: { [JSON_PATH]: LOCAL } }))
    assert.deepEqual(changes(plan), [[JSON_PATH, 'replace', OWN]])
    assert.deepEqual([plan.conflicts, plan.stays, plan.listens], [[], [], ['tcp://10.0.0.5:2376']])
    assert.deepEqual([plan.hasBackups, plan.asides], [true, []])
  })

  test("restores a drop-in with dockerd's own TLS listener", async () => {
    const files = { [DROP_IN]: LOCAL_UNIT, [COPY]: BEFORE }
    const plan = await planRemove(shellOf({ files, replaced: { [DROP_IN]: LOCAL_UNIT } }))
    assert.deepEqual(changes(plan), [[DROP_IN, 'replace', BEFORE]])
    assert.deepEqual([plan.conflicts, plan.listens], [[], ['tcp://10.0.0.5:2376']])
  })

  test('opens no listener beside a gateway that somebody has installed since', async () => {
    const start = '[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /srv/policy.yaml\n'
    const kinds = async (unit: string, before: string): Promise<string[]> => {
      const files = { ...foreign, [COPY]: before, [`/etc/systemd/system/${unit}.service`]: start }
      const { conflicts } = await planRemove(shellOf({ files, replaced: { [JSON_PATH]: LOCAL } }))
      return conflicts.map(({ kind }) => kind)
    }
    assert.deepEqual(await kinds('docker-mtls-gateway', OWN), ['gateway'])
    assert.deepEqual(await kinds('proxy', OWN), ['other-gateway'])
    assert.deepEqual(await kinds('docker-mtls-gateway', '{}'), ['gateway'])
    // It runs, but its unit is gone.
    const shell = shellOf({ files: { ...foreign, [COPY]: OWN }, replaced: { [JSON_PATH]: LOCAL } })
    const run: HostShell['run'] = async (script) => {
      const ran = await shell.run(script)
      const isAsked = script.includes('show docker-mtls-gateway.service')
      return isAsked ? { ...ran, stdout: `${ran.stdout}\n${record('fact', 'gateway', 'MainPID=900')}` } : ran
    }
    const { conflicts } = await planRemove({ ...shell, run })
    assert.equal(conflicts[0]?.kind, 'gateway')
  })

  test('says where dockerd listens afterwards, and who gets in', async () => {
    const plan = await planRemove(shellOf({ files: { ...foreign, [COPY]: OWN }, replaced: { [JSON_PATH]: LOCAL } }))
    const context = contextOf()
    assert.match(
      removeText(plan, context).replaceAll(/\s+/g, ' '),
      /dockerd will listen on tcp:\/\/10\.0\.0\.5:2376 again, as before docker-mtls\. Every client with a certificate of its CA will be root on this host, even a revoked one\. $/,
    )
    assert.deepEqual(removeData(plan, context), {
      files: [{ path: JSON_PATH, action: 'replace' }],
      conflicts: [],
      losses: [
        'dockerd will listen on tcp://10.0.0.5:2376 again, as before docker-mtls. Every client with a certificate of its CA will be root on this host, even a revoked one.',
      ],
      stays: [],
      closes: [],
      listens: ['tcp://10.0.0.5:2376'],
      backups: true,
    })
    assert.equal(listensAsBefore(plan), ' dockerd listens on tcp://10.0.0.5:2376 again, as before docker-mtls.')
    assert.equal(listensAsBefore({ ...plan, listens: [] }), '')
    assert.equal(removeText({ ...plan, changes: [], losses: [], hasBackups: false }, context), 'Nothing to remove.\n')
  })

  test('of a host with a gateway: setup --undo ends it first, and warns if dockerd gets its listener back', async () => {
    const start = '[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /srv/policy.yaml\n'
    const codes = async (before: string, unit = 'docker-mtls-gateway'): Promise<[string[], string[] | undefined]> => {
      const files = { ...foreign, [COPY]: before, [`/etc/systemd/system/${unit}.service`]: start }
      const { remove, gateway } = await inspectRemoval(shellOf({ files, replaced: { [JSON_PATH]: LOCAL } }), undefined)
      assert.deepEqual(remove.losses, [])
      return [remove.conflicts.map(({ kind }) => kind), gateway?.warnings.map(({ code }) => code)]
    }
    assert.deepEqual(await codes(OWN), [[], ['daemon-exposed']])
    assert.deepEqual(await codes('{}'), [[], []])
    assert.deepEqual(await codes(OWN, 'proxy'), [['other-gateway'], undefined])
  })

  test('is refused as long as a gateway runs or is installed, whatever is kept of it', async () => {
    const gateway = '/etc/systemd/system/docker-mtls-gateway.service'
    const start = '[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /srv/policy.yaml\n'
    for (const [files, state] of [
      [{ [gateway]: start }, 'MainPID=900'],
      [{ [gateway]: start }, 'MainPID=0'],
      [{}, 'MainPID=900\nFragmentPath='],
      [{}, `MainPID=900\nFragmentPath=${gateway}`],
    ] as const) {
      const { conflicts } = await removal(files, state)
      assert.deepEqual(
        conflicts.map(({ kind, todo }) => [kind, renderSentence(todo)]),
        [['gateway', 'Remove it first:  docker-mtls gateway remove']],
        state,
      )
    }
    assert.deepEqual((await removal({}, 'MainPID=0')).conflicts, [])
  })

  test('opens no listener without TLS again, and goes on without it once it is gone from the file that would come back', async () => {
    const open = BEFORE.replaceAll(/ --tls\S+/g, '').replace(':2376', ':2375')
    for (const [path, before, now, edited] of [
      [JSON_PATH, PLAIN, LOCAL, '{"hosts":["fd://"]}'],
      [DROP_IN, open, LOCAL_UNIT, LOCAL_UNIT],
    ] as const) {
      const at = async (copy: string): Promise<RemovePlan> => {
        const files = path === JSON_PATH ? { ...foreign, [path]: now, [COPY]: copy } : { [path]: now, [COPY]: copy }
        return planRemove(shellOf({ files, replaced: { [path]: now } }))
      }
      const remedy = `docker-mtls would restore ${COPY}: remove the listener from it, then run this again.`
      const { conflicts } = await at(before)
      assert.deepEqual(
        conflicts.map(({ kind, what, todo }) => [kind, what, renderSentence(todo)]),
        [['plaintext-before', 'tcp://10.0.0.5:2375', remedy]],
      )
      assert.deepEqual((await at(edited)).conflicts, [])
    }
  })

  test('puts the only copy of a file that it cannot restore beside its place, before it removes the backups', async () => {
    const changed = JSON.stringify({ hosts: ['fd://'], debug: true })
    for (const now of [changed, JSON.stringify({ hosts: ['fd://', 'tcp://10.0.0.5:2377'], ...TLS })]) {
      const files = { ...foreign, [JSON_PATH]: now, [COPY]: OWN }
      const shell = shellOf({ files, replaced: { [JSON_PATH]: LOCAL } })
      const plan = await planRemove(shell)
      assert.deepEqual(changes(plan), [], now)
      const aside = `${JSON_PATH}.before-docker-mtls`
      assert.ok(
        plan.stays.some((text) => text.startsWith(`${aside}: a file that docker-mtls has replaced`)),
        plan.stays.join('\n'),
      )
      assert.deepEqual([plan.hasBackups, plan.asides], [true, [{ copy: COPY, path: aside }]])
      await carryOutRemove(plan, { shell })
      assert.ok(shell.ran.at(-1)?.includes(`"$1" ${COPY} ${aside}\n`))
      await markOnlyCopies(plan, shell)
      assert.match(shell.ran.at(-1) ?? '', /touch -- '?\/var\/lib\/docker-mtls\/1\/keep'?$/m)
    }
  })

  test('is refused if dockerd would not find its own TLS files, also by setup --undo before it removes the gateway', async () => {
    const start = '[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /srv/policy.yaml\n'
    const written = { [DROP_IN]: LOCAL_UNIT }
    const kinds = async (gone: readonly string[], unit: Readonly<Record<string, string>> = {}): Promise<string[]> => {
      const shell = shellOf({ files: { ...written, ...unit, [COPY]: BEFORE }, replaced: written, gone })
      const { remove } = await inspectRemoval(shell, undefined)
      return remove.conflicts.map(({ kind, what }) => `${kind} ${what}`)
    }
    for (const unit of [{}, { '/etc/systemd/system/docker-mtls-gateway.service': start }]) {
      assert.deepEqual(await kinds([], unit), [])
      for (const path of ['/srv/ca.pem', '/srv/c.pem', '/srv/k.pem'])
        assert.deepEqual(await kinds([path], unit), [`changed-since ${path}`])
    }
  })

  describe('beside TLS files of its own, which the restored settings name', () => {
    const [ca, cert, key] = ['/etc/own/ca.pem', '/etc/own/server-cert.pem', '/etc/own/server-key.pem'] as const
    const before = BEFORE.replace('/srv/ca.pem', ca).replace('/srv/c.pem', cert).replace('/srv/k.pem', key)
    const written = { [ca]: 'our ca', [cert]: 'our cert', [key]: 'our key', [DROP_IN]: LOCAL_UNIT }
    const planned = async (
      now: Readonly<Record<string, string>>,
      { gone = [], kept = 'own', start = before }: { gone?: readonly string[]; kept?: string; start?: string } = {},
    ): Promise<RemovePlan> => {
      const files: Record<string, string> = { ...written, [`${COPY.slice(0, -1)}4`]: start, ...now }
      for (const path of gone) delete files[path]
      const shell = shellOf({ files, replaced: written })
      const secrets = [1, 2, 3].flatMap((at) =>
        kept === '' ? [] : [record('secret', `/var/lib/docker-mtls/1/${at}`, '640', 'root:ssl', sha256(kept))],
      )
      const run: HostShell['run'] = async (script) => {
        const ran = await shell.run(script)
        return script.includes('b64() {') ? { ...ran, stdout: [ran.stdout, ...secrets].join('\n') } : ran
      }
      return planRemove({ ...shell, run })
    }

    test('puts them back from their copies on the host', async () => {
      const plan = await planned({})
      assert.deepEqual(plan.conflicts, [])
      assert.deepEqual(
        plan.changes.map(({ path, action, copy, mode, owner }) => [path, action, copy, mode, owner]),
        [
          ...[ca, cert, key].map((path, at) => [
            path,
            'replace',
            `/var/lib/docker-mtls/1/${at + 1}`,
            0o640,
            'root:ssl',
          ]),
          [DROP_IN, 'replace', undefined, 0o644, undefined],
        ],
      )
      const script = transactionScript(plan, { id: 'x', after: 60, owner: undefined })
      assert.match(script, /^write_file \/etc\/own\/server-key\.pem 0640 root:ssl <\/var\/lib\/docker-mtls\/1\/3$/m)
      const marking = shellOf({ files: {}, replaced: {} })
      await markOnlyCopies(plan, marking)
      assert.match(marking.ran.at(-1) ?? '', /touch -- \/var\/lib\/docker-mtls\/1\/keep$/m)
      // With a changed drop-in, only that has to be mended.
      const changed = await planned({ [DROP_IN]: `${LOCAL_UNIT}# mine\n` })
      assert.deepEqual(
        changed.conflicts.map(({ what }) => what),
        [DROP_IN],
      )
    })

    test('also those that are gone, unless nothing is kept of them', async () => {
      for (const path of [ca, cert, key]) {
        const plan = await planned({}, { gone: [path] })
        assert.deepEqual(plan.conflicts, [])
        const { action, copy } = plan.changes.find((change) => change.path === path) ?? {}
        assert.equal(action, 'create')
        assert.match(
          transactionScript(plan, { id: 'x', after: 60, owner: undefined }),
          new RegExp(`^write_file ${path} 0640 root:ssl <${copy}$`, 'm'),
        )
        const lost = await planned({}, { gone: [path], kept: '' })
        assert.ok(refused(lost).includes(`${path}: Put the file there that dockerd should use, then run this again.`))
      }
    })

    test('mixes none with another that somebody has put there since', async () => {
      for (const [at, path] of [ca, cert, key].entries()) {
        // It may be the only copy of a renewed key, and dockerd uses it until then.
        const remedy = `Put the file from before there, which keeps this one beside it:  cp -p --backup=numbered /var/lib/docker-mtls/1/${at + 1} ${path}  Then run this again.`
        assert.deepEqual(refused(await planned({ [path]: 'renewed' })), [`${path}: ${remedy}`])
        // Nor is it in the way if somebody has put the earlier one there again.
        const again = await planned({ [path]: 'own' })
        assert.deepEqual(again.conflicts, [])
        assert.ok(again.changes.every((change) => change.path !== path))
      }
    })

    test('leaves one that somebody has put there since where it is if dockerd no longer uses it', async () => {
      for (const path of [ca, cert, key]) {
        const plan = await planned({ [path]: 'renewed' }, { start: NO_HOST_UNIT })
        assert.deepEqual(refused(plan), [])
        assert.deepEqual(changes(plan).length, 3)
        assert.ok(plan.changes.every((change) => change.path !== path))
        assert.ok(plan.stays.includes(`${path}: somebody has replaced it, and it stays`))
      }
    })

    test('puts the key back, too, if the others are elsewhere', async () => {
      const { changes: all, conflicts } = await planned({}, { start: BEFORE.replace('/srv/k.pem', key) })
      assert.deepEqual([conflicts, all.find(({ path }) => path === key)?.action], [[], 'replace'])
    })

    test('leaves all of them if somebody has replaced all', async () => {
      const plan = await planned({ [ca]: 'new ca', [cert]: 'new cert', [key]: 'new key' })
      assert.deepEqual(refused(plan), [])
      assert.deepEqual(
        plan.changes.map(({ path }) => path),
        [DROP_IN],
      )
      assert.deepEqual(plan.stays, [
        ...[ca, cert, key].map((path) => `${path}: dockerd uses it, as before docker-mtls`),
        ...[ca, cert, key].map(
          (path) => `${path}.before-docker-mtls: a file that docker-mtls has replaced, and that does not come back`,
        ),
      ])
    })
  })

  for (const [path, text, why] of [
    ['system/docker.service.d/zz.conf', START, 'it sets ExecStart=, and systemd reads it after'],
    ['system.control/docker.service.d/override.conf', '[Service]\nNice=1', 'systemd reads it instead of'],
  ] as const) {
    test(`is refused as long as /etc/systemd/${path} overrides the drop-in of docker-mtls`, async () => {
      const at = `/etc/systemd/${path}`
      const files = { [DROP_IN]: LOCAL_UNIT, [COPY]: BEFORE, [at]: `${text}\n` }
      const { conflicts } = await planRemove(shellOf({ files, replaced: { [DROP_IN]: LOCAL_UNIT } }))
      assert.deepEqual(
        conflicts.map(({ kind, what, got }) => [kind, what, renderSentence(got)]),
        [['changed-since', at, `${why} the drop-in of docker-mtls`]],
      )
    })
  }

  test('names a remedy for a changed drop-in that works: no apply writes it again', async () => {
    const changed = LOCAL_UNIT.replace(/^(ExecStart=.+)$/m, '$1 --debug')
    const files = { [DROP_IN]: changed, [COPY]: BEFORE }
    const { conflicts } = await planRemove(shellOf({ files, replaced: { [DROP_IN]: LOCAL_UNIT } }))
    assert.deepEqual(
      conflicts.map(({ kind, what }) => [kind, what]),
      [['changed-since', DROP_IN]],
    )
    assert.match(
      renderSentence(conflicts[0]?.todo ?? ''),
      /^Undo that change, put your own settings into \S+daemon\.json instead/,
    )
  })

  describe('blames no drop-in that nobody has touched', () => {
    const TLS_FLAGS =
      '--tlsverify --tlscert=/etc/docker/tls/server-cert.pem --tlscacert=/etc/docker/tls/ca.pem --tlskey=/etc/docker/tls/server-key.pem'
    /** As `init` renders it. */
    const SECURED = `${START} --containerd=/run/containerd/containerd.sock $DOCKER_OPTS -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376\n`

    test('one that was installed by hand, beside a daemon.json that somebody has changed', async () => {
      const files = { [DROP_IN]: SECURED, [JSON_PATH]: '{"tlsverify": true}' }
      const plan = await planRemove(shellOf({ files, replaced: {}, isComplete: false }))
      assert.deepEqual([named(plan), changes(plan)], [[], [[DROP_IN, 'remove', '']]])
      const changed = { ...files, [DROP_IN]: SECURED.replace('0.0.0.0:2376', '0.0.0.0:2376 --debug') }
      const [conflict, ...others] = named(
        await planRemove(shellOf({ files: changed, replaced: {}, isComplete: false })),
      )
      assert.match(conflict ?? '', new RegExp(`^${DROP_IN}: it isn't as docker-mtls writes it`))
      assert.deepEqual(others, [])
    })

    const own = '/etc/systemd/system/docker.service.d/10-own.conf'
    const cert = '/etc/docker/tls/server-cert.pem'
    for (const [name, dropIn] of [
      ['removed', {}],
      ['changed', { [DROP_IN]: '[Service]\nNice=1\n' }],
    ] as const) {
      test(`one of somebody's own, after that of docker-mtls was ${name}`, async () => {
        const files = { [own]: `${START} -H fd:// -H tcp://127.0.0.1:2376\n`, [cert]: 'cert', ...dropIn }
        const plan = await planRemove(shellOf({ files, replaced: { [DROP_IN]: SECURED, [cert]: 'cert' } }))
        assert.match(
          named(plan).join('\n'),
          new RegExp(`^${DROP_IN}: somebody has ${name} it since, and dockerd no longer`),
        )
        assert.deepEqual(changes(plan), [])
      })
    }
  })

  test('without the first apply, removes the drop-in, and names files of which nothing is known', async () => {
    const files = { [DROP_IN]: LOCAL_UNIT, [KEY]: 'key', [COPY]: `${LOCAL_UNIT}# of setup` }
    const plan = await planRemove(shellOf({ files, replaced: { [DROP_IN]: LOCAL_UNIT }, isComplete: false }))
    assert.deepEqual(changes(plan), [[DROP_IN, 'remove', '']])
    assert.match(plan.stays.join('\n'), new RegExp(`^${DROP_IN}.before-docker-mtls: .*\n${KEY}: it is unknown whether`))
    const later = await planRemove(shellOf({ files, replaced: {}, isComplete: false }))
    assert.deepEqual(changes(later), [])
    assert.match(later.stays.join('\n'), new RegExp(`^${KEY}: it is unknown whether .*\n${DROP_IN}: it is unknown`))
  })
})
