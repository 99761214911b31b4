import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { hasLiveRestore } from '../../lib/daemon-config/settings-in-force.ts'
import { DOCKER_CE_UNIT, DOCKER_CE_UNIT_LINE, parseUnit } from '../../lib/daemon.ts'
import { refuses } from './support/refuses.ts'
import { DEBIAN_UNIT, DOCKER_CE_UNIT_TEXT } from './support/units.ts'
import { assertProperty, fc } from '../support/properties.ts'

/** The executable and its raw words in one line, the prefix before it. */
function commandOf(text: string): string {
  const { prefix, exec, args } = parseUnit(text)
  return `${prefix}${exec}|${args.join('|')}`
}

describe('an installed unit', () => {
  test("Debian's", () => {
    assert.deepEqual(parseUnit(DEBIAN_UNIT), {
      exec: '/usr/sbin/dockerd',
      prefix: '',
      args: ['-H', 'fd://', '--containerd=/run/containerd/containerd.sock', '$DOCKER_OPTS'],
      environmentFiles: ['/etc/default/docker'],
    })
  })

  test("docker-ce's, and the same as a constant", () => {
    assert.deepEqual(parseUnit(DOCKER_CE_UNIT_TEXT), DOCKER_CE_UNIT)
    assert.deepEqual(parseUnit(`[Service]\n${DOCKER_CE_UNIT_LINE}`), DOCKER_CE_UNIT)
  })

  const rows: readonly (readonly [what: string, lines: string, command: string])[] = [
    ['blanks around =', '[Service]\n  ExecStart =  /usr/bin/dockerd  -D ', '/usr/bin/dockerd|-D'],
    ['Windows line ends', '[Service]\r\nExecStart=/usr/bin/dockerd -D\r\n', '/usr/bin/dockerd|-D'],
    ['a byte order mark', '\uFEFF[Service]\nExecStart=/usr/bin/dockerd', '/usr/bin/dockerd|'],
    [
      'continuation lines',
      '[Service]\nExecStart=/usr/bin/dockerd \\\n  -H fd:// \\\n  --icc=false\n',
      '/usr/bin/dockerd|-H|fd://|--icc=false',
    ],
    ['a continuation inside a word', '[Service]\nExecStart=/usr/bin/dockerd --ip\\\nv6', '/usr/bin/dockerd|--ip|v6'],
    ['a continuation at the end of the file', '[Service]\nExecStart=/usr/bin/dockerd -D \\', '/usr/bin/dockerd|-D'],
    [
      'an escaped backslash at the end is no continuation',
      '[Service]\nExecStart=/usr/bin/dockerd a\\\\\n-D',
      '/usr/bin/dockerd|a\\\\',
    ],
    [
      'comments between continued lines',
      '[Service]\nExecStart=/usr/bin/dockerd \\\n# why\n; and \\\n -D',
      '/usr/bin/dockerd|-D',
    ],
    [
      'a commented line',
      '[Service]\n#ExecStart=/bin/false\n ; ExecStart=/bin/false\nExecStart=/usr/bin/dockerd',
      '/usr/bin/dockerd|',
    ],
    [
      'other sections',
      '[Unit]\nExecStart=/bin/a\n[Service]\nExecStart=/usr/bin/dockerd\n[Install]\nExecStart=/bin/b',
      '/usr/bin/dockerd|',
    ],
    [
      'other keys',
      '[Service]\nExecStartPre=/bin/a\nExecStart=/usr/bin/dockerd\nExecStartPost=/bin/b',
      '/usr/bin/dockerd|',
    ],
    [
      'a reset',
      '[Service]\nExecStart=/usr/sbin/dockerd -D\nExecStart=\nExecStart=/usr/bin/dockerd',
      '/usr/bin/dockerd|',
    ],
    [
      'a drop-in that follows',
      `${DEBIAN_UNIT}\n# /etc/systemd/system/docker.service.d/override.conf\n[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// --tlsverify\n`,
      '/usr/bin/dockerd|-H|fd://|--tlsverify',
    ],
    ['prefixes', '[Service]\nExecStart=-:+/usr/bin/dockerd', '-:+/usr/bin/dockerd|'],
    ['prefix @', '[Service]\nExecStart=@/usr/bin/dockerd docker-daemon -D', '@/usr/bin/dockerd|docker-daemon|-D'],
    ['a quoted executable', '[Service]\nExecStart="/opt/my docker/100%%/dockerd" -D', '/opt/my docker/100%/dockerd|-D'],
    ['a $ in the executable is itself', '[Service]\nExecStart=/opt/$$x/dockerd', '/opt/$$x/dockerd|'],
    [
      'quoted words',
      `[Service]\nExecStart=/usr/bin/dockerd "--label=a b" 'c d' e"f g"h`,
      `/usr/bin/dockerd|"--label=a b"|'c d'|e"f g"h`,
    ],
    [
      'specifiers and variables',
      '[Service]\nExecStart=/usr/bin/dockerd -H unix://%t/x.sock ${A} $B',
      '/usr/bin/dockerd|-H|unix://%t/x.sock|${A}|$B',
    ],
    [
      'a quoted and an escaped semicolon',
      '[Service]\nExecStart=/usr/bin/dockerd ";" \\; a;b',
      '/usr/bin/dockerd|";"|\\;|a;b',
    ],
  ]
  for (const [what, text, command] of rows) test(what, () => assert.equal(commandOf(text), command))

  test('environment files, and their reset', () => {
    const text =
      '[Service]\nEnvironmentFile=/a\nEnvironmentFile=\nEnvironmentFile=-/b\nEnvironmentFile=/c\nExecStart=/usr/bin/dockerd'
    assert.deepEqual(parseUnit(text).environmentFiles, ['/b', '/c'])
  })

  const LIVE_RESTORE: readonly (readonly [flag: string, isOn: boolean])[] = [
    ['--live-restore', true],
    ['--live-restore=true', true],
    ['--live-restore=1', true],
    ['--live-restore=false', false],
    ['--live-restore=0', false],
    ['--live-restore=F', false],
    ['-D', false],
  ]
  for (const [flag, isOn] of LIVE_RESTORE) {
    test(`live-restore is ${isOn ? 'on' : 'off'} with ${flag}`, () => {
      const unit = parseUnit(`[Service]\nExecStart=/usr/bin/dockerd ${flag}`)
      assert.equal(hasLiveRestore(unit, {}), isOn)
    })
  }
})

describe('what is no unit of dockerd', () => {
  const rows: readonly (readonly [what: string, text: string, words: RegExp])[] = [
    ['nothing', '', /empty/],
    ['blanks', ' \n\t\n', /empty/],
    ['binary', '\u007fELF\0\u0001', /NUL/],
    ['no ExecStart=', '[Service]\nType=notify', /no ExecStart=/],
    ['only a reset', '[Service]\nExecStart=', /no ExecStart=/],
    ['no section', 'ExecStart=/usr/bin/dockerd', /no ExecStart=/],
    ['prose', 'Dear Sir or Madam,', /no ExecStart=/],
    ['two ExecStart=', '[Service]\nExecStart=/usr/bin/dockerd\nExecStart=/usr/bin/dockerd', /more than one/],
    ['a drop-in without the reset', `${DEBIAN_UNIT}\n[Service]\nExecStart=/usr/bin/dockerd`, /more than one/],
    ['another program', '[Service]\nExecStart=/usr/bin/podman system service', /a program other than dockerd/],
    ['the socket unit', '[Socket]\nListenStream=/run/docker.sock', /no ExecStart=/],
    ['a wrapper', '[Service]\nExecStart=/usr/bin/env dockerd', /a program other than dockerd/],
    ['a lookalike', '[Service]\nExecStart=/usr/bin/notdockerd', /a program other than dockerd/],
    ['a relative executable', '[Service]\nExecStart=dockerd -D', /no absolute path/],
    ['a specifier in the executable', '[Service]\nExecStart=/%h/dockerd', /specifier/],
    ['only a prefix', '[Service]\nExecStart=-', /no absolute path/],
    ['an open quote', '[Service]\nExecStart=/usr/bin/dockerd "a', /open quote/],
    ['two commands', '[Service]\nExecStart=/usr/bin/dockerd ; /bin/true', /more than one command/],
    ['a shell', '[Service]\nExecStart=|/usr/bin/dockerd -D', /shell/],
    ['@ alone', '[Service]\nExecStart=@/usr/bin/dockerd', /prefix @/],
    ['--', '[Service]\nExecStart=/usr/bin/dockerd -- x', /--/],
    ['Latin-1', '[Service]\nExecStart=/usr/bin/dockerd --label=\uFFFD', /UTF-8/],
  ]
  for (const [what, text, words] of rows) {
    test(`${what} is refused, with the reason`, () => refuses(() => parseUnit(text), 'ERR_UNIT_INVALID', words))
  }

  test('the source is named', () =>
    refuses(() => parseUnit('', '/tmp/docker.service'), 'ERR_UNIT_INVALID', /\/tmp\/docker\.service/))

  test('no text at all is a mistake of the call', () =>
    refuses(() => parseUnit(Buffer.from('x') as unknown as string), 'ERR_ARGUMENT_INVALID'))

  test('whatever the text, the answer is a unit or an error of ours', (t) => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('[Service]', 'ExecStart=', 'ExecStart=/usr/bin/dockerd', ' -H fd:// \\', '"', '#', '\\'),
    )
    assertProperty(
      t,
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        try {
          assert.ok(parseUnit(lines.join('\n')).exec.endsWith('/dockerd'))
        } catch (error) {
          assert.ok(isDockerMtlsError(error, 'ERR_UNIT_INVALID'), String(error))
        }
      }),
      { numRuns: 300 },
    )
  })
})
