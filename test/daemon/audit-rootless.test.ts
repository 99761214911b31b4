import assert from 'node:assert/strict'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Status } from '../../lib/audit.ts'
import { auditSnapshot } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { hardened } from '../../lib/audit/hardened.ts'
import { connect } from '../../lib/index.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { SLEEP } from './support/busybox-engine.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { renderSecured } from './harness/secured.ts'

const skip = lacks(
  'namespaces',
  'dockerd',
  'docker',
  'busybox',
  'ip',
  'rootlesskit',
  'newuidmap',
  'slirp4netns',
  '/dev/net/tun',
)
/** Of Debian's docker.io. */
const ROOTLESS = '/usr/share/docker.io/contrib/dockerd-rootless.sh'
const UID = 4000

async function must(file: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(file, args)
  assert.equal(code, 0, stderr)
}

interface Rootless {
  readonly daemon: Daemon
  readonly env: Readonly<Record<string, string>>
}

/** Starts a daemon as a user who is not root, with our certificates. */
async function startRootless(): Promise<Rootless> {
  await appendFile('/etc/passwd', `moby:x:${UID}:${UID}::/nonexistent:/bin/sh\n`)
  await appendFile('/etc/group', `moby:x:${UID}:\n`)
  for (const file of ['/etc/subuid', '/etc/subgid']) await appendFile(file, 'moby:200000:65536\n')
  // Not below /run, which a rootless daemon sees through symbolic links, and runc refuses these.
  await must('mount', '-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/srv')
  process.env['TMPDIR'] = '/srv'
  const place = await chooseDaemonPlace()
  const pki = new PkiFolder(join(place.folder, 'pki'))
  await pki.ensureAuthority({ keyType: 'p256' })
  const { paths: server } = await pki.ensureServer(['localhost'], { keyType: 'p256' })
  const { paths: client } = await pki.ensureClient('tester', { keyType: 'p256' })
  const runtime = join(place.folder, 'run')
  await mkdir(runtime, { mode: 0o700 })
  // For slirp4netns, which has no rights of root either. The mount is seen in the namespaces of this test only.
  const tun = join(place.folder, 'tun')
  await must('mknod', '-m', '666', tun, 'c', '10', '200')
  await must('mount', '--bind', tun, '/dev/net/tun')
  await must('chown', '-R', `${UID}:${UID}`, place.folder)
  // slirp4netns forwards the port into the network of the daemon.
  const listen = [place.listen[0], `tcp://0.0.0.0:${place.port}`] as const
  const [, ...flags] = renderSecured({ ...place, listen }, server)
  const user = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups']
  const argv = [...user, 'sh', ROOTLESS, ...flags, '--iptables=false', '--bridge=none', '--storage-driver=vfs']
  const daemon = await startDockerd({
    place,
    argv,
    env: {
      XDG_RUNTIME_DIR: runtime,
      DOCKERD_ROOTLESS_ROOTLESSKIT_NET: 'slirp4netns',
      DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS: `-p 127.0.0.1:${place.port}:${place.port}/tcp`,
    },
  })
  return { daemon, env: { DOCKER_HOST: place.listen[1], DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: client.folder } }
}

describe('a rootless daemon', { skip }, () => {
  test('and a hardened container have only failures that are explained', async () => {
    const { daemon, env } = await startRootless()
    try {
      const docker = await connect({}, { HOME: '/nonexistent', ...env })
      const image = await makeImage(daemon)
      const plain = { Image: image, Cmd: SLEEP, User: '65534', HostConfig: { NetworkMode: 'none' } }
      const snapshot = await collectSnapshot(docker)
      const { body } = hardened(plain, {}, { daemon: snapshot })
      const { Id } = await docker.containers.create(body)
      await docker.containers.start(Id)
      const { findings, unread } = auditSnapshot(await collectSnapshot(docker))
      const info = await docker.info()
      await docker.close()
      assert.deepEqual(unread, [])
      const failed = findings.filter(({ status }) => status === 'fail').map(({ check }) => check)
      assert.deepEqual(
        failed.filter((check) => check !== 'D-MAC'),
        ['D-NNP'],
      )
      const expected: readonly (readonly [check: string, status: Status])[] = [
        ['D-ROOTLESS', 'pass'],
        ['D-USERNS', 'pass'],
        ['C-USERNS', 'not-applicable'],
        ['C-CAPDROP', 'pass'],
        // The limit was asked for, but on a host with cgroup v1, a rootless daemon can't set it.
        ['C-MEM', info.CgroupVersion === '1' ? 'unknown' : 'pass'],
      ]
      assert.deepEqual(
        expected.map(([id]) => [id, findings.find(({ check }) => check === id)?.status]),
        expected,
      )
    } finally {
      await daemon.stop()
    }
  })
})
