import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { warningTexts } from '../../lib/base/warning.ts'
import { findDaemonSource } from '../../lib/daemon-config/source.ts'
import { findInstalledUnit, LOAD_PATH, readUnitFile } from '../../lib/daemon-config/unit/installed-unit.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const NAME = 'docker.service'
const unit = (exec: string): string => `[Unit]\nDescription=x\n[Service]\nType=notify\nExecStart=${exec} -H fd://\n`

async function rootWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

function throws(code: ErrorCode, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isDockerMtlsError(error, code), String(error))
    assert.match(error.message, words)
    return true
  }
}

const dropIn = (exec: string): string => `[Service]\nExecStart=\nExecStart=${exec} -H fd:// --data-root=/srv\n`

describe('the installed unit', () => {
  test('none', async (t) => {
    assert.equal(
      await findInstalledUnit(await rootWith(t, { 'etc/systemd/system/ssh.service': unit('/x/dockerd') })),
      undefined,
    )
    assert.equal(await findInstalledUnit('/nonexistent'), undefined)
  })

  test("is looked for in systemd's load path", { skip: lacks('systemd-analyze') }, async () => {
    const { code, stdout, stderr } = await runCommand('systemd-analyze', ['unit-paths'])
    assert.equal(code, 0, stderr)
    const paths = stdout.trim().split('\n')
    // Only where it isn't a link to usr/lib (systemd.unit(5)).
    const ours = LOAD_PATH.map((folder) => `/${folder}`).filter((path) => path !== '/lib/systemd/system')
    assert.deepEqual(
      ours,
      paths.filter((path) => path !== '/lib/systemd/system'),
    )
  })

  for (const [index, folder] of LOAD_PATH.entries()) {
    test(`in ${folder}, before all that come later`, async (t) => {
      const files = LOAD_PATH.slice(index).map((one) => [join(one, NAME), unit(`/${one}/dockerd`)] as const)
      const root = await rootWith(t, Object.fromEntries(files))
      const found = await findInstalledUnit(root)
      assert.equal(found?.unit.exec, `/${folder}/dockerd`)
      assert.deepEqual(found.paths, [join(root, folder, NAME)])
    })
  }

  test('with its drop-ins, by name, of two with one name that of the earlier folder', async (t) => {
    const root = await rootWith(t, {
      [`usr/lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'),
      [`usr/lib/systemd/system/${NAME}.d/20-b.conf`]: dropIn('/hidden/dockerd'),
      [`etc/systemd/system/${NAME}.d/20-b.conf`]: dropIn('/opt/dockerd'),
      [`run/systemd/system/${NAME}.d/10-a.conf`]: dropIn('/first/dockerd'),
      [`etc/systemd/system/${NAME}.d/readme.txt`]: 'no drop-in',
      [`etc/systemd/system/${NAME}.d/30-proxy.conf`]: '[Service]\nEnvironment=HTTP_PROXY=http://p\n',
    })
    const found = await findInstalledUnit(root)
    assert.equal(found?.unit.exec, '/opt/dockerd')
    assert.deepEqual(found.unit.args, ['-H', 'fd://', '--data-root=/srv'])
    assert.deepEqual(
      found.paths.map((path) => path.slice(root.length + 1)),
      [
        `usr/lib/systemd/system/${NAME}`,
        `run/systemd/system/${NAME}.d/10-a.conf`,
        `etc/systemd/system/${NAME}.d/20-b.conf`,
        `etc/systemd/system/${NAME}.d/30-proxy.conf`,
      ],
    )
    assert.deepEqual(found.later, [])
  })

  test('a drop-in that would win over ours is told', async (t) => {
    const root = await rootWith(t, {
      [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'),
      [`etc/systemd/system/${NAME}.d/override.conf`]: '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -D\n',
      [`etc/systemd/system/${NAME}.d/zz-x.conf`]: '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd://\n',
      [`etc/systemd/system/${NAME}.d/zz-y.conf`]: '[Service]\nLimitNOFILE=1024\n',
    })
    const found = await findInstalledUnit(root)
    assert.deepEqual(found?.later, [join(root, `etc/systemd/system/${NAME}.d/zz-x.conf`)])
    const { warnings } = await findDaemonSource({ root })
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['later-drop-in'],
    )
    assert.match(warningTexts(warnings)[0] ?? '', /zz-x\.conf sets ExecStart= too/)
  })

  const OWN = `etc/systemd/system/${NAME}.d/override.conf`
  for (const folder of ['etc/systemd/system.control', 'run/systemd/generator.early']) {
    for (const [what, text, exec] of [
      ['without ExecStart=', '[Service]\nLimitNOFILE=1024\n', '/usr/bin/dockerd'],
      ['with ExecStart=', dropIn('/theirs/dockerd'), '/theirs/dockerd'],
    ] as const) {
      test(`an override.conf ${what} in ${folder} hides ours, and is told`, async (t) => {
        const theirs = `${folder}/${NAME}.d/override.conf`
        const root = await rootWith(t, {
          [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'),
          [OWN]: dropIn('/ours/dockerd'),
          [theirs]: text,
        })
        const found = await findInstalledUnit(root)
        assert.equal(found?.unit.exec, exec)
        assert.deepEqual(found.paths.slice(1), [join(root, theirs)])
        assert.deepEqual(found.later, [join(root, theirs)])
        const { warnings } = await findDaemonSource({ root })
        assert.match(
          warningTexts(warnings).join('\n'),
          /^systemd reads \S+override\.conf instead of the override\.conf in \/etc\/systemd\/system\. Move it away\.$/,
        )
      })
    }
  }

  for (const folder of ['run/systemd/system', 'usr/lib/systemd/system']) {
    test(`an override.conf in ${folder} hides nothing: ours does`, async (t) => {
      const theirs = `${folder}/${NAME}.d/override.conf`
      const files = { [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'), [theirs]: dropIn('/theirs/dockerd') }
      for (const [root, path, exec] of [
        [await rootWith(t, { ...files, [OWN]: dropIn('/ours/dockerd') }), OWN, '/ours/dockerd'],
        [await rootWith(t, files), theirs, '/theirs/dockerd'],
      ] as const) {
        const found = await findInstalledUnit(root)
        assert.equal(found?.unit.exec, exec)
        assert.deepEqual([found.paths.slice(1), found.later], [[join(root, path)], []])
        assert.deepEqual((await findDaemonSource({ root })).warnings, [])
      }
    })
  }

  test('one that is masked, or broken, is named', async (t) => {
    const root = await rootWith(t, { [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd') })
    await mkdir(join(root, 'etc/systemd/system'), { recursive: true })
    await symlink('/dev/null', join(root, 'etc/systemd/system', NAME))
    await assert.rejects(
      findInstalledUnit(root),
      throws('ERR_UNIT_INVALID', /etc\/systemd\/system\/docker\.service: it is empty/),
    )
    const broken = await rootWith(t, {
      [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'),
      [`etc/systemd/system/${NAME}.d/a.conf`]: '[Service]\nExecStart=/usr/bin/dockerd\n',
    })
    await assert.rejects(
      findInstalledUnit(broken),
      throws('ERR_UNIT_INVALID', /a\.conf: it has more than one ExecStart=/),
    )
  })

  test('a folder in its place is an error', async (t) => {
    const root = await rootWith(t, { [`etc/systemd/system/${NAME}/x`]: '' })
    await assert.rejects(findInstalledUnit(root), throws('ERR_FILE_READ', /it is a folder, not a file/))
  })
})

describe('a unit that was named', () => {
  test('is read, also as systemctl cat prints it', async (t) => {
    const text = `# /lib/systemd/system/${NAME}\n${unit('/usr/bin/dockerd')}\n# /etc/x.conf\n[Service]\nExecStart=\nExecStart=/opt/dockerd\n`
    const root = await rootWith(t, { unit: text })
    const found = await readUnitFile(join(root, 'unit'))
    assert.deepEqual([found.unit.exec, found.paths], ['/opt/dockerd', [join(root, 'unit')]])
  })

  test('and nothing of this machine counts beside it', async (t) => {
    const root = await rootWith(t, {
      unit: unit('/opt/dockerd'),
      [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd'),
      'etc/docker/daemon.json': '{}',
    })
    const source = await findDaemonSource({ unit: join(root, 'unit'), root })
    assert.deepEqual([source.found?.unit.exec, source.daemonJson], ['/opt/dockerd', undefined])
  })

  test('must be there', async () => {
    await assert.rejects(readUnitFile('/nonexistent/x'), throws('ERR_UNIT_NOT_FOUND', /systemctl cat/))
  })
})

describe('the daemon.json of this machine', () => {
  const installed = { [`lib/systemd/system/${NAME}`]: unit('/usr/bin/dockerd') }

  test('counts where Docker is installed', async (t) => {
    const root = await rootWith(t, { ...installed, 'etc/docker/daemon.json': '{"debug":true}' })
    const { daemonJson } = await findDaemonSource({ root })
    assert.equal(daemonJson?.path, join(root, 'etc/docker/daemon.json'))
    assert.equal(daemonJson.text, '{"debug":true}')
    const bare = await rootWith(t, { 'etc/docker/daemon.json': '{}' })
    assert.equal((await findDaemonSource({ root: bare })).daemonJson, undefined)
  })

  test('is a warning where it can not be read', async (t) => {
    const root = await rootWith(t, { ...installed, 'etc/docker/daemon.json/x': '' })
    const { daemonJson, warnings } = await findDaemonSource({ root })
    assert.equal(daemonJson, undefined)
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['daemon-json-unreadable'],
    )
    assert.match(warningTexts(warnings).join(), /\/etc\/docker\/daemon\.json/)
  })

  test('one that was named comes first', async (t) => {
    const root = await rootWith(t, { ...installed, 'etc/docker/daemon.json': '{}', mine: '{"debug":true}' })
    assert.equal((await findDaemonSource({ root, daemonJson: join(root, 'mine') })).daemonJson?.text, '{"debug":true}')
  })
})
