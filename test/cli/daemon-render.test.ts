import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { runCli, runJson } from './support/run-cli.ts'

interface RenderData {
  readonly files: { name: string; place: string; text: string; path?: string; action?: string; keptAside?: string[] }[]
  readonly unit: string[]
  readonly warnings: string[]
}

const NOTES = '/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock'

describe('daemon render', () => {
  test('prints the drop-in and nothing else on stdout', async () => {
    const argv = ['daemon', 'render', '--tlsdir', '/home/user/.docker', '--userns-remap', '--listen', '10.0.0.4:2376']
    const { code, stdout, stderr } = await runCli(argv)
    assert.equal(code, 0)
    assert.equal(
      stdout,
      '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock -H fd:// --tlsverify ' +
        '--tlscert=/home/user/.docker/server-cert.pem --tlscacert=/home/user/.docker/ca.pem ' +
        '--tlskey=/home/user/.docker/server-key.pem --userns-remap="default" -H tcp://10.0.0.4:2376\n',
    )
    assert.match(
      stderr,
      /^Warning: No docker\.service is installed here.*\/usr\/sbin\/dockerd.*ssh SERVER systemctl cat docker\.service > docker\.service/,
    )
    assert.equal((await runCli([...argv, '--systemd'])).stdout, stdout)
  })

  test('names the unit that it took the command from, unless that was named', async (t) => {
    const folder = await temporaryFolder(t)
    const unit = join(folder, 'docker.service')
    await writeFile(unit, `[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=${NOTES} $DOCKER_OPTS\n`)
    const { stdout, stderr } = await runCli(['daemon', 'render', '--unit', unit])
    assert.match(stdout, /\$DOCKER_OPTS -H fd:/)
    assert.match(stderr, /^Warning: [^\n]*"\$DOCKER_OPTS"[^\n]*\n$/)
  })

  test('keeps the listeners of the unit unless an option sets others, as daemon apply does', async (t) => {
    const unit = join(await temporaryFolder(t), 'docker.service')
    await writeFile(unit, '[Service]\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://10.0.0.5:2376\n')
    const argv = ['daemon', 'render', '--unit', unit]
    assert.match((await runCli(argv)).stdout, /-H tcp:\/\/10\.0\.0\.5:2376\n/)
    const { stdout, stderr } = await runCli([...argv, '--listen', '10.0.0.4:2376'])
    assert.match(stdout, /server-key\.pem -H tcp:\/\/10\.0\.0\.4:2376\n/)
    assert.match(stderr, /The flag "-H tcp:\/\/10\.0\.0\.5:2376" of the unit is removed/)
    await writeFile(unit, '[Service]\nExecStart=/usr/sbin/dockerd -H tcp://0.0.0.0:2375\n')
    assert.match((await runCli(argv)).stdout, /server-key\.pem -H tcp:\/\/0\.0\.0\.0:2376\n/)
  })

  test('--no-userns-remap switches them off, in the unit and in daemon.json', async (t) => {
    const folder = await temporaryFolder(t)
    const [unit, json] = [join(folder, 'docker.service'), join(folder, 'daemon.json')]
    await writeFile(unit, '[Service]\nExecStart=/usr/sbin/dockerd --userns-remap "default" -H fd:// $DOCKER_OPTS\n')
    await writeFile(json, '{ "userns-remap": "default", "live-restore": true }')
    const argv = ['daemon', 'render', '--unit', unit]
    assert.match((await runCli(argv)).stdout, /--userns-remap="default"/)
    const { stdout } = await runCli([...argv, '--no-userns-remap'])
    assert.match(stdout, /^ExecStart=\/usr\/sbin\/dockerd \$DOCKER_OPTS -H fd:\/\/ --tlsverify /m)
    assert.doesNotMatch(stdout, /userns/)
    const merged = await runCli([...argv, '--no-userns-remap', '--daemon-json', '--merge', json])
    assert.match(merged.stdout, /"live-restore": true/)
    assert.doesNotMatch(merged.stdout, /userns/)
    const refused = await runCli([...argv, '--no-userns-remap', '--merge', json])
    assert.match(refused.stderr, /^ERR_DIRECTIVE_CONFLICT: .*userns-remap/)
    for (const both of [
      ['--userns-remap=bob', '--no-userns-remap'],
      ['--no-userns-remap', '--userns-remap'],
    ]) {
      const { code, stderr } = await runCli([...argv, ...both])
      assert.equal(code, 2)
      assert.match(stderr, /--userns-remap and --no-userns-remap can't be combined/)
    }
  })

  test('a value of --userns-remap as a word of its own is refused with the right way', async () => {
    const { code, stderr } = await runCli(['daemon', 'render', '--userns-remap', 'bob'])
    assert.equal(code, 2)
    assert.match(stderr, /the argument "bob" is unexpected\.\n.*--userns-remap=bob$/m)
    assert.match((await runCli(['daemon', 'render', 'bob'])).stderr, /For example:/)
  })

  test('prints both files of the second form, each under its place', async () => {
    const { stdout } = await runCli(['daemon', 'render', '--daemon-json'])
    const [, json = '', dropIn = ''] =
      /^# \/etc\/docker\/daemon\.json\n(.*)\n# \/etc\/systemd\/system\/docker\.service\.d\/override\.conf\n(.*)$/s.exec(
        stdout,
      ) ?? []
    const config = JSON.parse(json) as Record<string, unknown>
    assert.deepEqual(config['hosts'], ['fd://', 'tcp://0.0.0.0:2376'])
    assert.equal(config['tlsverify'], true)
    assert.equal(
      dropIn,
      '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock\n',
    )
  })

  test('keeps what a daemon.json has', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'daemon.json')
    await writeFile(path, '{ "live-restore": true }')
    const { files } = await runJson<RenderData>(['daemon', 'render', '--daemon-json', '--merge', path])
    assert.deepEqual(
      files.map(({ name, place }) => [name, place]),
      [
        ['daemon.json', '/etc/docker/daemon.json'],
        ['override.conf', '/etc/systemd/system/docker.service.d/override.conf'],
      ],
    )
    assert.equal((JSON.parse(files[0]?.text ?? '') as Record<string, unknown>)['live-restore'], true)
  })

  test('--write: one file to a path, two into a folder, never over another text', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'docker.service.d/override.conf')
    assert.match(
      (await runCli(['daemon', 'render', '--write', path])).stdout,
      /^created .*override\.conf\n.*copy it to/,
    )
    const before = await treeOf(folder)
    assert.equal(modesOf(before)['docker.service.d/override.conf'], '0644')
    assert.match((await runCli(['daemon', 'render', '--write', path])).stdout, /^kept/)
    assert.deepEqual(await treeOf(folder), before)

    const other = ['daemon', 'render', '--listen', '10.0.0.4:2376', '--write', path]
    const refused = await runCli(other)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_FILE_EXISTS: /)
    assert.deepEqual(await treeOf(folder), before)

    const { files } = await runJson<RenderData>([...other, '--force'])
    assert.equal(files[0]?.action, 'replaced')
    assert.equal(files[0]?.path, path)
    assert.match(await readFile(files[0]?.keptAside?.[0] ?? '', 'utf8'), /tcp:\/\/0\.0\.0\.0:2376/)

    const two = join(folder, 'two')
    assert.equal((await runCli(['daemon', 'render', '--daemon-json', '--write', two])).code, 0)
    assert.deepEqual(Object.keys(await treeOf(two)), ['daemon.json', 'override.conf'])
  })

  test('--without-systemd: only daemon.json, with a socket file in the place of fd://', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'daemon.json')
    await writeFile(path, '{ "hosts": ["fd://", "unix:///srv/docker.sock"], "live-restore": true }')
    const hostsIn = ({ files }: RenderData): unknown => {
      assert.deepEqual(
        files.map(({ name }) => name),
        ['daemon.json'],
      )
      return (JSON.parse(files[0]?.text ?? '') as Record<string, unknown>)['hosts']
    }
    const argv = ['daemon', 'render', '--without-systemd', '--listen', '127.0.0.1:2376']
    const plain = await runJson<RenderData>(argv)
    assert.deepEqual(hostsIn(plain), ['unix:///var/run/docker.sock', 'tcp://127.0.0.1:2376'])
    assert.deepEqual(plain.warnings, [])
    const merged = await runJson<RenderData>([...argv, '--merge', path])
    assert.deepEqual(hostsIn(merged), ['unix:///srv/docker.sock', 'tcp://127.0.0.1:2376'])
    assert.match(merged.files[0]?.text ?? '', /"live-restore": true/)
    await writeFile(path, '{ "hosts": ["tcp://10.0.0.5:2376"] }')
    const kept = await runJson<RenderData>(['daemon', 'render', '--without-systemd', '--merge', path])
    assert.deepEqual(hostsIn(kept), ['unix:///var/run/docker.sock', 'tcp://10.0.0.5:2376'])
    for (const other of [['--systemd'], ['--unit', 'docker.service']])
      assert.equal((await runCli([...argv, ...other])).code, 2)
    const written = await runCli([...argv, '--write', path, '--force'])
    assert.ok(written.stdout.includes(`dockerd --config-file ${path}\n`), written.stdout)
    assert.doesNotMatch(written.stdout, /copy it to/)
  })

  test('takes what init chose from its folder, unless an option sets it or a daemon.json has listeners', async (t) => {
    const folder = join(await temporaryFolder(t), 'docker-mtls')
    const chosen = ['--listen', '127.0.0.1:2376', '--tlsdir', '/srv/tls', '--userns-remap']
    assert.equal((await runCli(['init', 'h.example', '--out', folder, ...chosen])).code, 0)
    const render = (...more: string[]) => runCli(['daemon', 'render', '--from', folder, ...more])
    for (const form of [[], ['--daemon-json'], ['--without-systemd']]) {
      const { stdout, stderr } = await render(...form)
      for (const part of ['tcp://127.0.0.1:2376', '/srv/tls/ca.pem', 'default'])
        assert.ok(stdout.includes(part), `${form.join(' ')}: ${stdout}`)
      assert.match(stderr, /as init chose it, in .*override\.conf/)
    }
    const set = await render('--listen', '10.0.0.4:2376', '--tlsdir', '/etc/docker/tls', '--no-userns-remap')
    assert.match(set.stdout, /--tlskey=\/etc\/docker\/tls\/server-key\.pem -H tcp:\/\/10\.0\.0\.4:2376\n/)
    const json = join(folder, 'daemon.json')
    await writeFile(json, '{ "hosts": ["tcp://10.0.0.5:2376"] }')
    const merged = await render('--daemon-json', '--merge', json)
    assert.match(merged.stdout, /tcp:\/\/10\.0\.0\.5:2376/)
    assert.match(merged.stdout, /\/srv\/tls\/ca\.pem/)
  })

  test('names a folder that does not exist', async () => {
    for (const argv of [
      ['daemon', 'render', '--from', 'nosuch'],
      ['daemon', 'apply', '--dry-run', '--from', 'nosuch'],
      ['daemon', 'apply', '--dry-run', '--from', 'package.json'],
    ]) {
      const { code, stderr } = await runCli(argv)
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^ERR_PKI_FILE_INVALID: .*there is no folder (?:nosuch|package\.json)\.\n.*--from docker-mtls\/server/,
      )
    }
  })

  test("a folder without a server's files is refused", async (t) => {
    const folder = await temporaryFolder(t)
    for (const argv of [
      ['daemon', 'render'],
      ['daemon', 'apply', '--dry-run'],
    ]) {
      const { code, stdout, stderr } = await runCli([...argv, '--from', folder])
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /has none of ca\.pem, server-cert\.pem and server-key\.pem\.\n.*--from docker-mtls\/server/)
    }
  })

  test('of two files neither is written where one can not be', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'override.conf'), 'mine')
    const before = await treeOf(folder)
    const { code, stderr } = await runCli(['daemon', 'render', '--daemon-json', '--write', folder])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_FILE_EXISTS: writing .*override\.conf/)
    assert.deepEqual(await treeOf(folder), before)
  })
})
