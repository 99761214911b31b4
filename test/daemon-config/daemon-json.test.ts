import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type DaemonOptions, parseUnit, renderDaemonJson, renderDaemonJsonOverride } from '../../lib/daemon.ts'
import { splitWords } from '../../lib/daemon-config/unit/words.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { refuses } from './support/refuses.ts'
import { DEBIAN_UNIT } from './support/units.ts'

const tls = { ca: '/t/ca.pem', cert: '/t/cert.pem', key: '/t/key.pem' }
const TLS_KEYS = { tlsverify: true, tlscacert: '/t/ca.pem', tlscert: '/t/cert.pem', tlskey: '/t/key.pem' }

function unitWith(words: string): DaemonOptions {
  return { unit: parseUnit(`[Service]\nExecStart=/usr/bin/dockerd ${words}`), tls }
}

describe('daemon.json', () => {
  const rows: readonly (readonly [what: string, options: DaemonOptions, json: object])[] = [
    ['by default', { tls }, { hosts: ['fd://', 'tcp://0.0.0.0:2376'], ...TLS_KEYS }],
    [
      'all of it',
      { tls, listen: ['tcp://[::]:2376', 'unix:///x'], usernsRemap: 'default', debug: true },
      { hosts: ['unix:///x', 'tcp://[::]:2376'], ...TLS_KEYS, 'userns-remap': 'default', debug: true },
    ],
    [
      "the unit's local listener moves",
      unitWith('-H unix:///y -H tcp://0.0.0.0:2375'),
      { hosts: ['unix:///y', 'tcp://0.0.0.0:2376'], ...TLS_KEYS },
    ],
    [
      'what is there stays, local listeners too',
      {
        ...unitWith('-H fd://'),
        daemonJson:
          '{"live-restore":true,"log-opts":{"max-size":"1m"},"hosts":["fd://","unix:///z","tcp://0.0.0.0:2375"],"debug":true,"userns-remap":"ann"}',
      },
      {
        'live-restore': true,
        'log-opts': { 'max-size': '1m' },
        hosts: ['fd://', 'unix:///z', 'tcp://0.0.0.0:2376'],
        debug: true,
        'userns-remap': 'ann',
        ...TLS_KEYS,
      },
    ],
    [
      'what is weaker there is replaced',
      {
        tls,
        usernsRemap: 'default',
        debug: false,
        daemonJson: '{"tls":false,"tlsverify":false,"tlscacert":"","userns-remap":"","debug":true}',
      },
      { hosts: ['fd://', 'tcp://0.0.0.0:2376'], ...TLS_KEYS, 'userns-remap': 'default', debug: false },
    ],
    ['an empty file', { tls, daemonJson: ' \n' }, { hosts: ['fd://', 'tcp://0.0.0.0:2376'], ...TLS_KEYS }],
    ['a byte order mark', { tls, daemonJson: '\uFEFF{}' }, { hosts: ['fd://', 'tcp://0.0.0.0:2376'], ...TLS_KEYS }],
  ]
  for (const [what, options, json] of rows) {
    test(what, () => {
      const text = renderDaemonJson(options)
      assert.deepEqual(JSON.parse(text), json)
      assert.match(text, /^\{\n {2}".*\n\}\n$/s)
    })
  }

  test('rendered again over itself, it is the same', () => {
    const options: DaemonOptions = { tls, usernsRemap: 'default', listen: ['fd://', 'tcp://10.0.0.1:2376'] }
    const text = renderDaemonJson(options)
    assert.equal(renderDaemonJson({ ...options, daemonJson: text }), text)
  })

  test('a key __proto__ stays a key', () => {
    assert.match(renderDaemonJson({ tls, daemonJson: '{"__proto__":{"hosts":[]}}' }), /"__proto__": \{/)
  })
})

describe('its drop-in', () => {
  const rows: readonly (readonly [what: string, options: DaemonOptions, command: string])[] = [
    ['by default', { tls }, '/usr/bin/dockerd --containerd=/run/containerd/containerd.sock'],
    [
      "Debian's",
      { tls, unit: parseUnit(DEBIAN_UNIT) },
      '/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock $DOCKER_OPTS',
    ],
    [
      'no flag of ours stays',
      {
        ...unitWith('-H fd:// --tlsverify --tlscacert=/x --userns-remap=ann -D --bip=x'),
        usernsRemap: 'default',
        debug: true,
      },
      '/usr/bin/dockerd --bip=x',
    ],
    [
      'what was not asked for stays',
      unitWith('-H fd:// --userns-remap=ann -D'),
      '/usr/bin/dockerd --userns-remap=ann -D',
    ],
    ['only an executable', { tls, exec: '/usr/bin/dockerd' }, '/usr/bin/dockerd'],
  ]
  for (const [what, options, command] of rows) {
    test(what, () => assert.equal(renderDaemonJsonOverride(options), `[Service]\nExecStart=\nExecStart=${command}\n`))
  }
})

/** The flags that change their name in the file, and one of each other kind. Values that dockerd takes without a side effect. */
const CONFLICTS: readonly (readonly [flag: string, json: string])[] = [
  ['--label=a=b', '{"labels":["c=d"]}'],
  ['--label a=b', '{"labels":["c=d"]}'],
  ['--authorization-plugin=x', '{"authorization-plugins":["x"]}'],
  ['--cdi-spec-dir=/x', '{"cdi-spec-dirs":["/x"]}'],
  ['--default-address-pool=base=10.0.0.0/8,size=24', '{"default-address-pools":[{"base":"10.0.0.0/8","size":24}]}'],
  ['--default-network-opt=bridge=a=b', '{"default-network-opts":{"bridge":{"a":"b"}}}'],
  ['--default-ulimit=nofile=1', '{"default-ulimits":{"nofile":{"Name":"nofile","Hard":1,"Soft":1}}}'],
  ['--dns-opt=x', '{"dns-opts":["x"]}'],
  ['--dns-search=x', '{"dns-search":["x"]}'],
  ['--exec-opt=native.cgroupdriver=cgroupfs', '{"exec-opts":["native.cgroupdriver=cgroupfs"]}'],
  ['--insecure-registry=x', '{"insecure-registries":["x"]}'],
  ['--log-opt=a=b', '{"log-opts":{"a":"b"}}'],
  ['--node-generic-resource=a=b', '{"node-generic-resources":["a=b"]}'],
  ['--registry-mirror=https://x', '{"registry-mirrors":["https://x"]}'],
  ['--storage-opt=a=b', '{"storage-opts":["a=b"]}'],
  ['--http-proxy=http://x', '{"proxies":{"http-proxy":"http://x"}}'],
  ['--live-restore', '{"live-restore":true}'],
  ['-D', '{"debug":true}'],
  ['--debug=false', '{"debug":false}'],
  ['-l warn', '{"log-level":"warn"}'],
  ['-G root', '{"group":"root"}'],
  ['--data-root /x', '{"data-root":"/x"}'],
  ['--userns-remap=nobody', '{"userns-remap":"nobody"}'],
]
/** What looks like one and isn't. */
const NO_CONFLICTS: readonly (readonly [flag: string, json: string])[] = [
  ['--label=a=b', '{"log-level":"warn"}'],
  ['--add-runtime=x=/x', '{"runtimes":{"y":{"path":"/y"}}}'],
  ['--icc=false', '{"proxies":{"http-proxy":"http://x"}}'],
]

describe('the same directive in both places', () => {
  for (const [flag, daemonJson] of CONFLICTS) {
    test(`${flag} and ${daemonJson} are refused`, () => {
      for (const render of [renderDaemonJson, renderDaemonJsonOverride]) {
        refuses(() => render({ ...unitWith(flag), daemonJson }), 'ERR_DIRECTIVE_CONFLICT')
      }
    })
  }
  for (const [flag, daemonJson] of NO_CONFLICTS) {
    test(`${flag} and ${daemonJson} go together`, () => void renderDaemonJson({ ...unitWith(flag), daemonJson }))
  }

  test('a listener that only systemd can expand does not move', () =>
    refuses(() => renderDaemonJson(unitWith('-H unix://%t/x.sock')), 'ERR_LISTEN_INVALID', /%t/))

  for (const bad of [
    '{',
    '[]',
    '"x"',
    'null',
    '{"hosts":"fd://"}',
    '{"hosts":[1]}',
    'hosts: x',
    '{}}',
    '{"a":\u0007}',
  ]) {
    test(`${JSON.stringify(bad)} is no daemon.json`, () =>
      refuses(() => renderDaemonJson({ tls, daemonJson: bad }), 'ERR_DAEMON_JSON_INVALID'))
  }
})

/** Namespaces of its own, and a throw-away /etc: with userns-remap, validating makes the user dockremap. */
const PRIVATELY = `set -e
mount --make-rprivate /
mount -n -t tmpfs tmpfs /mnt
mkdir /mnt/u /mnt/w /mnt/vu /mnt/vw
mount -n -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w overlay /etc
mount -n -t overlay -o lowerdir=/var,upperdir=/mnt/vu,workdir=/mnt/vw overlay /var
exec "$@"`

async function validate(
  folder: string,
  json: string,
  flags: readonly string[],
): Promise<{ ok: boolean; said: string }> {
  const file = join(folder, 'daemon.json')
  writeFileSync(file, json)
  const dockerd = ['dockerd', '--validate', '--config-file', file, ...flags]
  const { code, stdout, stderr } = await runCommand('unshare', ['-mn', 'sh', '-c', PRIVATELY, 'sh', ...dockerd])
  return { ok: code === 0, said: stdout + stderr }
}

function flagsOf(dropIn: string): string[] {
  const words = splitWords(/^ExecStart=(.+)$/m.exec(dropIn)?.[1] ?? '')
  return words.slice(1).map((word) => word.literal ?? '')
}

/** dockerd opens the files even to validate. */
async function withFiles(): Promise<{ folder: string; files: DaemonOptions['tls'] }> {
  const folder = join(await temporaryFolder(), 'with space, ü, "quotes", 100% and $HOME')
  mkdirSync(folder)
  const files = { ca: join(folder, 'cert.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const made = await runCommand('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=x',
    '-keyout',
    files.key,
    '-out',
    files.cert,
  ])
  assert.equal(made.code, 0, made.stderr)
  return { folder, files }
}

const skip = lacks('dockerd', 'unshare', 'openssl') || (process.getuid?.() === 0 ? false : 'namespaces need root')

describe('judged by dockerd itself', { skip }, () => {
  test('both rendered files together hold, with user namespaces too', async () => {
    const { folder, files } = await withFiles()
    const options: DaemonOptions = {
      tls: files,
      unit: parseUnit(
        '[Service]\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock -D',
      ),
      daemonJson: '{"live-restore":true,"hosts":["tcp://0.0.0.0:2375"],"tls":false,"__proto__":{}}',
    }
    for (const rendered of [options, { ...options, usernsRemap: 'default' }]) {
      const { ok, said } = await validate(
        folder,
        renderDaemonJson(rendered),
        flagsOf(renderDaemonJsonOverride(rendered)),
      )
      assert.ok(ok, said)
    }
  })

  test('and it refuses what we refuse: the same directive as a flag', async () => {
    const { folder, files } = await withFiles()
    const json = renderDaemonJson({ tls: files })
    for (const flags of [['-H', 'fd://'], ['--tlsverify'], [`--tlscacert=${files.ca}`]]) {
      const { ok, said } = await validate(folder, json, flags)
      assert.ok(!ok, 'dockerd took it')
      assert.match(said, /specified both as a flag and in the configuration file/)
    }
    const { ok } = await validate(folder, json.replace('"tlsverify"', '"tlsverfy"'), [])
    assert.ok(!ok, 'dockerd took an unknown key')
  })

  for (const [flag, json] of CONFLICTS) {
    test(`it refuses ${flag} with ${json}`, async () => {
      const { ok, said } = await validate(await temporaryFolder(), json, flag.split(' '))
      assert.ok(!ok, 'dockerd took it')
      assert.match(said, /specified both as a flag and in the configuration file/)
    })
  }
  for (const [flag, json] of NO_CONFLICTS) {
    test(`it takes ${flag} with ${json}`, async () => {
      const { ok, said } = await validate(await temporaryFolder(), json, flag.split(' '))
      assert.ok(ok, said)
    })
  }
})
