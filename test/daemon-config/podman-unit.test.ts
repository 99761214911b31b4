import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startWords } from '../../lib/daemon-config/gateway-unit.ts'
import { checkPodman, PODMAN_UNIT, readPodmanUnit, renderPodmanUnit } from '../../lib/daemon-config/podman-unit.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const FOLDERS = ['/etc/containers/tls', '/with two spaces', '/100%', '/$HOME', '/ünïcode']

describe("Podman's service", () => {
  test('starts Podman with all three files, and one listener with TLS', () => {
    assert.deepEqual(startWords(renderPodmanUnit({}).unit.text), [
      '/usr/bin/podman',
      'system',
      'service',
      '--time=0',
      '--tls-cert=/etc/containers/tls/server-cert.pem',
      '--tls-key=/etc/containers/tls/server-key.pem',
      '--tls-client-ca=/etc/containers/tls/ca.pem',
      'tcp://0.0.0.0:2376',
    ])
  })

  test('keeps its settings unless others are requested', () => {
    const first = renderPodmanUnit({ listen: ['tcp://10.0.0.4:2377'], tlsDir: '/srv/tls' })
    assert.deepEqual(readPodmanUnit(first.unit.text), first.settings)
    assert.equal(renderPodmanUnit({}, first.settings).unit.text, first.unit.text)
    assert.deepEqual(renderPodmanUnit({ tlsDir: '/other' }, first.settings).settings, {
      listen: ['tcp://10.0.0.4:2377'],
      tlsDir: '/other',
    })
  })

  test('is one that systemd loads, whatever the folder', { skip: lacks('systemd-analyze') }, async (t) => {
    const root = await temporaryFolder(t)
    await mkdir(join(root, 'usr/bin'), { recursive: true })
    await mkdir(join(root, 'etc/systemd/system'), { recursive: true })
    await writeFile(join(root, 'usr/bin/podman'), '#!/bin/sh\n')
    await chmod(join(root, 'usr/bin/podman'), 0o755)
    const verify = async (text: string): Promise<string> => {
      await writeFile(join(root, 'etc/systemd/system', PODMAN_UNIT), text)
      const args = ['verify', '--recursive-errors=no', '--man=no', `--root=${root}`, PODMAN_UNIT]
      const { code, stdout, stderr } = await runCommand('systemd-analyze', args)
      return `${code === 0 ? '' : code}${stdout}${stderr}`
    }
    for (const tlsDir of FOLDERS)
      assert.doesNotMatch(await verify(renderPodmanUnit({ tlsDir }).unit.text), /^\d|docker-mtls-podman/)
    assert.match(await verify(renderPodmanUnit({}).unit.text.replace('Delegate=yes', 'Delegat=yes')), /Delegat/)
  })

  test('needs Podman 5.7', () => {
    for (const said of ['podman version 5.7.0\n', 'podman version 5.8.6\n', 'podman version 10.0.0\n', ''])
      checkPodman(said)
    for (const said of ['podman version 4.3.1\n', 'podman version 5.6.2\n'])
      assert.throws(() => checkPodman(said), { code: 'ERR_PODMAN_TOO_OLD' })
  })

  test('is refused by daemon render for an older Podman, and for settings of dockerd', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'podman'), '#!/bin/sh\necho podman version "$VERSION"\n')
    await chmod(join(folder, 'podman'), 0o755)
    const render = (VERSION: string, ...more: string[]) =>
      runCli(['daemon', 'render', '--podman', ...more], { env: { PATH: `${folder}:/usr/bin:/bin`, VERSION } })
    assert.equal((await render('5.7.1')).stdout, renderPodmanUnit({}).unit.text)
    const old = await render('5.6.2')
    assert.match(old.stderr, /^ERR_PODMAN_TOO_OLD: .*it is 5\.6\.2, which can't ask for client certificates/s)
    assert.equal(old.stdout, '')
    assert.equal((await render('5.7.1', '--userns-remap')).code, 2)
  })

  test('is written by init, and kept by a second one', async (t) => {
    const folder = await temporaryFolder(t)
    const init = (...more: string[]) =>
      runCli(['init', 'build03.example.com', '--podman', '--client', 'ann', '--out', join(folder, 'pki'), ...more])
    const first = await init('--listen', '10.0.0.4:2376')
    assert.equal(first.code, 0, first.stderr)
    assert.match(
      first.stdout,
      /created +\S*\/server\/docker-mtls-podman\.service\n +systemd service: Podman listens on tcp:/,
    )
    assert.match(first.stdout, /systemctl enable docker-mtls-podman\.service/)
    assert.match((await init()).stdout, /kept +\S*\/server\/docker-mtls-podman\.service/)
  })
})
