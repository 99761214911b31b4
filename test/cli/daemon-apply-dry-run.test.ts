import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { CLI, runCli, runProcess, type Ran } from './support/run-cli.ts'

/** Runs a program where some paths are hidden, in a mount namespace of its own. */
const HIDING = [
  'for path in /run/systemd $HIDDEN; do',
  'if test -d "$path"; then mount -t tmpfs -o mode=755 none "$path"; elif test -e "$path"; then mount --bind /dev/null "$path"; fi',
  'done; exec "$@"',
].join(' ')

const UNITS = '/lib/systemd/system /usr/lib/systemd/system /etc/systemd/system'
const DOCKERD = '/usr/bin/dockerd /usr/sbin/dockerd /usr/local/bin/dockerd'

interface Result {
  readonly cantApply: string
  readonly files: readonly { readonly path: string; readonly action: string; readonly text?: string }[]
  readonly conflicts: readonly object[]
}

async function place(t: Cleanable): Promise<(words: readonly string[], hidden?: string) => Promise<Ran>> {
  const folder = join(await temporaryFolder(t), 'keys')
  assert.equal((await runCli(['init', 'build01', '--out', folder])).code, 0)
  return (words, hidden = '') =>
    runProcess(['daemon', 'apply', '--from', join(folder, 'server'), ...words], {
      env: { HIDDEN: hidden },
      program: ['unshare', '--mount', 'sh', '-c', HIDING, 'sh', ...CLI],
    })
}

describe('daemon apply on a machine without systemd', { skip: lacks('namespaces', 'dockerd') }, () => {
  test('--dry-run shows the files, and says that they cannot be applied here', async (t) => {
    const apply = await place(t)
    const { code, stdout, stderr } = await apply(['--dry-run'])
    assert.equal(code, 0, stderr)
    for (const name of ['tls/ca.pem', 'tls/server-cert.pem', 'tls/server-key.pem'])
      assert.match(stdout, new RegExp(`^create {4}/etc/docker/${name} `, 'm'))
    assert.match(stdout, /\+ExecStart=\/usr\/sbin\/dockerd .*-H fd:\/\/ .*--tlsverify/)
    assert.doesNotMatch(stdout, /PRIVATE KEY/)
    assert.match(stderr, /This plan can't be applied here: the host wasn't booted with systemd/)
    assert.doesNotMatch(stderr, /unit of docker-ce/)
  })

  test('it assumes the unit of docker-ce where there is none', async (t) => {
    const apply = await place(t)
    const { code, stdout, stderr } = await apply(['--dry-run', '--daemon-json', '--json'], UNITS)
    assert.equal(code, 0, stderr)
    const { cantApply, files, conflicts } = JSON.parse(stdout) as Result
    assert.deepEqual([cantApply, conflicts], ['ERR_HOST_NO_SYSTEMD', []])
    assert.deepEqual(files.map(({ path }) => path).slice(3), [
      '/etc/docker/daemon.json',
      '/etc/systemd/system/docker.service.d/override.conf',
    ])
    assert.match(files.at(-1)?.text ?? '', /ExecStart=\/usr\/bin\/dockerd --containerd=/)
    assert.match(stderr, /It assumes the unit of docker-ce/)
  })

  test('it works without Docker as well', async (t) => {
    const apply = await place(t)
    const { code, stdout, stderr } = await apply(['--dry-run', '--json'], `${UNITS} ${DOCKERD}`)
    assert.equal(code, 0, stderr)
    const { cantApply, conflicts } = JSON.parse(stdout) as Result
    assert.deepEqual([cantApply, conflicts], ['ERR_HOST_NO_DOCKER', []])
    assert.match(stderr, /Docker Engine is not installed/)
  })

  test('without --dry-run it still refuses', async (t) => {
    const apply = await place(t)
    const { code, stderr } = await apply(['--yes'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_NO_SYSTEMD: /)
  })

  test('it warns of settings that dockerd refuses', async (t) => {
    const apply = await place(t)
    const file = join(await temporaryFolder(t), 'settings.json')
    for (const [settings, said] of [
      [
        { name: 'app', scripts: {} },
        /this machine refuses the settings: .*the following directives don't match any.*name/,
      ],
      [{ icc: false, 'log-driver': null }, undefined],
    ] as const) {
      await writeFile(file, JSON.stringify(settings))
      const { code, stderr } = await apply(['--dry-run', '--settings', file])
      assert.equal(code, 0, stderr)
      if (said) assert.match(stderr, said)
      else assert.doesNotMatch(stderr, /refuses the settings/)
    }
  })

  test('it advises a command with the requested settings, and that command works', async (t) => {
    const apply = await place(t)
    const chosen = ['--listen', '127.0.0.1:2376', '--tlsdir', '/srv/tls', '--no-userns-remap']
    for (const how of ['--dry-run', '--yes']) {
      const { stderr } = await apply([how, ...chosen])
      const [, words = ''] = /docker-mtls (daemon render .*? --write daemon\.json)/.exec(stderr) ?? []
      assert.equal(words, `daemon render --without-systemd ${chosen.join(' ')} --write daemon.json`, stderr)
      assert.match(stderr, /dockerd --config-file daemon\.json/)
      const { code, stdout } = await runCli(words.split(' ').slice(0, -2))
      assert.equal(code, 0)
      assert.match(stdout, /"unix:\/\/\/var\/run\/docker\.sock",\n\s+"tcp:\/\/127\.0\.0\.1:2376"/)
    }
  })
})
