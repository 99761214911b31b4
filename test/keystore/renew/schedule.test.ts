import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { splitWords } from '../../../lib/daemon-config/unit/words.ts'
import { renderCron, renderTimer, type Schedule } from '../../../lib/keystore/renew/schedule.ts'
import { withCode } from '../../pki/support/expect.ts'
import { runCommand } from '../../support/command.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const PLAIN: Schedule = {
  program: ['/usr/bin/node', '/usr/lib/node_modules/docker-mtls/dist/cli/main.js'],
  folder: '/srv/docker-mtls',
  within: '30d',
  renew: false,
  uid: 0,
}
const FULL: Schedule = {
  ...PLAIN,
  renew: true,
  prometheus: '/var/lib/node_exporter/docker-mtls.prom',
  passphraseFile: '/etc/ca passphrase',
  uid: 1000,
}
const HOSTILE = [
  '/srv/a b',
  '/srv/100% safe',
  '/srv/%h',
  '/srv/$HOME',
  '/srv/${X}',
  `/srv/it's "q"`,
  '/srv/back\\slash',
  '/srv/ü;x|y>z',
]

const LIST = ['cert', 'list', '--dir', '/srv/docker-mtls', '--expiring', '30d']

/** What each ExecStart= runs. */
function commandsIn(unit: string): (string | undefined)[][] {
  const lines = [...unit.matchAll(/^ExecStart=(.*)$/gm)].map(([, line = '']) => line)
  return lines.map((line) => splitWords(line).map(({ literal }) => literal))
}

function settings(unit: string, name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

describe('the service', () => {
  test('looks, or renews and looks, by absolute paths', () => {
    assert.deepEqual(commandsIn(renderTimer(PLAIN)[0]?.text ?? ''), [[...PLAIN.program, ...LIST]])
    const secret = ['--ca-passphrase-file', '/etc/ca passphrase']
    assert.deepEqual(commandsIn(renderTimer(FULL)[0]?.text ?? ''), [
      [...PLAIN.program, 'cert', 'renew', '--due', '--dir', '/srv/docker-mtls', ...secret],
      [...PLAIN.program, ...LIST, '--prometheus', '/var/lib/node_exporter/docker-mtls.prom'],
    ])
  })

  test('may write only where it has to, and sees homes only where it needs them', () => {
    const plain = renderTimer(PLAIN)[0]?.text ?? ''
    assert.deepEqual([settings(plain, 'ReadWritePaths'), settings(plain, 'User')], [[], []])
    assert.deepEqual([settings(plain, 'ProtectHome'), settings(plain, 'PrivateTmp')], [['yes'], ['yes']])
    const full = renderTimer(FULL)[0]?.text ?? ''
    assert.deepEqual(settings(full, 'ReadWritePaths'), ['/srv/docker-mtls', '/var/lib/node_exporter'])
    assert.deepEqual(settings(full, 'User'), ['1000'])
    for (const folder of ['/home/alice/keys', '/root/keys']) {
      assert.deepEqual(settings(renderTimer({ ...PLAIN, folder })[0]?.text ?? '', 'ProtectHome'), ['read-only'])
    }
    assert.deepEqual(settings(renderTimer({ ...PLAIN, folder: '/tmp/keys' })[0]?.text ?? '', 'PrivateTmp'), [])
  })

  test('takes paths as they are', () => {
    for (const folder of HOSTILE) {
      const [words = []] = commandsIn(renderTimer({ ...PLAIN, folder })[0]?.text ?? '')
      assert.equal(words[5], folder)
    }
    assert.throws(() => renderTimer({ ...PLAIN, folder: '/srv/a\nb' }), withCode('ERR_PATH_INVALID'))
  })
})

async function verify(t: TestContext, schedule: Schedule, change = (text: string): string => text): Promise<string> {
  const root = await temporaryFolder(t)
  const node = join(root, schedule.program[0])
  await mkdir(dirname(node), { recursive: true })
  await writeFile(node, '#!/bin/sh\n')
  await chmod(node, 0o755)
  const units = join(root, 'etc/systemd/system')
  await mkdir(units, { recursive: true })
  const rendered = renderTimer(schedule)
  for (const { name, text } of rendered) await writeFile(join(units, name), change(text))
  const names = rendered.map(({ name }) => name)
  const args = ['verify', '--recursive-errors=no', '--man=no', `--root=${root}`, ...names]
  const { code, stdout, stderr } = await runCommand('systemd-analyze', args)
  const said = (stdout + stderr).split('\n').filter((line) => names.some((name) => line.includes(name)))
  return code === 0 ? said.join('\n') : `exit code ${code}\n${stdout}${stderr}`
}

describe('systemd', { skip: lacks('systemd-analyze') }, () => {
  test('loads both units, and has nothing to say of them', async (t) => {
    const rows = [PLAIN, FULL, { ...FULL, folder: '/home/alice/keys' }, { ...FULL, folder: '/tmp/x' }]
    for (const schedule of [...rows, ...HOSTILE.map((folder) => ({ ...FULL, folder }))]) {
      assert.equal(await verify(t, schedule), '', schedule.folder)
    }
  })

  for (const [what, change] of [
    ['a setting that there is not', (text: string) => text.replace('LockPersonality', 'LockPersonalty')],
    ['a value that is none', (text: string) => text.replace('ProtectHome=yes', 'ProtectHome=perhaps')],
    ['a day that is none', (text: string) => text.replace('OnCalendar=daily', 'OnCalendar=dayly')],
    ['a program that is not there', (text: string) => text.replace('/usr/bin/node', '/usr/bin/no-node')],
  ] as const) {
    test(`would see ${what}`, async (t) => {
      assert.notEqual(await verify(t, PLAIN, change), '')
    })
  }

  test('knows the days', async () => {
    const timer = renderTimer(PLAIN)[1]?.text ?? ''
    const [calendar = ''] = settings(timer, 'OnCalendar')
    const { code, stdout } = await runCommand('systemd-analyze', ['calendar', '--iterations=2', calendar])
    assert.equal(code, 0)
    assert.match(stdout, /Normalized form: \*-\*-\* 00:00:00/)
    assert.deepEqual([settings(timer, 'Persistent'), settings(timer, 'RandomizedDelaySec')], [['true'], ['2h']])
  })
})

/** Five fields, and what sh is given: up to the first % that isn't escaped (crontab(5)). */
function read(text: string): { fields: string[]; command: string } {
  const [, times = '', command = ''] = /^((?:[\d*]+ ){5})((?:[^%\n\\]|\\[^\n])*)\n$/.exec(text) ?? []
  return { fields: times.trim().split(' '), command: command.replaceAll('\\%', '%') }
}

describe('the line for cron', () => {
  test('is daily, and not at a full hour', () => {
    for (const folder of ['/srv/a', '/srv/b', '/', '/srv/docker-mtls']) {
      const [minute = '', hour, ...days] = read(renderCron({ ...PLAIN, folder })).fields
      assert.ok(Number(minute) > 0 && Number(minute) < 60, minute)
      assert.deepEqual([hour, ...days], ['6', '*', '*', '*'])
      assert.equal(renderCron({ ...PLAIN, folder }), renderCron({ ...PLAIN, folder }))
    }
  })

  test('runs what it says, whatever the paths', async (t) => {
    const folder = await temporaryFolder(t)
    const node = join(folder, 'node')
    await writeFile(node, `#!/bin/sh\nprintf '%s\\0' "$@"; printf '\\n'\n`)
    await chmod(node, 0o755)
    for (const path of HOSTILE) {
      const schedule = { ...FULL, program: [node, '/x/main.js'] as const, folder: path }
      const { command } = read(renderCron(schedule))
      const { stdout, stderr } = await runCommand('/bin/sh', ['-c', command])
      const [renew = '', list = ''] = stdout.split('\0\n')
      assert.deepEqual(
        renew.split('\0'),
        ['/x/main.js', 'cert', 'renew', '--due', '--dir', path, '--ca-passphrase-file', '/etc/ca passphrase'],
        stderr,
      )
      assert.deepEqual(list.split('\0').slice(0, 5), ['/x/main.js', 'cert', 'list', '--dir', path])
    }
    assert.throws(() => renderCron({ ...PLAIN, folder: '/a\nb' }), withCode('ERR_ARGUMENT_INVALID'))
  })
})
