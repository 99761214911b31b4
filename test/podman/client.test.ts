import assert from 'node:assert/strict'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../lib/audit.ts'
import { connect, type DockerClient, isDockerMtlsError } from '../../lib/index.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { busyboxTar } from '../daemon/harness/image.ts'
import { runCommand } from '../support/command.ts'
import { startPodman, type Podman } from './support/podman.ts'

const IMAGE = 'busybox:made-here'

describe('Podman with our certificates', () => {
  let podman: Podman
  let docker: DockerClient
  before(async () => {
    podman = await startPodman()
    docker = await connect({}, { HOME: '/nonexistent', ...podman.env })
    await docker.images.import(await busyboxTar(), { repo: 'busybox', tag: 'made-here' })
  })
  after(async () => {
    await docker?.close()
    await podman?.stop()
  })

  const running = async (): Promise<string> => {
    const { Id } = await docker.containers.create({ Image: IMAGE, Cmd: ['sleep', '1000'] })
    await docker.containers.start(Id)
    return Id
  }

  describe('refuses', () => {
    test('a client without a certificate', async () => {
      const url = `https://localhost:${podman.port}/_ping`
      const { code, stderr } = await runCommand('curl', [
        '-sS',
        '--cacert',
        `${podman.env.DOCKER_CERT_PATH}/ca.pem`,
        url,
      ])
      assert.notEqual(code, 0)
      assert.match(stderr, /certificate required/)
    })

    test('a client of another CA, and its reason is known', async () => {
      const pki = new PkiFolder(join(podman.folder, 'other'))
      await pki.ensureAuthority({ keyType: 'p256' })
      const { paths } = await pki.ensureClient('stranger', { keyType: 'p256' })
      const folder = await mkdtemp(join(podman.folder, 'stranger-'))
      for (const [name, path] of [
        ['ca.pem', join(podman.env.DOCKER_CERT_PATH, 'ca.pem')],
        ['cert.pem', paths.cert],
        ['key.pem', paths.key],
      ] as const)
        await writeFile(join(folder, name), await readFile(path), { mode: 0o600 })
      const { DOCKER_HOST } = podman.env
      const connecting = connect({ host: DOCKER_HOST, certPath: folder, foreignClientCa: true }, {})
      await assert.rejects(connecting, (error) => isDockerMtlsError(error) && error.code.startsWith('ERR_CLIENT_CERT'))
    })

    test('plain HTTP', async () => {
      const { stdout } = await runCommand('curl', ['-sS', `http://localhost:${podman.port}/_ping`])
      assert.match(stdout, /HTTP request to an HTTPS server/)
    })
  })

  describe('is called Podman', () => {
    test('by ping', async () => {
      const { code, stdout } = await runCli(['ping'], { env: podman.env })
      assert.equal(code, 0)
      assert.match(stdout, /Engine +Podman \d+\.\d+\.\d+, linux\//)
    })

    test('by doctor', async () => {
      const { stdout } = await runCli(['doctor'], { env: podman.env })
      assert.match(stdout, /Podman \d+\.\d+\.\d+ answers, with API 1\.\d\d/)
    })

    test('by audit, whose checks of Docker Engine do not apply', async () => {
      const { stdout } = await runCli(['audit'], { env: podman.env })
      assert.match(stdout, /^Audit of .*, Podman \d+\.\d+\.\d+/m)
      const { findings, podman: isPodman } = await audit(docker)
      assert.equal(isPodman, true)
      const versions = findings.filter(({ check }) => /^D-(?:CVE|GHSA|VER|AUFS|NNP)/.test(check))
      assert.ok(versions.length > 30)
      assert.deepEqual(new Set(versions.map(({ status }) => status)), new Set(['not-applicable']))
      // What doesn't depend on the engine is judged.
      assert.equal(findings.find(({ check }) => check === 'D-TLS-1.2')?.status ?? 'pass', 'pass')
      assert.ok(
        findings.some(({ check, status }) => check.startsWith('C-') && status === 'fail') || findings.length > 50,
      )
    })
  })

  describe('does for the client', () => {
    test('run', async () => {
      const { exitCode, stdout, stderr } = await docker.run(IMAGE, ['sh', '-c', 'echo out; echo err >&2; exit 3'])
      assert.deepEqual([exitCode, String(stdout), String(stderr)], [3, 'out\n', 'err\n'])
    })

    test('exec', async (t) => {
      const id = await running()
      t.after(() => docker.containers.remove(id, { force: true }))
      const { exitCode, stdout } = await docker.exec.run(id, ['sh', '-c', 'echo inside; exit 4'])
      assert.deepEqual([exitCode, String(stdout)], [4, 'inside\n'])
    })

    test('copy, in both directions', async (t) => {
      const id = await running()
      t.after(() => docker.containers.remove(id, { force: true }))
      const file = join(podman.folder, 'file')
      await writeFile(file, 'contents')
      await docker.containers.copyTo(id, file, '/tmp/copied')
      await docker.containers.copyFrom(id, '/tmp/copied', join(podman.folder, 'back'))
      assert.equal(await readFile(join(podman.folder, 'back'), 'utf8'), 'contents')
    })

    test('build, with the classic builder', async () => {
      const folder = await mkdtemp(join(podman.folder, 'context-'))
      await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\nRUN echo built > /built\nCMD ["cat", "/built"]\n`)
      await docker.images.build(folder, { t: 'built:1' })
      assert.equal(String((await docker.run('built:1', ['cat', '/built'])).stdout), 'built\n')
    })

    test('logs, events, networks and volumes', async (t) => {
      const id = await running()
      t.after(() => docker.containers.remove(id, { force: true }))
      assert.ok((await docker.containers.list()).some(({ Id }) => Id === id))
      await docker.networks.create({ Name: 'net' })
      assert.ok((await docker.networks.list()).some(({ Name }) => Name === 'net'))
      await docker.networks.remove('net')
      await docker.volumes.create({ Name: 'vol' })
      assert.ok((await docker.volumes.list()).Volumes?.some(({ Name }) => Name === 'vol'))
      await docker.volumes.remove('vol')
    })
  })

  describe('says which calls it lacks', () => {
    const lacked: Readonly<Record<string, () => PromiseLike<unknown>>> = {
      'GET /plugins': () => docker.plugins.list(),
      'GET /services': () => docker.services.list(),
      'POST /swarm/init': () => docker.swarm.init({ ListenAddr: '127.0.0.1' }),
      'POST /session': () => docker.session.open('id'),
      'POST /build/prune': () => docker.images.buildPrune(),
      'POST /grpc': () => docker.request({ method: 'POST', path: '/grpc' }),
      'GET /images/busybox/attestations': () => docker.request({ method: 'GET', path: '/images/busybox/attestations' }),
    }
    for (const [call, send] of Object.entries(lacked))
      test(call, () =>
        assert.rejects(
          async () => send(),
          (error: unknown) => {
            assert.ok(isDockerMtlsError(error, 'ERR_API_CALL_UNSUPPORTED'), String(error))
            assert.match(
              error.message,
              new RegExp(`^${call}: Podman \\d+\\.\\d+\\.\\d+ doesn't have this call of Docker's API`),
            )
            return true
          },
        ),
      )

    test('BuildKit', async () => {
      const folder = await mkdtemp(join(podman.folder, 'context-'))
      await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\n`)
      for (const options of [{ builder: 'buildkit' }, { secrets: { id: 'value' } }] as const)
        await assert.rejects(
          async () => docker.images.build(folder, options),
          (error) => isDockerMtlsError(error, 'ERR_API_CALL_UNSUPPORTED') && /builder: 'classic'/.test(error.todo),
        )
    })

    test('and still says what is missing for calls that it has', async () => {
      await assert.rejects(docker.containers.inspect('nosuch'), { code: 'ERR_API_NOT_FOUND' })
      await assert.rejects(
        docker.images.inspect('nosuch:1'),
        (error) => isDockerMtlsError(error, 'ERR_API_NOT_FOUND') && /pull\('nosuch:1'\)/.test(error.todo),
      )
      await assert.rejects(
        docker.containers.create({ Image: 'nosuch:1' }),
        (error) =>
          isDockerMtlsError(error, 'ERR_API_NOT_FOUND') && /pull\('docker\.io\/library\/nosuch:1'\)/.test(error.todo),
      )
    })
  })

  describe('means the same', () => {
    test('by a command that cannot start', async (t) => {
      const id = await running()
      t.after(() => docker.containers.remove(id, { force: true }))
      for (const tty of [false, true])
        for (const command of ['/nonexistent', '/etc'])
          await assert.rejects(docker.exec.run(id, [command], { tty }), (error: unknown) => {
            assert.ok(isDockerMtlsError(error, 'ERR_API_EXEC_FAILED'), `${command}: ${String(error)}`)
            assert.match(error.message, /can't start the command \(exit code 12[57]\): "Error: [^\n]*OCI runtime/)
            assert.match(error.todo, /executable file in the container/)
            return true
          })
      for (const script of ['exit 127', 'echo Error: no OCI runtime error >&2; exit 127'])
        assert.equal((await docker.exec.run(id, ['sh', '-c', script])).exitCode, 127)
      const printed = 'echo Error: x: OCI runtime error; exit 3'
      assert.equal((await docker.exec.run(id, ['sh', '-c', printed])).exitCode, 3)
    })

    test('by a name in use', async (t) => {
      const { Id } = await docker.containers.create({ Image: IMAGE }, { name: 'taken' })
      t.after(() => docker.containers.remove(Id))
      await assert.rejects(docker.containers.create({ Image: IMAGE }, { name: 'taken' }), { code: 'ERR_API_CONFLICT' })
    })

    test('by the short name of an image, although its answers have long ones', async (t) => {
      for (const name of ['other:1', 'other', 'example.com:5000/team/app:1.2']) {
        await docker.images.tag(IMAGE, name)
        t.after(() => docker.images.remove(name))
        const { changed, id } = await docker.images.ensure(name)
        assert.deepEqual([changed, id], [false, (await docker.images.inspect(IMAGE)).Id])
      }
      const { RepoTags } = await docker.images.inspect('other')
      assert.deepEqual(RepoTags?.toSorted(), [
        'docker.io/library/busybox:made-here',
        'docker.io/library/other:1',
        'docker.io/library/other:latest',
        'example.com:5000/team/app:1.2',
      ])
      assert.equal((await docker.images.list({ filters: { reference: ['other'] } })).length, 1)
    })
  })
})
