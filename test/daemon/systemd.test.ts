import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  type DaemonOptions,
  parseUnit,
  renderArgv,
  renderDaemonJsonOverride,
  renderOverride,
} from '../../lib/daemon.ts'
import { quoteArgument, quoteExecutable } from '../../lib/daemon-config/unit/words.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from '../machine/machine.ts'
import { missingForSystemd } from '../machine/requirements.ts'
import { carriable } from '../daemon-config/support/strings.ts'
import { DEBIAN_UNIT, DOCKER_CE_UNIT_TEXT } from '../daemon-config/support/units.ts'
import { type Arbitrary, assertSamples, fc } from '../support/properties.ts'

/** Folders that each try something else: words, quotes, specifiers, variables, escapes, separators, flags, letters. */
const HOSTILE = [
  '/etc/docker/tls',
  '/with  two spaces',
  '/tab\there',
  '/"quoted"',
  `/it's`,
  `/both"'`,
  '/100%',
  '/%h/%u/%n/%%',
  '/$HOME',
  '/${HOME}/${UNSET}',
  '/$$',
  '/$(id)`id`',
  '/back\\slash\\n\\x41\\',
  '/; /bin/evil ;',
  '/-H tcp:/0.0.0.0:2375',
  '/#comment',
  '/ünïcode-文-😀',
  '/ leading and trailing ',
  '/{a,b}*?[x]~!&|<>()^=',
  '/\u00a0\u200b\u2028',
]

function filesIn(folder: string): DaemonOptions['tls'] {
  return { ca: `${folder}/ca.pem`, cert: `${folder}/server-cert.pem`, key: `${folder}/server-key.pem` }
}

/** Writes a file, its folders and its mode. */
function put(root: string, path: string, text: string, mode = 0o644): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
}

async function verify(
  unit: string,
  dropIn: string,
  t: { after(cleanup: () => Promise<void>): void },
): Promise<{ code: number; said: string }> {
  const root = await temporaryFolder(t)
  put(root, '/usr/bin/dockerd', '#!/bin/sh\n', 0o755)
  put(root, '/usr/sbin/dockerd', '#!/bin/sh\n', 0o755)
  put(root, '/bin/kill', '#!/bin/sh\n', 0o755)
  put(root, '/etc/systemd/system/docker.socket', '[Socket]\nListenStream=/run/docker.sock\n')
  put(root, '/etc/systemd/system/docker.service', unit)
  put(root, '/etc/systemd/system/docker.service.d/override.conf', dropIn)
  const args = ['verify', '--recursive-errors=no', '--man=no', `--root=${root}`, 'docker.service']
  const { code, stdout, stderr } = await runCommand('systemd-analyze', args)
  return { code, said: stdout + stderr }
}

describe('systemd-analyze verify', { skip: lacks('systemd-analyze') }, () => {
  for (const [name, unit] of [
    ['Debian', DEBIAN_UNIT],
    ['docker-ce', DOCKER_CE_UNIT_TEXT],
  ] as const) {
    test(`loads what we render for the unit of ${name}, whatever the paths`, async (t) => {
      for (const folder of HOSTILE) {
        const options = { unit: parseUnit(unit), tls: filesIn(folder), usernsRemap: 'default' }
        for (const dropIn of [renderOverride(options), renderDaemonJsonOverride(options)]) {
          const { code, said } = await verify(unit, dropIn, t)
          assert.equal(code, 0, `${dropIn}${said}`)
          assert.doesNotMatch(said, /override\.conf/, said)
        }
      }
    })
  }

  const good = renderOverride({ tls: filesIn('/t') })
  const broken: readonly (readonly [what: string, dropIn: string])[] = [
    ['no empty ExecStart=', good.replace('ExecStart=\n', '')],
    ['an open quote', good.replace('/t/ca.pem', '"/t/ca.pem')],
    ['a specifier that is none', good.replace('/t/ca.pem', '/%z/ca.pem')],
    ['no executable', good.replace('/usr/bin/dockerd', '/usr/bin/no-dockerd')],
    ['a character that no line may hold', good.replace('/t/ca.pem', '/\ufffe/ca.pem')],
  ]
  for (const [what, dropIn] of broken) {
    test(`refuses ${what}`, async (t) => {
      const { code, said } = await verify(DOCKER_CE_UNIT_TEXT, dropIn, t)
      assert.ok(code !== 0 || /override\.conf/.test(said), said)
    })
  }
})

/** Writes its argv down and stays, as dockerd would. Told to be ready, since the real units are Type=notify. */
const STAND_IN = `#!/bin/sh
printf '%s\\0' "$0" "$@" >"/run/argv/\${ROW:-docker}.new"
mv "/run/argv/\${ROW:-docker}.new" "/run/argv/\${ROW:-docker}"
test -z "$NOTIFY_SOCKET" || systemd-notify --ready
exec sleep infinity
`

interface Row {
  readonly what: string
  /** The service that the drop-in is for. */
  readonly unit?: string
  readonly dropIn: string
  readonly argv: readonly string[]
}

/** A drop-in for exactly these arguments; the executable is the stand-in. */
function bare(args: readonly string[], prefix = ''): string {
  const words = args.map((argument) => quoteArgument(argument, { variables: !prefix.includes(':') }))
  return `[Service]\nExecStart=\nExecStart=${prefix}${['/usr/bin/dockerd', ...words].join(' ')}\n`
}

function hostileRows(): Row[] {
  return HOSTILE.map((folder) => {
    const options: DaemonOptions = {
      exec: '/usr/bin/dockerd',
      listen: [`unix://${folder.trimEnd()}/docker.sock`, 'tcp://[::]:2376'],
      tls: filesIn(folder),
      usernsRemap: 'default',
    }
    return { what: folder, dropIn: renderOverride(options), argv: renderArgv(options) }
  })
}

function otherRows(): Row[] {
  const debian = parseUnit(DEBIAN_UNIT)
  const withVariables = DEBIAN_UNIT.replace(
    '[Service]',
    '[Service]\nEnvironment="DOCKER_OPTS=--label=x --icc=false" HOME=/evil',
  )
  const containerd = '--containerd=/run/containerd/containerd.sock'
  const tls = filesIn('/100%/$HOME')
  const tlsArgv = [
    '--tlsverify',
    '--tlscert=/100%/$HOME/server-cert.pem',
    '--tlscacert=/100%/$HOME/ca.pem',
    '--tlskey=/100%/$HOME/server-key.pem',
  ]
  const odd = '/opt/100% $HOME ${HOME} ü/dockerd'
  const quoted = parseUnit(
    `[Service]\nExecStart=/usr/bin/dockerd "--label=a b" --label='c "d" %% $$e' --label=f\\sg --label=\\x41 \\\n  -D`,
  )
  const colon = parseUnit('[Service]\nExecStart=:/usr/bin/dockerd --label=${HOME}')
  const at = parseUnit('[Service]\nExecStart=@/usr/bin/dockerd "docker daemon" --icc=false')
  return [
    {
      what: "Debian's unit: $DOCKER_OPTS is kept and expanded",
      unit: withVariables,
      dropIn: renderOverride({ unit: debian, tls }),
      argv: [
        '/usr/sbin/dockerd',
        containerd,
        '--label=x',
        '--icc=false',
        '-H',
        'fd://',
        ...tlsArgv,
        '-H',
        'tcp://0.0.0.0:2376',
      ],
    },
    {
      what: "Debian's unit without DOCKER_OPTS: nothing is left of it",
      unit: DEBIAN_UNIT,
      dropIn: renderOverride({ unit: debian, tls, usernsRemap: 'default' }),
      argv: [
        '/usr/sbin/dockerd',
        containerd,
        '-H',
        'fd://',
        ...tlsArgv,
        '--userns-remap=default',
        '-H',
        'tcp://0.0.0.0:2376',
      ],
    },
    {
      what: 'the second form: the command without our flags',
      unit: withVariables,
      dropIn: renderDaemonJsonOverride({ unit: debian, tls }),
      argv: ['/usr/sbin/dockerd', containerd, '--label=x', '--icc=false'],
    },
    {
      what: 'quotes, escapes and continuation lines of the unit itself',
      dropIn: renderDaemonJsonOverride({ unit: quoted, tls }),
      argv: ['/usr/bin/dockerd', '--label=a b', '--label=c "d" % $e', '--label=f g', '--label=A', '-D'],
    },
    {
      what: 'the prefix :',
      unit: withVariables,
      dropIn: renderOverride({ unit: colon, tls, listen: ['unix:///$HOME'] }),
      argv: ['/usr/bin/dockerd', '--label=${HOME}', '-H', 'unix:///$HOME', ...tlsArgv],
    },
    {
      what: 'the prefix @',
      dropIn: renderDaemonJsonOverride({ unit: at, tls }),
      argv: ['/usr/bin/dockerd', '--icc=false'],
    },
    {
      what: 'an odd executable',
      dropIn: `[Service]\nExecStart=\nExecStart=${quoteExecutable(odd)} x\n`,
      argv: [odd, 'x'],
    },
    {
      what: 'empty and separating arguments',
      dropIn: bare(['', ';', '\\;', '--', '']),
      argv: ['/usr/bin/dockerd', '', ';', '\\;', '--', ''],
    },
  ]
}

/** Command lines of arguments that nobody would think of. */
const generatedRow: Arbitrary<Row> = fc
  .tuple(fc.array(carriable(), { minLength: 1, maxLength: 8 }), fc.boolean())
  .map(([words, isLiteral]) => ({
    what: 'generated',
    dropIn: bare(words, isLiteral ? ':' : ''),
    argv: ['/usr/bin/dockerd', ...words],
  }))

describe('a real systemd as PID 1', { skip: missingForSystemd() ?? false }, () => {
  let machine: Machine

  before(async () => {
    machine = await bootMachine({ node: false })
    mkdirSync(join(machine.root, 'run/argv'))
    for (const path of ['/usr/bin/dockerd', '/usr/sbin/dockerd', '/opt/100% $HOME ${HOME} ü/dockerd'])
      put(machine.root, path, STAND_IN, 0o755)
  })
  // Without one, booting has failed.
  after(() => machine?.stop())

  async function systemctl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await machine.run(['systemctl', '--no-pager', ...args])
    assert.equal(code, 0, `systemctl ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }

  function argvOf(name: string): string[] {
    return readFileSync(join(machine.root, 'run/argv', name), 'utf8')
      .split('\0')
      .slice(0, -1)
  }

  async function startsAsMeant(rows: readonly Row[]): Promise<void> {
    const units = rows.map((_, index) => `row-${index}.service`)
    for (const [index, { unit = DOCKER_CE_UNIT_TEXT, dropIn }] of rows.entries()) {
      const name = units[index] ?? ''
      // Neither the socket nor the notification matters here; the next test has them.
      const base = unit.replace('Type=notify', 'Type=exec').replace('Requires=docker.socket\n', '')
      put(machine.root, `/etc/systemd/system/${name}`, base)
      put(machine.root, `/etc/systemd/system/${name}.d/00-name.conf`, `[Service]\nEnvironment=ROW=row-${index}\n`)
      put(machine.root, `/etc/systemd/system/${name}.d/override.conf`, dropIn)
    }
    await systemctl('daemon-reload')
    const started = await machine.run(['systemctl', 'start', ...units])
    const hasStarted = (index: number): boolean => existsSync(join(machine.root, `run/argv/row-${index}`))
    await waitUntil(() => rows.every((_, index) => hasStarted(index)))
    const missing = rows.filter((_, index) => !hasStarted(index)).map((row) => row.what)
    assert.deepEqual(missing, [], `not started: ${started.stderr}`)
    for (const [index, { what, argv, dropIn }] of rows.entries()) {
      assert.deepEqual(argvOf(`row-${index}`), argv, `${what}\n${dropIn}`)
    }
    await systemctl('stop', ...units)
  }

  test('starts dockerd with exactly the arguments that we mean', (t) =>
    assertSamples(t, generatedRow, { numRuns: 40, most: 200 }, (generated) =>
      startsAsMeant([...hostileRows(), ...otherRows(), ...generated]),
    ))

  test('takes the drop-in of an installed docker.service, with its socket, in both forms', async () => {
    const unit = DEBIAN_UNIT.replace('KillMode=process', 'KillMode=mixed')
    put(machine.root, '/etc/systemd/system/docker.service', unit)
    put(machine.root, '/etc/systemd/system/docker.socket', '[Socket]\nListenStream=/run/docker.sock\n')
    put(machine.root, '/etc/default/docker', 'DOCKER_OPTS="--icc=false --label=x"\n')
    await systemctl('daemon-reload')
    await systemctl('start', 'docker')
    const packaged = [
      '/usr/sbin/dockerd',
      '-H',
      'fd://',
      `--containerd=/run/containerd/containerd.sock`,
      '--icc=false',
      '--label=x',
    ]
    assert.deepEqual(argvOf('docker'), packaged)

    const options: DaemonOptions = {
      unit: parseUnit(await systemctl('cat', 'docker.service')),
      tls: filesIn('/my files/100%'),
      usernsRemap: 'default',
    }
    const kept = ['/usr/sbin/dockerd', `--containerd=/run/containerd/containerd.sock`, '--icc=false', '--label=x']
    put(machine.root, '/etc/systemd/system/docker.service.d/override.conf', renderOverride(options))
    await systemctl('daemon-reload')
    await systemctl('restart', 'docker')
    const secured = [
      ...kept,
      '-H',
      'fd://',
      '--tlsverify',
      '--tlscert=/my files/100%/server-cert.pem',
      '--tlscacert=/my files/100%/ca.pem',
      '--tlskey=/my files/100%/server-key.pem',
      '--userns-remap=default',
      '-H',
      'tcp://0.0.0.0:2376',
    ]
    assert.deepEqual(argvOf('docker'), secured)
    assert.match(await systemctl('show', 'docker', '--property=ActiveState,TriggeredBy'), /ActiveState=active/)

    const again = parseUnit(await systemctl('cat', 'docker.service'))
    put(machine.root, '/etc/systemd/system/docker.service.d/override.conf', renderOverride({ ...options, unit: again }))
    await systemctl('daemon-reload')
    await systemctl('restart', 'docker')
    assert.deepEqual(argvOf('docker'), secured, 'rendered from its own drop-in it is the same')

    put(machine.root, '/etc/systemd/system/docker.service.d/override.conf', renderDaemonJsonOverride(options))
    await systemctl('daemon-reload')
    await systemctl('reset-failed', 'docker')
    await systemctl('restart', 'docker')
    assert.deepEqual(argvOf('docker'), kept)
  })

  test("takes the notes' lines", async () => {
    const options: DaemonOptions = {
      exec: '/usr/bin/dockerd',
      debug: true,
      listen: ['unix:///var/run/docker.sock', 'tcp://0.0.0.0:2376'],
      tls: filesIn('/home/user/.docker'),
      usernsRemap: 'default',
    }
    put(machine.root, '/etc/systemd/system/docker.service.d/override.conf', renderOverride(options))
    await systemctl('daemon-reload')
    await systemctl('reset-failed', 'docker')
    await systemctl('restart', 'docker')
    assert.deepEqual(argvOf('docker'), renderArgv(options))
  })

  test('sees no unquoted line as we do: what the quoting is for', async () => {
    const unquoted = `[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --a=/x y --b=100%% --c=%u --d=$$HOME --e=\${UNSET}\n`
    put(
      machine.root,
      '/etc/systemd/system/unquoted.service',
      DOCKER_CE_UNIT_TEXT.replace('Type=notify', 'Type=exec').replace('Requires=docker.socket\n', ''),
    )
    put(machine.root, '/etc/systemd/system/unquoted.service.d/override.conf', unquoted)
    put(machine.root, '/etc/systemd/system/unquoted.service.d/00-name.conf', '[Service]\nEnvironment=ROW=unquoted\n')
    await systemctl('daemon-reload')
    await systemctl('start', 'unquoted')
    await waitUntil(() => existsSync(join(machine.root, 'run/argv/unquoted')))
    assert.deepEqual(argvOf('unquoted'), [
      '/usr/bin/dockerd',
      '--a=/x',
      'y',
      '--b=100%',
      '--c=root',
      '--d=$HOME',
      '--e=',
    ])
  })

  test('refuses the executables that we refuse', async () => {
    for (const [index, path] of ['/o"/dockerd', '/o\\\\/dockerd'].entries()) {
      put(
        machine.root,
        `/etc/systemd/system/bad-${index}.service`,
        `[Service]\nExecStart="${path.replaceAll('"', '\\"')}"\n`,
      )
    }
    await systemctl('daemon-reload')
    for (const name of ['bad-0', 'bad-1']) {
      assert.match(await systemctl('show', name, '--property=LoadState'), /LoadState=bad-setting/)
    }
  })

  test('and nothing of the host is written', async () => {
    const name = `harness-${process.pid}`
    const folders = ['/etc', '/usr/bin', '/var/lib', '/root', '/run', '/tmp', '/dev', '/opt']
    for (const folder of folders) {
      const { code, stderr } = await machine.run(['touch', `${folder}/${name}`])
      assert.equal(code, 0, stderr)
      assert.ok(existsSync(join(machine.root, folder, name)), `${folder} is not the machine's`)
      assert.ok(!existsSync(join(folder, name)), `${folder} of the host was written`)
    }
    // No file system of the host is mounted in there at all, but through the overlay, whose lower side is read-only.
    const mounts = readFileSync(`/proc/${machine.pid}/mountinfo`, 'utf8').trim().split('\n')
    for (const mount of mounts) {
      const [, type = ''] = / - (\S+) /.exec(mount) ?? []
      assert.ok(['overlay', 'tmpfs', 'proc', 'sysfs', 'cgroup2', 'devpts'].includes(type), mount)
      if (type === 'sysfs') assert.match(mount, / \/sys ro,/)
    }
    assert.equal(
      (await machine.run(['sh', '-c', 'value=$(cat "$0") && echo "$value" >"$0"', '/proc/sys/kernel/panic'])).code,
      2,
      'a kernel setting could be written',
    )
    assert.equal(statSync('/dev/null').mode & 0o777, 0o666)
    const own = readFileSync('/proc/self/mountinfo', 'utf8')
    assert.doesNotMatch(own, /docker-mtls-machine-/, 'a mount came out of its namespace')
  })

  test('and nothing stays when it ends', async () => {
    const folder =
      /upperdir=([^,]*)\/disk\/upper/.exec(readFileSync(`/proc/${machine.pid}/mountinfo`, 'utf8'))?.[1] ?? ''
    assert.ok(existsSync(folder))
    await machine.stop()
    assert.ok(!existsSync(`/proc/${machine.pid}/root/run/argv`), 'it still runs')
    assert.ok(!existsSync(folder))
    const groups = await runCommand('unshare', ['-m', 'sh', '-c', 'mount -n -t cgroup2 none /mnt && ls /mnt'])
    assert.equal(groups.code, 0, groups.stderr)
    assert.doesNotMatch(groups.stdout, new RegExp(folder.slice(-6)))
  })
})

/** Type=exec tells when the program was started, not when the stand-in has written. */
async function waitUntil(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}
