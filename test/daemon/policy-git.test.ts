import assert from 'node:assert/strict'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { pack } from 'tar-stream'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { runCommand } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startService, type Service } from './harness/service.ts'
import { startSshd, type Sshd } from './harness/sshd.ts'
import { sendAttack, type Answered } from './support/policy/corpus.ts'
import { until } from './support/until.ts'

const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'
const skip = lacks('namespaces', 'dockerd', 'docker', BUILDX, 'git', 'ssh', 'sshd')

const SECRET = 'only-for-root-of-the-host'

async function git(folder: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x', '-c', 'safe.directory=*']
  const { code, stdout, stderr } = await runCommand('git', [...identity, ...args], { cwd: folder })
  assert.equal(code, 0, `git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

async function succeed(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(program, args)
  assert.equal(code, 0, stderr)
}

/** A repository with these files, and the commit. */
async function makeRepository(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  await git(folder, 'init', '--quiet', '--initial-branch=master')
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  await git(folder, 'add', '.')
  await git(folder, 'commit', '--quiet', '-m', 'x')
  return git(folder, 'rev-parse', 'HEAD')
}

const build = (remote: string, version: string): { name: string; line: string } => ({
  name: '',
  line: `POST /build?version=${version}&rm=1&networkmode=none&remote=${encodeURIComponent(remote)}`,
})

describe('builds from repositories, on a host whose root has an SSH key', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let sshd: Sshd
  let repositories: Service
  let web: Server
  let ann: Client
  let folder: string
  let gitPort: number

  before(async () => {
    const place = await chooseDaemonPlace()
    folder = place.folder
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    const image = await makeImage(daemon)
    sshd = await startSshd({ dockerHost: place.listen[0], users: [{ name: 'git' }], port: 22 })
    const dockerfile = `FROM ${image}\nCOPY . /src\nRUN cat /src/secret /src/sub/secret || true\n`
    const secrets = join(sshd.clientFolder, '../../git/secret.git')
    const commit = await makeRepository(secrets, { secret: `${SECRET}\n`, Dockerfile: dockerfile })
    await runCommand('chown', ['-R', 'git', secrets])
    // Anybody can make such a repository, and serve it.
    const served = join(folder, 'served')
    const module = '[submodule "sub"]\n\tpath = sub\n\turl = git@127.0.0.1:secret.git\n'
    await makeRepository(join(served, 'app.git'), { '.gitmodules': module, Dockerfile: dockerfile })
    await git(join(served, 'app.git'), 'update-index', '--add', '--cacheinfo', `160000,${commit},sub`)
    await git(join(served, 'app.git'), 'commit', '--quiet', '-m', 'x')
    await git(join(served, 'app.git'), 'update-server-info')
    await writeFile(join(served, 'Dockerfile'), `FROM ${image}\nRUN echo plain\n`)
    const tar = pack()
    tar.entry({ name: 'Dockerfile' }, `FROM ${image}\nRUN echo packed\n`)
    tar.finalize()
    await writeFile(join(served, 'context.tar'), await buffer(tar))
    gitPort = await freePort()
    const args = ['daemon', '--export-all', '--listen=127.0.0.1', `--port=${gitPort}`, `--base-path=${served}`, served]
    const state = join(folder, 'git-daemon')
    await mkdir(state)
    repositories = await startService({ program: 'git', args, folder: state, port: gitPort })
    web = createServer((request, response) => {
      const path = (request.url ?? '').replace(/\?.*/, '').replace('/app.git/', '/app.git/.git/')
      readFile(join(served, path)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      )
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    ann = await newClient('ann')
    await writeClient(join(folder, 'ann'), ann)
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: place.socketPath },
      policy: definePolicy({ version: 1, rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }] }),
    })
  })
  after(async () => {
    await gateway?.close()
    web?.close()
    await repositories?.stop()
    await daemon?.stop()
    await sshd?.stop()
  })

  const port = (): number => ('port' in gateway.address ? gateway.address.port : 0)
  const site = (): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}`

  const throughGateway = (remote: string, version: string): Promise<Answered> => {
    const tls = { servername: 'localhost', cert: ann.cert, key: ann.key, ca: ann.ca }
    return sendAttack(connectTls({ host: '127.0.0.1', port: port(), ...tls }), build(remote, version))
  }
  const directly = (remote: string, version: string): Promise<Answered> =>
    sendAttack(connectSocket(daemon.place.socketPath), build(remote, version))
  const logins = (): number => sshd.log().split('Accepted publickey for git').length - 1

  for (const [name, remote] of [
    ['over SSH', () => 'git@127.0.0.1:secret.git'],
    ['over HTTP, with a submodule over SSH', () => `${site()}/app.git`],
    ['over the protocol of git, with such a submodule', () => `git://127.0.0.1:${gitPort}/app.git`],
  ] as const)
    test(`a repository ${name}: refused, and dockerd alone fetches it with the key of root`, async () => {
      const earlier = logins()
      for (const version of ['1', '2'])
        assert.match((await throughGateway(remote(), version)).text, /x-docker-mtls-reason: BUILD_OPTION/i)
      assert.equal(logins(), earlier)
      const { text } = await directly(remote(), '1')
      assert.ok(text.includes(SECRET), text)
      // sshd writes its log when it gets to it.
      await until('a login of dockerd', () => Promise.resolve(logins() > earlier))
    })

  test('a Dockerfile and an archive over HTTP are built', async () => {
    for (const version of ['1', '2'])
      for (const [file, says] of [
        ['Dockerfile', 'plain'],
        ['context.tar', 'packed'],
      ] as const) {
        const { status, text } = await throughGateway(`${site()}/${file}`, version)
        assert.equal(status, 200, text)
        if (version === '1') assert.match(text, new RegExp(says))
        assert.doesNotMatch(text, /"error"/)
      }
  })

  describe('what is in a Dockerfile nobody sees', () => {
    let context: string
    before(async () => {
      context = join(folder, 'context')
      await mkdir(context)
      const file = `FROM busybox:made-here\nADD git://127.0.0.1:${gitPort}/app.git /src\nRUN cat /src/sub/secret\n`
      await writeFile(join(context, 'Dockerfile'), file)
    })

    async function built(): Promise<string> {
      const certs = join(folder, 'ann')
      const host = { DOCKER_HOST: `tcp://127.0.0.1:${port()}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs }
      const env = { ...host, DOCKER_CONFIG: certs, HOME: certs }
      const args = ['build', '--progress=plain', '--no-cache', '.']
      const { stderr } = await runCommand('docker', args, { env, cwd: context })
      // What was fetched stays otherwise.
      await succeed('docker', ['--host', `unix://${daemon.place.socketPath}`, 'builder', 'prune', '--all', '--force'])
      return stderr
    }

    test('BuildKit fetches a submodule with the key of root', async () => {
      const said = await built()
      assert.ok(said.includes(SECRET), said)
    })

    test('but with none that ssh does not try by itself, or that has a passphrase', async () => {
      const key = join(sshd.clientFolder, 'id_ed25519')
      const config = join(sshd.clientFolder, 'config')
      const renamed = join(sshd.clientFolder, 'deploy')
      await rename(key, renamed)
      await writeFile(config, `IdentityFile ${renamed}\n`)
      // Root itself goes on as before.
      await succeed('ssh', ['git@127.0.0.1', 'true'])
      assert.match(await built(), /Permission denied \(publickey\)/)
      await rm(config)
      await rename(renamed, key)
      await succeed('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', key])
      assert.match(await built(), /Permission denied \(publickey\)/)
    })
  })
})
