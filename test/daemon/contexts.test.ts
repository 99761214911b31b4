import assert from 'node:assert/strict'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect } from '../../lib/index.ts'
import { contextPaths } from '../../lib/endpoint/context-layout.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { makeZip } from '../contexts/support/archives.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { testedEngine } from './harness/engine.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'openssl', 'ip')

/** A person's machine, with docker and docker-mtls on it. */
class Machine {
  readonly home: string

  constructor(home: string) {
    this.home = home
  }

  static async make(t: Cleanable): Promise<Machine> {
    return new Machine(await temporaryFolder(t))
  }

  get config(): string {
    return join(this.home, '.docker')
  }

  docker(...args: string[]): Promise<CommandResult> {
    return runCommand('docker', args, { cwd: this.home, env: { HOME: this.home } })
  }

  async ours(...args: string[]): Promise<void> {
    const { code, stderr } = await runCli(['context', ...args], { env: { HOME: this.home } })
    assert.equal(code, 0, stderr)
  }

  async theirs(...args: string[]): Promise<void> {
    const { code, stderr } = await this.docker('context', ...args)
    assert.equal(code, 0, stderr)
  }

  /** What each makes of a context. */
  async versions(name: string): Promise<string[]> {
    const theirs = await this.docker('--context', name, 'version', '--format', '{{.Server.APIVersion}}')
    const docker = await connect({ context: name }, { HOME: this.home })
    try {
      return [theirs.stdout.trim() || theirs.stderr, (await docker.version()).ApiVersion]
    } finally {
      await docker.close()
    }
  }
}

describe('contexts, between the docker command and us, at a real daemon', { skip }, () => {
  let daemon: SecuredDaemon
  let create: string[]
  let endpoint: string
  before(async () => {
    daemon = await startSecuredDaemon()
    const { ca, cert, key, folder } = daemon.client
    create = ['create', 'prod', '--host', daemon.host, '--cert-path', folder]
    endpoint = `host=${daemon.host},ca=${ca},cert=${cert},key=${key}`
  })
  after(() => daemon.stop())

  test('docker takes ours at once', async (t) => {
    const machine = await Machine.make(t)
    await machine.ours(...create, '--description', 'a "b" <c>')
    assert.deepEqual(await machine.versions('prod'), [testedEngine().api, testedEngine().api])
    await machine.theirs('use', 'prod')
    const { stdout } = await machine.docker('version', '--format', '{{.Server.APIVersion}}')
    assert.equal(stdout, `${testedEngine().api}\n`)
    const { stdout: list } = await machine.docker(
      'context',
      'ls',
      '--format',
      '{{.Name}}|{{.Current}}|{{.Description}}|{{.DockerEndpoint}}',
    )
    assert.match(list, new RegExp(`^prod\\|true\\|a "b" <c>\\|${daemon.host}$`, 'm'))
  })

  test('we take what docker makes', async (t) => {
    const machine = await Machine.make(t)
    await machine.theirs('create', 'prod', '--docker', endpoint)
    assert.deepEqual(await machine.versions('prod'), [testedEngine().api, testedEngine().api])
    const { stdout } = await runCli(['context', 'ls'], { env: { HOME: machine.home } })
    assert.match(stdout, new RegExp(`^ +prod +${daemon.host} +good$`, 'm'))
  })

  test('both keep a context in the same files, with the same modes or narrower ones', async (t) => {
    const [one, other] = [await Machine.make(t), await Machine.make(t)]
    await one.ours(...create)
    await other.theirs('create', 'prod', '--docker', endpoint)
    const [ours, theirs] = [await treeOf(one.config), await treeOf(other.config)]
    assert.deepEqual(Object.keys(ours), Object.keys(theirs))
    const [our, their] = [modesOf(ours), modesOf(theirs)]
    for (const [path, mode] of Object.entries(our)) {
      const wider = Number.parseInt(mode, 8) & ~Number.parseInt(their[path] ?? '', 8)
      assert.equal(wider, 0, `${path}: ${mode}, and docker's is ${their[path]}`)
    }
    const meta = (machine: Machine): Promise<string> => readFile(contextPaths(machine.config, 'prod').meta, 'utf8')
    assert.equal(await meta(one), await meta(other))
  })

  const ways: readonly (readonly [string, 'ours' | 'theirs', 'ours' | 'theirs'])[] = [
    ['docker exports, we import', 'theirs', 'ours'],
    ['we export, docker imports', 'ours', 'theirs'],
    ['we do both', 'ours', 'ours'],
  ]
  for (const [what, from, to] of ways) {
    test(`${what}, and both use it`, async (t) => {
      const [desk, laptop] = [await Machine.make(t), await Machine.make(t)]
      await desk.ours(...create, '--description', 'x')
      const file = join(desk.home, 'prod.dockercontext')
      await desk[from]('export', 'prod', file)
      await laptop[to]('import', 'copy', file)
      assert.deepEqual(await laptop.versions('copy'), [testedEngine().api, testedEngine().api])
      const { stdout } = await laptop.docker('context', 'ls', '--format', '{{.Name}}: {{.Description}}')
      assert.match(stdout, /^copy: x$/m)
    })
  }

  test('a zip is imported by both alike', async (t) => {
    const desk = await Machine.make(t)
    await desk.ours(...create)
    const { meta, credentials } = contextPaths(desk.config, 'prod')
    const files = ['ca.pem', 'cert.pem', 'key.pem']
    const zip = makeZip([
      { name: 'meta.json', content: await readFile(meta) },
      ...(await Promise.all(
        files.map(async (name) => ({ name: `tls/docker/${name}`, content: await readFile(join(credentials, name)) })),
      )),
    ])
    const file = join(desk.home, 'prod.zip')
    await writeFile(file, zip)
    await desk.ours('import', 'copy1', file)
    await desk.theirs('import', 'copy2', file)
    assert.deepEqual(await desk.versions('copy1'), [testedEngine().api, testedEngine().api])
    assert.deepEqual(await desk.versions('copy2'), [testedEngine().api, testedEngine().api])
  })

  test('a failed import leaves docker a context without TLS, and us none', async (t) => {
    const [theirs, ours] = [await Machine.make(t), await Machine.make(t)]
    await theirs.theirs('create', 'prod', '--docker', endpoint)
    const file = join(theirs.home, 'prod.dockercontext')
    await theirs.theirs('export', 'prod', file)
    const cut = join(theirs.home, 'cut')
    await writeFile(cut, (await readFile(file)).subarray(0, 3000))
    assert.notEqual((await theirs.docker('context', 'import', 'copy', cut)).code, 0)
    assert.match((await theirs.docker('context', 'ls', '--format', '{{.Name}}')).stdout, /^copy$/m)
    assert.equal((await runCli(['context', 'import', 'copy', cut], { env: { HOME: ours.home } })).code, 1)
    assert.doesNotMatch((await ours.docker('context', 'ls', '--format', '{{.Name}}')).stdout, /^copy$/m)
    const { stdout, stderr } = await runCli(['context', 'ls'], { env: { HOME: theirs.home } })
    assert.match(stdout, /^ +copy .* refused$/m)
    assert.match(stderr, /docker-mtls refuses copy: it has neither certificates nor a key/)
  })

  test('what docker would import, and we refuse: no verification, no TLS', async (t) => {
    const machine = await Machine.make(t)
    await machine.theirs('create', 'skip', '--docker', `${endpoint},skip-tls-verify=true`)
    await machine.theirs('create', 'plain', '--docker', `host=${daemon.host}`)
    for (const name of ['skip', 'plain']) {
      const file = join(machine.home, name)
      await machine.theirs('export', name, file)
      const found = await treeOf(machine.config)
      for (const argv of [
        ['import', 'copy', file],
        ['export', name, join(machine.home, 'out')],
      ]) {
        const { code, stderr } = await runCli(['context', ...argv], { env: { HOME: machine.home } })
        assert.equal(code, 1)
        assert.match(stderr, /^ERR_CONTEXT_INSECURE: /)
      }
      assert.deepEqual(await treeOf(machine.config), found)
    }
  })

  test('what is removed by one is gone for the other, the current one included', async (t) => {
    const machine = await Machine.make(t)
    await machine.ours(...create)
    await machine.theirs('use', 'prod')
    await machine.ours('rm', 'prod', '--yes', '--force')
    assert.equal((await machine.docker('context', 'show')).stdout, 'default\n')
    await machine.ours(...create)
    await machine.theirs('rm', 'prod')
    const { stderr } = await runCli(['context', 'rm', 'prod', '--yes'], { env: { HOME: machine.home } })
    assert.match(stderr, /^ERR_CONTEXT_NOT_FOUND: /)
  })

  test('names: docker and we take and refuse the same ones', async (t) => {
    const machine = await Machine.make(t)
    const names = [
      'ab',
      'a1',
      '1a',
      'a_b',
      'a.b',
      'a-b',
      'a+b',
      'A'.repeat(200),
      'a',
      '_a',
      '.a',
      '-a',
      '+a',
      'a b',
      'a/b',
      '../a',
      'default',
      'a:b',
      'a\nb',
      '\u00e9\u00e9',
    ]
    for (const name of names) {
      const theirs = await machine.docker('context', 'create', '--docker', 'host=unix:///x', '--', name)
      const twin = join(machine.home, 'twin')
      await mkdir(twin, { recursive: true })
      const { code } = await runCli(['context', 'create', '--host', 'unix:///x', '--force', '--', name], {
        env: { HOME: twin },
      })
      assert.equal(code === 0, theirs.code === 0, `${JSON.stringify(name)}: docker ${theirs.code}, we ${code}`)
    }
  })

  test('what a killed create or import leaves, docker never uses without TLS', async (t) => {
    const machine = await Machine.make(t)
    await machine.ours(...create)
    const { meta } = contextPaths(machine.config, 'prod')
    // The moment between TLS credentials and metadata, which test/contexts/store.test.ts finds among all the others.
    const half = await Machine.make(t)
    await cp(join(machine.config, 'contexts/tls'), join(half.config, 'contexts/tls'), { recursive: true })
    await mkdir(join(half.config, 'contexts/meta', meta.split('/').at(-2) ?? ''), { recursive: true })
    assert.doesNotMatch((await half.docker('context', 'ls')).stdout, /prod/)
    const { code, stderr } = await half.docker('--context', 'prod', 'version')
    assert.notEqual(code, 0)
    assert.match(stderr, /context "prod": context not found/)
    await half.ours(...create)
    assert.deepEqual(await half.versions('prod'), [testedEngine().api, testedEngine().api])
  })
})
