import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseUnit } from '../../lib/daemon.ts'
import { changesOf } from '../../lib/apply/changes.ts'
import { mergeDropIn } from '../../lib/daemon-config/render-for-host.ts'
import { settingsInForce } from '../../lib/daemon-config/settings-in-force.ts'
import { opensOnRestart, tlsQuestions } from '../../lib/apply/plaintext-before.ts'
import { unitOf } from '../../lib/apply/unit.ts'
import { openFolders } from '../../lib/apply/parents.ts'
import { decideUserns } from '../../lib/apply/userns.ts'
import {
  assignmentsOf,
  expand,
  flagValue,
  withoutFlag,
  type UnitEnvironment,
} from '../../lib/daemon-config/unit/variables.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { base64, factsOf } from './support/facts.ts'

const OURS = '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd --tlsverify\n'

describe('a drop-in that is there', () => {
  const rows: [string, string | undefined, string][] = [
    ['none', undefined, OURS],
    ['one of ours', '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd://\n', OURS],
    ['only comments besides', '# mine\n\n[Service]\nExecStart=/x/dockerd\n', OURS],
    [
      'other settings stay',
      '[Service]\nEnvironment=A=b\nExecStart=\nExecStart=/x/dockerd\n',
      `[Service]\nEnvironment=A=b\n\n${OURS}`,
    ],
    [
      'a continued line goes as a whole',
      '[Service]\nExecStart=/x/dockerd \\\n# between\n  -H fd://\nLimitNOFILE=5\n',
      `[Service]\nLimitNOFILE=5\n\n${OURS}`,
    ],
    ['another section stays', '[Unit]\nAfter=x.service\n', `[Unit]\nAfter=x.service\n\n${OURS}`],
    ['line ends of Windows', '[Service]\r\nNice=1\r\nExecStart=/x/dockerd\r\n', `[Service]\nNice=1\n\n${OURS}`],
    [
      'a setting whose name only begins so',
      '[Service]\nExecStartPre=/bin/true\n',
      `[Service]\nExecStartPre=/bin/true\n\n${OURS}`,
    ],
  ]
  for (const [name, before, after] of rows) {
    test(name, () => {
      const merged = mergeDropIn(before, OURS)
      assert.equal(merged, after)
      // A second time nothing changes, and systemd finds the one command.
      assert.equal(mergeDropIn(merged, OURS), merged)
      assert.equal(parseUnit(`${DEBIAN_UNIT}${merged}`).args[0], '--tlsverify')
    })
  }
})

const OPEN_UNIT = DEBIAN_UNIT.replace('-H fd://', '-H fd:// -H tcp://0.0.0.0:2376')

const IN_VARIABLE = OPEN_UNIT.replace('[Service]', '[Service]\nEnvironmentFile=-/etc/default/docker').replace(
  '-H fd://',
  '-H fd:// $O',
)

const withWarning = (what: string): string =>
  JSON.stringify({ Warnings: ['no swap limit', `API is accessible on ${what}`] })

/** Where dockerd is asked whether it speaks TLS. */
function askedAt(service: string, listener: string): (string | undefined)[] {
  const files = { '/usr/lib/systemd/system/docker.service': OPEN_UNIT.replace('tcp://0.0.0.0:2376', listener) }
  const facts = factsOf({ facts: { service }, files })
  const found = unitOf(facts, 'this machine')
  return tlsQuestions(facts, found, settingsInForce(found, undefined)).map((call) => call.at(-1))
}

describe('dockerd whose files have no TLS any more, before a restart', () => {
  const TLS = 'HTTP request to an HTTPS server\n'
  const rows: [name: string, refused: boolean, info: string, answer: string, start?: string, options?: string][] = [
    ['is refused: an apply that fails would open it', true, '{"Warnings":null}', TLS],
    ['may have other warnings', true, '{"Warnings":["no swap limit"]}', TLS],
    ['has them still', false, '{}', TLS, OPEN_UNIT.replace('fd://', 'fd:// --tlsverify')],
    ['lets everybody in already', false, withWarning('http://0.0.0.0:2376 without encryption'), ''],
    ['does so over TLS', false, withWarning('https://0.0.0.0:2376 without TLS client verification'), TLS],
    ['has them still, in a variable', false, '{}', TLS, IN_VARIABLE, 'O=--tlsverify --tlscacert=/ca'],
    ['may have other flags in a variable', true, '{}', TLS, IN_VARIABLE, 'O=--debug'],
    ['may have turned them off in a variable', true, '{}', TLS, IN_VARIABLE, 'O=--tlsverify=false'],
    ['may have them in what only systemd knows', false, '{}', TLS, OPEN_UNIT.replace('fd://', 'fd:// %I')],
    [
      'may have them in a part that only systemd knows',
      false,
      '{}',
      TLS,
      OPEN_UNIT.replace('fd://', 'fd:// "--tls%i"'),
    ],
    ['may have the value of the switch there', false, '{}', TLS, OPEN_UNIT.replace('fd://', 'fd:// --tlsverify=${V}')],
    ['has no TLS in a label', true, '{}', TLS, OPEN_UNIT.replace('fd://', 'fd:// --label=%H')],
    ['has no TLS in an address', true, '{}', TLS, OPEN_UNIT.replace('fd://', 'fd:// --bip=${IP}/24')],
    // docker isn't there, is too slow, or can't reach it.
    ['says nothing', false, '{}', ''],
    ['says nothing of itself', false, '', TLS],
  ]
  for (const [name, refused, lines] of [
    ['from before a change of the unit', true, ''],
    ['in its changed unit', false, 'Environment=A=b\nEnvironment="O=--tlsverify --tlscacert=/ca"\n'],
    ['in its changed unit, which then drops them', true, 'Environment=O=--tlsverify\nEnvironment=\n'],
  ] as const) {
    test(`has them in a variable ${name}`, () => {
      const text = OPEN_UNIT.replace('fd://', 'fd:// $O').replace('[Service]\n', `[Service]\n${lines}`)
      const service = 'LoadState=loaded\nActiveState=active\nNeedDaemonReload=yes\nEnvironment=O=--tlsverify'
      const answers = { info: '{}', 'tls:tcp://0.0.0.0:2376': TLS, service }
      const facts = factsOf({ facts: answers, files: { '/usr/lib/systemd/system/docker.service': text } })
      const found = unitOf(facts, 'this machine')
      assert.equal(opensOnRestart(found, settingsInForce(found, undefined), facts).length, refused ? 1 : 0)
    })
  }
  for (const [name, refused, info, answer, start = OPEN_UNIT, options = ''] of rows) {
    test(name, () => {
      const files = { '/usr/lib/systemd/system/docker.service': start, '/etc/default/docker': options }
      const facts = factsOf({ facts: { info, 'tls:tcp://0.0.0.0:2376': answer }, files })
      const found = unitOf(facts, 'this machine')
      const conflicts = opensOnRestart(found, settingsInForce(found, undefined), facts)
      assert.deepEqual(
        conflicts.map(({ kind }) => kind),
        refused ? ['plaintext-before'] : [],
      )
      const takesOver = opensOnRestart(found, settingsInForce(found, undefined), facts, true)
      const todos = [...conflicts, ...takesOver].map(({ todo }) => renderSentence(todo).includes(' daemon apply '))
      assert.deepEqual(todos, refused ? [false, true] : [])
    })
  }

  test('is asked at an address that it has itself, but not if that would start it', () => {
    for (const [listener, host] of [
      ['tcp://0.0.0.0:2375', 'tcp://127.0.0.1:2375'],
      ['tcp://[::]:2376', 'tcp://[::1]:2376'],
      ['tcp://build01:2376', 'tcp://build01:2376'],
    ] as const) {
      assert.deepEqual(askedAt('ActiveState=active', listener), [host])
      assert.deepEqual(askedAt('ActiveState=inactive', listener), [])
    }
  })
})

function environment(ofUnit: string, file?: string): UnitEnvironment {
  return { environment: ofUnit, textOf: (path) => (path === '/etc/default/docker' ? file : undefined) }
}

describe('variables of a unit', () => {
  const unit = parseUnit(
    '[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS ${ONE} %n\n',
  )

  test('are split, or put in as they are; what is set nowhere is nothing', () => {
    const file = '# old\n#DOCKER_OPTS="--no"\nDOCKER_OPTS="-H tcp://0.0.0.0:2375  --dns 8.8.8.8"\nONE=\'a b\'\n'
    const { flags, argv, unknown } = expand(unit, assignmentsOf(unit, environment('', file)))
    assert.deepEqual(argv, ['-H', 'fd://', '-H', 'tcp://0.0.0.0:2375', '--dns', '8.8.8.8', 'a b'])
    assert.deepEqual(unknown, ['%n'])
    assert.deepEqual(
      flags.filter(({ name }) => name === 'host').map(({ value, path }) => [value, path]),
      [['tcp://0.0.0.0:2375', '/etc/default/docker']],
    )
    assert.deepEqual(expand(unit, []).argv, ['-H', 'fd://'])
  })

  test('the unit sets some itself, and its files win', () => {
    const said = '"DOCKER_OPTS=-H tcp://0.0.0.0:2375" ONE=1'
    const own = expand(unit, assignmentsOf(unit, environment(said)))
    assert.deepEqual(
      own.flags.map(({ name, value, path }) => [name, value, path]),
      [
        ['host', 'tcp://0.0.0.0:2375', 'Environment= of docker.service'],
        [undefined, undefined, 'Environment= of docker.service'],
      ],
    )
    assert.deepEqual(expand(unit, assignmentsOf(unit, environment(said, 'DOCKER_OPTS=--debug\n'))).argv, [
      '-H',
      'fd://',
      '--debug',
      '1',
    ])
  })

  test('flags are found and left out in every way of writing them', () => {
    const argv = ['-H', 'fd://', '--userns-remap', 'default', '--config-file=/a b.json', '-D']
    assert.equal(flagValue(argv, 'config-file'), '/a b.json')
    assert.equal(flagValue(argv, 'userns-remap'), 'default')
    assert.deepEqual(withoutFlag(argv, 'userns-remap'), ['-H', 'fd://', '--config-file=/a b.json', '-D'])
    assert.deepEqual(withoutFlag(['--userns-remap=x', '-D'], 'userns-remap'), ['-D'])
  })
})

const unitWith = (line: string): Parameters<typeof settingsInForce>[0] => ({
  unit: parseUnit(`[Service]\nExecStart=${line}\n`),
  paths: [],
  later: [],
})

describe('what is in force', () => {
  const json = JSON.stringify({
    hosts: ['fd://', 'tcp://10.0.0.4:2376'],
    tlsverify: true,
    tlscacert: '/x/ca.pem',
    tlscert: '/x/server-cert.pem',
    tlskey: '/x/server-key.pem',
    'userns-remap': 'default',
  })

  test('is found in the drop-in, or in daemon.json', () => {
    const flags = '-H fd:// --tlsverify --tlscert=/x/server-cert.pem --tlscacert=/x/ca.pem --tlskey=/x/server-key.pem'
    const settings = { listen: ['tcp://10.0.0.4:2376'], tlsDir: '/x', usernsRemap: 'default' }
    const inUnit = settingsInForce(
      unitWith(`/d/dockerd ${flags} --userns-remap=default -H tcp://10.0.0.4:2376`),
      undefined,
    )
    assert.deepEqual([inUnit.form, inUnit.settings], ['systemd', settings])
    const inJson = settingsInForce(unitWith('/d/dockerd --containerd=/x'), json)
    assert.deepEqual([inJson.form, inJson.settings], ['daemon-json', settings])
  })

  test('a listener without TLS is none of ours, and told apart', () => {
    const { settings, plaintext } = settingsInForce(
      unitWith('/d/dockerd -H fd:// -H tcp://0.0.0.0:2375 -H tcp://[::]:2376'),
      '',
    )
    assert.deepEqual(settings.listen, ['tcp://[::]:2376'])
    assert.deepEqual(plaintext, ['tcp://0.0.0.0:2375'])
  })

  const written: [string, readonly string[], readonly string[]][] = [
    ['-H 10.0.0.4:2376', ['tcp://10.0.0.4:2376'], []],
    ['-H :2376', ['tcp://localhost:2376'], []],
    ['-H 10.0.0.4', [], ['tcp://10.0.0.4:2375']],
    ['--host tcp://10.0.0.4', [], ['tcp://10.0.0.4:2375']],
    ['-H=[::1]:2376', ['tcp://[::1]:2376'], []],
    ['-H tcp://', [], ['tcp://localhost:2375']],
    ['-H unix:///x.sock -H fd:// -H ""', [], []],
  ]
  for (const [flags, listen, closed] of written) {
    test(`${flags}: listens as dockerd understands it`, () => {
      const { settings, plaintext } = settingsInForce(unitWith(`/d/dockerd ${flags}`), '')
      assert.deepEqual([settings.listen, plaintext], [listen, closed])
    })
  }
})

describe('what has to be written', () => {
  test('is what differs in its text, its mode or its owner', () => {
    const facts = factsOf({ files: { '/etc/a': 'a\n', '/etc/b': 'b\n', '/etc/c': 'c\n' } })
    const wanted = [
      { path: '/etc/a', mode: 0o644, text: 'a\n' },
      { path: '/etc/b', mode: 0o600, text: 'b\n' },
      { path: '/etc/c', mode: 0o644, text: 'd\n' },
      { path: '/etc/d', mode: 0o644, text: 'd\n' },
    ]
    assert.deepEqual(
      changesOf(wanted, facts).map(({ action }) => action),
      ['keep', 'replace', 'replace', 'create'],
    )
  })
})

describe('ranges of user namespaces', () => {
  const inForce = settingsInForce(unitWith('/d/dockerd -H fd://'), '')
  test('are added to the files that are there', () => {
    const facts = factsOf({ files: { '/etc/subuid': 'deploy:100000:65536\n', '/etc/subgid': 'deploy:100000:65536\n' } })
    const { files } = decideUserns('default', inForce, facts)
    assert.match(files[0]?.text ?? '', /^deploy:100000:65536\ndockremap:165536:65536\n$/)
  })

  test('of which half must not take the place of the whole', () => {
    const facts = parseFacts(['secret', ...['/etc/subuid', '644', 'root:root', '00'].map(base64)].join(' '))
    assert.throws(
      () => decideUserns('default', inForce, facts),
      (error: unknown) => isDockerMtlsError(error, 'ERR_USERNS_INVALID') && /subuid/.test(error.tried),
    )
  })
})

function parents(...rows: readonly [about: string, path: string][]): string {
  return rows.map(([about, path]) => `${about} ${base64(path)}`).join('\n')
}

function folders(facts: Readonly<Record<string, string>>, tlsDir: string): string[] {
  return openFolders(factsOf({ facts }), tlsDir).map(
    ({ path, got, todo }) => `${path}: ${got}. ${renderSentence(todo)}`,
  )
}

describe('who may change the folders of the keys', () => {
  test('is a conflict, unless it is root alone', () => {
    const facts = {
      'parents:/srv/a/tls': parents(
        ['700 0', '/srv/a/tls'],
        ['755 2001', '/srv/a'],
        ['775 0', '/srv'],
        ['1777 0', '/'],
        ['755 0', '/ok'],
      ),
    }
    const found = folders(facts, '/srv/a/tls')
    assert.equal(found.length, 3)
    assert.match(found[0] ?? '', /^\/srv\/a: the user 2001 owns it, .*tlsDir: \/etc\/docker\/tls$/)
    assert.match(found[1] ?? '', /^\/srv: users other than root can write to it \(mode 775\)/)
    assert.match(found[2] ?? '', /^\/: .*\(mode 1777\)/)
  })

  test('a folder that every apply needs has to be closed', () => {
    const facts = {
      'parents:/etc/docker': parents(['775 0', '/etc/docker'], ['755 0', '/etc']),
      'parents:/etc/docker/tls': parents(['775 0', '/etc/docker'], ['755 0', '/etc']),
    }
    assert.deepEqual(folders(facts, '/etc/docker/tls').length, 1)
    assert.match(folders(facts, '/etc/docker/tls')[0] ?? '', /chmod go-w \/etc\/docker$/)
  })

  test('a name with line feeds and spaces is one folder', () => {
    const facts = { 'parents:/a': parents(['755 2001', '/a\n755 0 /b']) }
    assert.match(folders(facts, '/a')[0] ?? '', /^\/a\n755 0 \/b: the user 2001/)
  })
})
