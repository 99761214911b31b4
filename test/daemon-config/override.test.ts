import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../lib/base/errors.ts'
import {
  daemonWarnings,
  DOCKER_CE_UNIT,
  parseUnit,
  renderArgv,
  renderOverride,
  type DaemonOptions,
} from '../../lib/daemon.ts'
import { findDaemonWarnings } from '../../lib/daemon-config/warnings.ts'
import { splitWords } from '../../lib/daemon-config/unit/words.ts'
import { refuses } from './support/refuses.ts'
import { carriable } from './support/strings.ts'
import { DEBIAN_UNIT, DOCKER_CE_UNIT_TEXT } from './support/units.ts'
import { assertProperty, fc } from '../support/properties.ts'

const tls = { ca: '/t/ca.pem', cert: '/t/cert.pem', key: '/t/key.pem' }
const TLS_FLAGS = '--tlsverify --tlscert=/t/cert.pem --tlscacert=/t/ca.pem --tlskey=/t/key.pem'
const NOTES: DaemonOptions = {
  exec: '/usr/bin/dockerd',
  debug: true,
  listen: ['unix:///var/run/docker.sock', 'tcp://0.0.0.0:2376'],
  tls: {
    ca: '/home/user/.docker/ca.pem',
    cert: '/home/user/.docker/server-cert.pem',
    key: '/home/user/.docker/server-key.pem',
  },
}

/** The command of a drop-in, after checking that it is a drop-in. */
function command(text: string): string {
  const [, line] = /^\[Service\]\nExecStart=\nExecStart=([^\n]+)\n$/.exec(text) ?? []
  assert.ok(line !== undefined, text)
  return line
}

function unitWith(words: string): DaemonOptions {
  return { unit: parseUnit(`[Service]\nExecStart=/usr/bin/dockerd ${words}`), tls }
}

describe("the notes' own lines, byte for byte", () => {
  test('secure communication', () => {
    assert.equal(
      renderOverride(NOTES),
      `[Service]
ExecStart=
ExecStart=/usr/bin/dockerd -D -H unix:///var/run/docker.sock --tlsverify --tlscert=/home/user/.docker/server-cert.pem --tlscacert=/home/user/.docker/ca.pem --tlskey=/home/user/.docker/server-key.pem -H tcp://0.0.0.0:2376
`,
    )
  })

  test('and namespaces', () => {
    assert.equal(
      renderOverride({ ...NOTES, usernsRemap: 'default' }),
      `[Service]
ExecStart=
ExecStart=/usr/bin/dockerd -D -H unix:///var/run/docker.sock --tlsverify --tlscert=/home/user/.docker/server-cert.pem --tlscacert=/home/user/.docker/ca.pem --tlskey=/home/user/.docker/server-key.pem --userns-remap="default" -H tcp://0.0.0.0:2376
`,
    )
  })

  test('read again and rendered again, they are the same', () => {
    const text = renderOverride({ ...NOTES, usernsRemap: 'default' })
    const { exec: _, debug: __, ...rest } = NOTES
    assert.equal(renderOverride({ ...rest, unit: parseUnit(text), usernsRemap: 'default' }), text)
  })
})

describe('with the installed unit', () => {
  const ce = '--containerd=/run/containerd/containerd.sock -H fd://'
  const rows: readonly (readonly [what: string, options: DaemonOptions, command: string])[] = [
    ['by default: docker-ce, fd:// and no -D', { tls }, `/usr/bin/dockerd ${ce} ${TLS_FLAGS} -H tcp://0.0.0.0:2376`],
    [
      "docker-ce's unit says the same",
      { tls, unit: parseUnit(DOCKER_CE_UNIT_TEXT) },
      `/usr/bin/dockerd ${ce} ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      "Debian's unit keeps its $DOCKER_OPTS",
      { tls, unit: parseUnit(DEBIAN_UNIT), usernsRemap: 'ann:docker' },
      `/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock $DOCKER_OPTS -H fd:// ${TLS_FLAGS} --userns-remap="ann:docker" -H tcp://0.0.0.0:2376`,
    ],
    [
      'only exec: nothing but ours',
      { tls, exec: '/usr/bin/dockerd' },
      `/usr/bin/dockerd -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'several listeners, each where it belongs',
      { tls, exec: '/usr/bin/dockerd', listen: ['tcp://10.0.0.1:2376', 'unix:///a', 'tcp://[::1]:2376', 'fd://'] },
      `/usr/bin/dockerd -H unix:///a -H fd:// ${TLS_FLAGS} -H tcp://10.0.0.1:2376 -H tcp://[::1]:2376`,
    ],
    ['only local', { tls, exec: '/usr/bin/dockerd', listen: ['fd://'] }, `/usr/bin/dockerd -H fd:// ${TLS_FLAGS}`],
    [
      "the unit's own local listeners stay",
      unitWith('-H unix:///x -H tcp://0.0.0.0:2375 --host=fd://'),
      `/usr/bin/dockerd -H unix:///x --host=fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'a listener that systemd expands stays',
      unitWith('-H unix://%t/d.sock'),
      `/usr/bin/dockerd -H unix://%t/d.sock ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'unless others are named',
      { ...unitWith('-H unix:///x'), listen: ['fd://'] },
      `/usr/bin/dockerd -H fd:// ${TLS_FLAGS}`,
    ],
    ...[
      '-H tcp://h:1',
      '-H=tcp://h:1',
      '-Htcp://h:1',
      '--host tcp://h:1',
      '--host=tcp://h:1',
      '-H "tcp://h:1"',
      "'--host=tcp://h:1'",
    ].map(
      (words) =>
        [
          `${words} goes`,
          unitWith(`${words} --icc=false`),
          `/usr/bin/dockerd --icc=false -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
        ] as const,
    ),
    [
      'letters together',
      unitWith('-DH tcp://h:1 -l warn'),
      `/usr/bin/dockerd -D -l warn -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'letters together with their value',
      unitWith('-DHunix:///x'),
      `/usr/bin/dockerd -D -Hunix:///x ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'a value that looks like a flag of ours',
      unitWith('-l -D -G -H'),
      `/usr/bin/dockerd -l -D -G -H -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'all TLS flags go',
      unitWith('--tls --tlsverify=false --tlscacert /a --tlscert=/b --tlskey /c --tls=false --bip=x'),
      `/usr/bin/dockerd --bip=x -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'its user namespaces stay',
      unitWith('--userns-remap=ann'),
      `/usr/bin/dockerd --userns-remap=ann -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'unless others are asked for',
      { ...unitWith('--userns-remap ann'), usernsRemap: 'default' },
      `/usr/bin/dockerd -H fd:// ${TLS_FLAGS} --userns-remap="default" -H tcp://0.0.0.0:2376`,
    ],
    ['its -D stays', unitWith('-D'), `/usr/bin/dockerd -D -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`],
    [
      '-D is not doubled',
      { ...unitWith('--debug'), debug: true },
      `/usr/bin/dockerd -D -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'and goes when it is not wanted',
      { ...unitWith('-D --debug=true'), debug: false },
      `/usr/bin/dockerd -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'raw words stay raw',
      unitWith(`"--label=a b" --label='$$x' \${Y} %%`),
      `/usr/bin/dockerd "--label=a b" --label='$$x' \${Y} %% -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'prefixes stay',
      { tls, unit: parseUnit('[Service]\nExecStart=-@/usr/bin/dockerd "docker daemon" -D') },
      `-@/usr/bin/dockerd "docker daemon" -D -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
    [
      'after the prefix : a $ is not doubled',
      { tls: { ...tls, ca: '/$x/ca.pem' }, unit: parseUnit('[Service]\nExecStart=:/usr/bin/dockerd') },
      `:/usr/bin/dockerd -H fd:// --tlsverify --tlscert=/t/cert.pem "--tlscacert=/$x/ca.pem" --tlskey=/t/key.pem -H tcp://0.0.0.0:2376`,
    ],
    [
      'an odd executable',
      { tls, exec: '/opt/100% $x/dockerd' },
      `"/opt/100%% $x/dockerd" -H fd:// ${TLS_FLAGS} -H tcp://0.0.0.0:2376`,
    ],
  ]
  for (const [what, options, line] of rows) test(what, () => assert.equal(command(renderOverride(options)), line))
})

describe('the argv', () => {
  const options: DaemonOptions = {
    exec: '/usr/bin/dockerd',
    listen: ['unix:///a b', 'tcp://127.0.0.1:2376'],
    tls: { ca: '/100%/$x/ca.pem', cert: '/"c"', key: '/k\\' },
    usernsRemap: 'default',
  }
  test('is what the drop-in says, unquoted', () => {
    const argv = [
      '/usr/bin/dockerd',
      '-H',
      'unix:///a b',
      '--tlsverify',
      '--tlscert=/"c"',
      '--tlscacert=/100%/$x/ca.pem',
      '--tlskey=/k\\',
      '--userns-remap=default',
      '-H',
      'tcp://127.0.0.1:2376',
    ]
    assert.deepEqual(renderArgv(options), argv)
    assert.deepEqual(
      splitWords(command(renderOverride(options))).map((word) => word.literal),
      argv,
    )
  })

  test("keeps the unit's own words", () => {
    const unit = parseUnit('[Service]\nExecStart=@/usr/bin/dockerd me "--label=a $$b %%" -D')
    assert.deepEqual(renderArgv({ ...options, unit, exec: undefined } as unknown as DaemonOptions).slice(0, 3), [
      '/usr/bin/dockerd',
      '--label=a $b %',
      '-D',
    ])
  })

  test('needs a listener that no systemd hands over', () =>
    refuses(() => renderArgv({ tls, exec: '/usr/bin/dockerd' }), 'ERR_LISTEN_INVALID', /unix:\/\/\/PATH/))

  test('needs words that are known', () =>
    refuses(
      () => renderArgv({ tls, listen: ['unix:///x'], unit: parseUnit(DEBIAN_UNIT) }),
      'ERR_UNIT_INVALID',
      /DOCKER_OPTS/,
    ))

  test('is always what the drop-in says', (t) => {
    const path = carriable().map((text) => `/x${text.replace(/\/+/g, '_')}`)
    assertProperty(
      t,
      fc.property(path, path, path, fc.array(carriable(), { maxLength: 3 }), (ca, cert, key, labels) => {
        const args = labels.map(
          (label) => `"--label=${label.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`,
        )
        const rendered = {
          unit: { ...DOCKER_CE_UNIT, args },
          tls: { ca, cert, key },
          listen: ['unix:///x', 'tcp://[::]:1'],
        } as const
        const argv = renderArgv(rendered)
        assert.deepEqual(
          splitWords(command(renderOverride(rendered))).map((word) => word.literal),
          argv,
        )
        for (const argument of [`--tlscacert=${ca}`, `--tlscert=${cert}`, `--tlskey=${key}`, '--tlsverify']) {
          assert.ok(argv.includes(argument))
        }
      }),
    )
  })
})

describe('what is refused', () => {
  const good = { tls, exec: '/usr/bin/dockerd' }
  const unit = DOCKER_CE_UNIT
  const rows: readonly (readonly [what: string, options: unknown, code: ErrorCode, words: RegExp])[] = [
    ['no options', undefined, 'ERR_ARGUMENT_INVALID', /options/],
    ['no TLS', { exec: '/usr/bin/dockerd' }, 'ERR_ARGUMENT_INVALID', /tls/],
    ['no CA', { tls: { cert: '/c', key: '/k' } }, 'ERR_ARGUMENT_INVALID', /tls\.ca/],
    ['an empty CA', { tls: { ...tls, ca: '' } }, 'ERR_PATH_INVALID', /tls\.ca/],
    ['an unknown option', { ...good, tlsverify: false }, 'ERR_OPTION_UNKNOWN', /"tlsverify"/],
    ['a typo in tls', { tls: { ...tls, cacert: '/x' } }, 'ERR_OPTION_UNKNOWN', /"cacert"/],
    ['a typo in unit', { tls, unit: { ...unit, arg: [] } }, 'ERR_OPTION_UNKNOWN', /"arg"/],
    ['unit and exec', { ...good, unit }, 'ERR_ARGUMENT_INVALID', /only one of them/],
    ['a relative path', { tls: { ...tls, key: 'key.pem' } }, 'ERR_PATH_INVALID', /tls\.key/],
    ['an unclean path', { tls: { ...tls, key: '/a/../key.pem' } }, 'ERR_PATH_INVALID', /tls\.key/],
    ['a folder', { tls: { ...tls, cert: '/a/' } }, 'ERR_PATH_INVALID', /tls\.cert/],
    ['a line break in a path', { tls: { ...tls, cert: '/a\nExecStartPre=/bin/evil' } }, 'ERR_PATH_INVALID', /U\+000A/],
    ['a NUL in a path', { tls: { ...tls, cert: '/a\0' } }, 'ERR_PATH_INVALID', /U\+0000/],
    ['an endless path', { tls: { ...tls, cert: `/${'x'.repeat(4095)}` } }, 'ERR_PATH_INVALID', /4095/],
    ['a relative exec', { tls, exec: 'dockerd' }, 'ERR_PATH_INVALID', /exec/],
    ['a quote in exec', { tls, exec: '/"/dockerd' }, 'ERR_PATH_INVALID', /executable/],
    ['exec with a flag', { tls, exec: '/usr/bin/dockerd\n-H' }, 'ERR_PATH_INVALID', /exec/],
    ['plaintext', { ...good, listen: ['tcp://0.0.0.0:2375'] }, 'ERR_LISTEN_PLAINTEXT', /2376/],
    ['TCP without a port', { ...good, listen: ['tcp://0.0.0.0'] }, 'ERR_LISTEN_PLAINTEXT', /2376/],
    ['a listener twice', { ...good, listen: ['fd://', 'fd://'] }, 'ERR_LISTEN_INVALID', /twice/],
    ['one string for listen', { ...good, listen: 'fd://' }, 'ERR_ARGUMENT_INVALID', /listen/],
    [
      'userns-remap with a quote',
      { ...good, usernsRemap: 'a" -H tcp://0.0.0.0:2375 "' },
      'ERR_USERNS_INVALID',
      /userns/,
    ],
    ['a number for userns-remap', { ...good, usernsRemap: 1000 }, 'ERR_ARGUMENT_INVALID', /usernsRemap/],
    ['a word for debug', { ...good, debug: 'no' }, 'ERR_ARGUMENT_INVALID', /debug/],
    ['a unit that is text', { tls, unit: DEBIAN_UNIT }, 'ERR_ARGUMENT_INVALID', /unit/],
    [
      'a unit with a made-up word',
      { tls, unit: { ...unit, args: ['-D\nExecStartPre=/bin/evil'] } },
      'ERR_UNIT_INVALID',
      /not one word/,
    ],
    ['a unit with two words in one', { tls, unit: { ...unit, args: ['-D -H'] } }, 'ERR_UNIT_INVALID', /not one word/],
    ['a unit with an empty word', { tls, unit: { ...unit, args: [''] } }, 'ERR_UNIT_INVALID', /not one word/],
    ['a unit with an open quote', { tls, unit: { ...unit, args: ['"'] } }, 'ERR_UNIT_INVALID', /open quote/],
    [
      'a unit with a separator',
      { tls, unit: { ...unit, args: [';', '/bin/evil'] } },
      'ERR_UNIT_INVALID',
      /one command/,
    ],
    ['a unit with a made-up prefix', { tls, unit: { ...unit, prefix: '/bin/evil ' } }, 'ERR_UNIT_INVALID', /parsed/],
    ['a unit of another program', { tls, unit: { ...unit, exec: '/bin/evil' } }, 'ERR_UNIT_INVALID', /dockerd/],
    ['a unit with words that are none', { tls, unit: { ...unit, args: [1] } }, 'ERR_UNIT_INVALID', /parsed/],
    ['a unit whose -H lacks its value', unitWith('-D -H'), 'ERR_UNIT_INVALID', /no value/],
    ['daemon.json with hosts', { ...good, daemonJson: '{"hosts":["fd://"]}' }, 'ERR_DIRECTIVE_CONFLICT', /"hosts"/],
    [
      'daemon.json with tlscacert',
      { ...good, daemonJson: '{"tlscacert":"/t/ca.pem"}' },
      'ERR_DIRECTIVE_CONFLICT',
      /"tlscacert"/,
    ],
    ['daemon.json with tls', { ...good, daemonJson: '{"tls":false}' }, 'ERR_DIRECTIVE_CONFLICT', /"tls"/],
    [
      'daemon.json with a flag of the unit',
      { ...unitWith('--label a'), daemonJson: '{"labels":[]}' },
      'ERR_DIRECTIVE_CONFLICT',
      /"labels"/,
    ],
    ['daemon.json that is none', { ...good, daemonJson: '[1]' }, 'ERR_DAEMON_JSON_INVALID', /object/],
  ]
  for (const [what, options, code, words] of rows) {
    test(what, () => {
      refuses(() => renderOverride(options as DaemonOptions), code, words)
      refuses(() => renderArgv(options as DaemonOptions), code, words)
    })
  }

  test('a daemon.json without a directive of ours goes with it', () => {
    const daemonJson = '{"live-restore":true,"userns-remap":"default"}'
    assert.equal(renderOverride({ ...good, daemonJson }), renderOverride(good))
    refuses(
      () => renderOverride({ ...good, daemonJson, usernsRemap: 'default' }),
      'ERR_DIRECTIVE_CONFLICT',
      /userns-remap/,
    )
  })
})

describe('the warnings', () => {
  const rows: readonly (readonly [what: string, options: DaemonOptions, words: readonly RegExp[]])[] = [
    ['none for docker-ce', { tls }, []],
    [
      'none for the notes read again',
      { ...NOTES, exec: undefined, unit: parseUnit(renderOverride(NOTES)) } as unknown as DaemonOptions,
      [],
    ],
    ['$DOCKER_OPTS', { tls, unit: parseUnit(DEBIAN_UNIT) }, [/unknown-words .*\$DOCKER_OPTS.*\/etc\/default\/docker/]],
    ['a listener that goes', unitWith('-H tcp://0.0.0.0:2375 -H fd://'), [/flag-removed .*tcp:\/\/0\.0\.0\.0:2375/]],
    ['a variable listener that goes', unitWith('-H $LISTEN'), [/flag-removed .*\$LISTEN/]],
    [
      'files that go',
      unitWith('--tlsverify --tlscacert=/old/ca.pem --tlskey /t/key.pem --tlscert=/old.pem'),
      [/\/old\/ca\.pem/, /\/old\.pem/],
    ],
    ['--tlsverify=false that goes', unitWith('--tlsverify=false --tls=false --tls'), [/tlsverify=false/, /tls=false/]],
    ['another userns', { ...unitWith('--userns-remap=ann'), usernsRemap: 'default' }, [/ann/]],
    ['another file', unitWith('--config-file=/etc/d.json'), [/other-config-file .*\/etc\/d\.json/]],
    [
      'keys that are replaced',
      {
        tls,
        daemonJson:
          '{"tls":true,"tlsverify":false,"tlscert":"/t/cert.pem","hosts":["unix:///x","tcp://0.0.0.0:2375"],"host":[]}',
      },
      [
        /key-replaced .*"tls"/,
        /key-replaced .*"tlsverify"/,
        /listener-removed .*tcp:\/\/0\.0\.0\.0:2375/,
        /key-ignored .*"host"/,
      ],
    ],
    [
      'a local listener that is left out',
      { tls, listen: ['fd://'], daemonJson: '{"hosts":["unix:///x"]}' },
      [/listener-removed .*local listener "unix:\/\/\/x"/],
    ],
  ]
  for (const [what, options, words] of rows) {
    test(what, () => {
      const found = findDaemonWarnings(options)
      const texts = daemonWarnings(options)
      const warnings = found.map(({ code }, index) => `${code} ${texts[index]}`)
      assert.equal(texts.length, found.length)
      assert.equal(warnings.length, words.length, warnings.join('\n'))
      for (const [index, word] of words.entries()) assert.match(warnings[index] ?? '', word)
    })
  }
})
