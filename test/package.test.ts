import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as audit from '../lib/audit.ts'
import * as daemon from '../lib/daemon.ts'
import * as gateway from '../lib/gateway.ts'
import * as interop from '../lib/interop.ts'
import * as main from '../lib/index.ts'
import * as pki from '../lib/pki.ts'
import * as policy from '../lib/policy.ts'
import * as probe from '../lib/probe.ts'
import * as provision from '../lib/provision.ts'
import { createAuthority, issueClient, issueServer } from '../lib/pki.ts'
import { runCommand, type CommandResult } from './support/command.ts'
import { assertLicenses, installedPackages, neededTypes } from './support/package-contents.ts'
import { attempt, install, lockedDependencies, pack, ROOT, run, type Packed } from './support/packed.ts'
import { lacks } from './support/requirements.ts'
import { startPeer } from './support/tls-servers.ts'

const ENTRIES = {
  'docker-mtls': main,
  'docker-mtls/pki': pki,
  'docker-mtls/daemon': daemon,
  'docker-mtls/provision': provision,
  'docker-mtls/probe': probe,
  'docker-mtls/audit': audit,
  'docker-mtls/policy': policy,
  'docker-mtls/interop': interop,
  'docker-mtls/gateway': gateway,
}

let folder: string
let packed: Packed
let project: string
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'package-')))
  packed = await pack(folder)
  project = await install(packed, folder)
})
after(() => rm(folder, { recursive: true, force: true }))

async function pagesIn(path: string): Promise<string[]> {
  return (await readdir(join(ROOT, path))).filter((name) => name.endsWith('.md')).map((name) => `${path}/${name}`)
}

/** Code for every entry point and what they share, the types that they need, and nothing else. */
async function expectedFiles(): Promise<string[]> {
  const names = ['index', 'pki', 'daemon', 'provision', 'probe', 'audit', 'policy', 'interop', 'gateway', 'cli/main']
  const entries = names.map((name) => `dist/${name}.js`)
  const types = await neededTypes(
    join(project, 'node_modules/docker-mtls'),
    names.slice(0, -1).map((name) => `dist/${name}.d.ts`),
  )
  // Their names have a hash of what is in them.
  const shared = packed.files
    .map(({ path }) => path)
    .filter((path) => /^dist\/(?:chunks|cli)\/[\w-]+\.js$/.test(path))
    .filter((path) => path !== 'dist/cli/main.js')
  assert.ok(shared.length > 0, 'nothing is shared')
  const papers = ['README.md', 'LICENSE', 'SECURITY.md']
  // Only maintainers need the first one. The audit has the second as D-UNREACHED.
  const left = new Set(['docs/releasing.md', 'docs/vulnerabilities.md'])
  const pages = [...(await pagesIn('docs')), ...(await pagesIn('docs/checks'))].filter((path) => !left.has(path))
  const licenses = 'dist/bundled-licenses.txt'
  return [
    ...types,
    ...entries,
    ...shared,
    'dist/cli/known-commands.json',
    'dist/cli/package.json',
    licenses,
    ...papers,
    ...pages,
    'package.json',
  ].toSorted()
}

/** A program in the project: a module, or a script that requires. */
async function program(name: `${string}.mjs` | `${string}.cjs`, text: string, ...args: string[]): Promise<string> {
  await writeFile(join(project, name), text)
  return run(project, process.execPath, '--no-warnings', name, ...args)
}

describe('the tarball', () => {
  test('has the code and types of the entry points, the papers, and nothing else', async () => {
    assert.deepEqual(packed.files.map(({ path }) => path).toSorted(), await expectedFiles())
  })

  test('runs only its command', () => {
    const runnable = packed.files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path)
    assert.deepEqual(runnable, ['dist/cli/main.js'])
    assert.ok(packed.files.every(({ mode }) => (mode & 0o022) === 0 && (mode & 0o444) === 0o444))
  })

  test('names no folder of this machine, and holds no key', async () => {
    const installed = join(project, 'node_modules/docker-mtls')
    for (const { path } of packed.files) {
      const text = await readFile(join(installed, path), 'utf8')
      for (const here of [ROOT, folder, homedir() === '/' ? folder : `${homedir()}/`]) {
        assert.equal(text.includes(here), false, `${path} names ${here}`)
      }
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\\?n?\s*[A-Za-z0-9+/]{32}/, path)
    }
  })

  test('brings nothing that is built or run while it is installed', async () => {
    const { scripts } = JSON.parse(await readFile(join(project, 'node_modules/docker-mtls/package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
    assert.deepEqual(
      hooks.filter((hook) => hook in scripts),
      [],
    )
    const building = Object.entries(await lockedDependencies()).filter(([, { hasInstallScript }]) => hasInstallScript)
    assert.deepEqual(building, [])
  })

  test('names the packages whose code it contains, each with its version and its licence', async () => {
    const text = await readFile(join(project, 'node_modules/docker-mtls/dist/bundled-licenses.txt'), 'utf8')
    await assertLicenses(text)
  })

  test('is well-made in the eyes of publint and arethetypeswrong', async () => {
    await run(folder, 'publint', '--strict', packed.tarball)
    const said = await run(folder, 'attw', packed.tarball, '--profile', 'esm-only', '--format', 'ascii')
    for (const entry of Object.keys(ENTRIES)) assert.ok(said.includes(`"${entry}"\n\nnode16 (from ESM): `), entry)
  })
})

/**
 * What an install may cost, with the types of Node.js that our lock file has: the oldest ones. A project gets the newest ones,
 * which are 0.3 MB larger.
 */
const MOST = { packages: 15, bytes: 18_100_000 }

describe('installed elsewhere', () => {
  test('it brings few packages, and is small', async () => {
    const packages = await installedPackages(project)
    const said = packages.map(({ name, bytes }) => `${name} ${bytes}`).join(', ')
    assert.match(said, /\bdocker-mtls \d.*\bundici \d/)
    assert.ok(packages.length <= MOST.packages, `${packages.length} packages: ${said}`)
    const total = packages.reduce((sum, { bytes }) => sum + bytes, 0)
    assert.ok(total <= MOST.bytes, `${total} bytes: ${said}`)
  })

  for (const [entry, exported] of Object.entries(ENTRIES)) {
    test(`${entry} is imported and required, as one and the same`, async () => {
      const text = `
        const { createRequire } = await import('node:module')
        const required = createRequire(import.meta.url)('${entry}')
        const imported = await import('${entry}')
        const names = Object.keys(imported).filter((name) => imported[name] === required[name])
        console.log(JSON.stringify(names))`
      assert.deepEqual(JSON.parse(await program('same.mjs', text)), Object.keys(exported).toSorted())
      const script = `console.log(JSON.stringify(Object.keys(require('${entry}')).filter((name) => name !== '__esModule')))`
      assert.deepEqual(
        (JSON.parse(await program('script.cjs', script)) as string[]).toSorted(),
        Object.keys(exported).toSorted(),
      )
    })
  }

  test('classes keep their names: an error is known by it', async () => {
    const text = `
      const api = await import('docker-mtls')
      console.log(JSON.stringify(Object.keys(api).filter((name) => /Error$/.test(name) && api[name].name !== name)))
      const { code, name, stack } = await api.connect({ host: 'tcp://h:2375' }).catch((error) => error)
      console.log(JSON.stringify({ code, name, own: /^EndpointError: /.test(stack) }))`
    const [renamed, thrown] = (await program('names.mjs', text)).trim().split('\n')
    assert.equal(renamed, '[]')
    assert.equal(thrown, '{"code":"ERR_PLAINTEXT_PORT","name":"EndpointError","own":true}')
  })

  test('package.json can be read, and nothing that is not listed', async () => {
    const text = `console.log(require('docker-mtls/package.json').version)`
    assert.equal((await program('version.cjs', text)).trim(), packed.version)
    for (const deep of ['docker-mtls/dist/index.js', 'docker-mtls/transport', 'docker-mtls/dist/transport/tls.js']) {
      const refused = `try { require('${deep}') } catch ({ code }) { console.log(code) }`
      assert.equal((await program('deep.cjs', refused)).trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
    }
  })

  test('a report of an audit has the version of the package', async () => {
    const text = `
      const { renderReport } = require('docker-mtls/audit')
      console.log(JSON.parse(renderReport([], 'json')).tool.version)`
    assert.equal((await program('audit.cjs', text)).trim(), packed.version)
  })

  test('docker-mtls is a command', async () => {
    assert.equal((await run(project, 'npx', '--no-install', 'docker-mtls', '--version')).trim(), packed.version)
    const direct = join(project, 'node_modules/.bin/docker-mtls')
    assert.equal((await run(project, direct, '--version')).trim(), packed.version)
    const { code, stderr } = await attempt(project, direct, '--no-such-option')
    assert.equal(code, 2)
    assert.match(stderr, /no-such-option/)
  })

  test('docker-mtls is a plugin of the docker command', { skip: lacks('docker') }, async () => {
    const plugins = join(folder, 'config/cli-plugins')
    const path = join(plugins, 'docker-mtls')
    const bin = join(project, 'node_modules/.bin/docker-mtls')
    const docker = (...argv: string[]): Promise<CommandResult> =>
      runCommand('docker', argv, { env: { DOCKER_CONFIG: join(folder, 'config'), HOME: folder } })
    const works = async (): Promise<void> => {
      assert.equal((await docker('mtls', '--version')).stdout, `${packed.version}\n`)
      assert.match((await docker('--help')).stdout, /^ {2}mtls\* +Secure a Docker daemon/m)
      const pong = await docker('mtls', 'pong')
      assert.deepEqual(
        [pong.code, pong.stderr.split('\n')[0]],
        [2, 'ERR_USAGE: docker mtls: there is no command pong.'],
      )
    }
    await mkdir(plugins, { recursive: true })
    assert.match(await run(project, bin, 'plugin', 'install', '--dir', plugins), /^created .*docker mtls ping\n$/s)
    await works()
    const text = await readFile(path, 'utf8')
    assert.match(text, /\/node_modules\/\.bin\/docker-mtls'/)
    for (const again of [
      () => run(project, 'npx', '--no-install', 'docker-mtls', 'plugin', 'install', '--dir', plugins),
      async () => (await docker('mtls', 'plugin', 'install')).stdout,
    ]) {
      assert.match(await again(), /^kept /)
      assert.equal(await readFile(path, 'utf8'), text)
    }
    await run(project, bin, 'plugin', 'remove', '--dir', plugins)
    assert.match((await docker('mtls')).stderr, /'mtls' is not a docker command/)

    await symlink(bin, path)
    await works()
    const overLink = await docker('mtls', 'plugin', 'install')
    assert.deepEqual([overLink.code, overLink.stdout], [1, ''])
    assert.match(overLink.stderr, /^ERR_PLUGIN_FOREIGN: .*it is a link to .*docker-mtls\./)
    assert.match((await docker('mtls', 'plugin', 'install', '--force')).stdout, /^replaced /)
    await works()
  })

  test('what npx has in its cache does not become a plugin', async () => {
    const cache = join(folder, '_npx/0a1b')
    await mkdir(cache, { recursive: true })
    await symlink(join(project, 'node_modules'), join(cache, 'node_modules'))
    const bin = join(cache, 'node_modules/.bin/docker-mtls')
    const { code, stderr } = await attempt(folder, bin, 'plugin', 'install', '--dir', folder)
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_PLUGIN_FROM_CACHE: .*\n.*without npx: {2}npm install --global docker-mtls\n$/)
  })

  test('its metadata loads neither commander nor anything else', async () => {
    const coverage = join(folder, 'coverage')
    const script = join(project, 'node_modules/docker-mtls/dist/cli/main.js')
    const env = { NODE_V8_COVERAGE: coverage }
    const { stdout } = await runCommand(process.execPath, [script, 'docker-cli-plugin-metadata'], { env })
    assert.equal((JSON.parse(stdout) as { Version: string }).Version, packed.version)
    const reports = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')))
    const loaded = reports.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result)
    const files = loaded.map(({ url }) => url).filter((url) => url.startsWith('file:'))
    const own = files.map((url) => url.replace(/^.*\/node_modules\/docker-mtls\//, ''))
    assert.match(own.toSorted().join('\n'), /^dist\/cli\/main\.js\ndist\/cli\/[\w-]+\.js$/)
  })

  test('it connects', async (t) => {
    const authority = await createAuthority()
    const { cert, key } = await issueServer(authority, { names: ['localhost'] })
    const client = await issueClient(authority, { name: 'tester' })
    const peer = await startPeer('answers every ping', { cert, key, ca: authority.certificate })
    t.after(() => peer.close())
    const options = { host: `tcp://localhost:${peer.port}`, ca: client.ca, cert: client.cert, key: client.key }
    const text = `
      const { connect } = require('docker-mtls')
      connect(${JSON.stringify(options)}).then(async (docker) => {
        console.log(docker.apiVersion, docker.dispatcher.peer.tlsVersion)
        await docker.close()
      })`
    assert.equal((await program('connect.cjs', text)).trim(), '1.45 TLSv1.3')
  })

  test('it makes certificates and renders a configuration', async () => {
    const text = `
      import { createAuthority, issueServer, inspectCertificate } from 'docker-mtls/pki'
      import { renderOverride } from 'docker-mtls/daemon'
      const { cert } = await issueServer(await createAuthority(), { names: ['build01'] })
      const { names } = inspectCertificate(cert)
      console.log(JSON.stringify(names.dns))
      console.log(renderOverride({ tls: { ca: '/t/ca.pem', cert: '/t/cert.pem', key: '/t/key.pem' } }))`
    const said = await program('server.mjs', text)
    assert.match(said, /^\["build01","localhost"\]\n\[Service\]\nExecStart=\nExecStart=.* --tlsverify /)
  })
})

/** The type tests of the sources, reading the package in their place. */
async function copyTypeTests(): Promise<string[]> {
  const here = join(ROOT, 'test/types')
  const names = (await readdir(here)).filter((name) => name.endsWith('.test-d.ts'))
  for (const name of names) {
    const text = await readFile(join(here, name), 'utf8')
    const entries = {
      index: 'docker-mtls',
      pki: 'docker-mtls/pki',
      daemon: 'docker-mtls/daemon',
      provision: 'docker-mtls/provision',
      probe: 'docker-mtls/probe',
      audit: 'docker-mtls/audit',
      policy: 'docker-mtls/policy',
      interop: 'docker-mtls/interop',
      gateway: 'docker-mtls/gateway',
    }
    const moved = text.replace(/'\.\.\/\.\.\/lib\/(.*?)\.ts'/g, (_, file: string) => {
      assert.ok(file in entries, `${name} imports ${file}`)
      return `'${entries[file as keyof typeof entries]}'`
    })
    await writeFile(join(project, name), moved)
  }
  return names
}

/** As somebody writes it who has installed the package and a compiler, and nothing else. */
const FRESH = `${Object.keys(ENTRIES)
  .map((entry, index) => `import * as entry${index} from '${entry}'\nconsole.log(entry${index})`)
  .join('\n')}
import { connect } from 'docker-mtls'
await using docker = await connect()
for await (const line of (await docker.containers.logs('web')).lines()) console.log(line.length)
`

for (const [name, options] of Object.entries({
  'the defaults of the compiler': {},
  'a bundler, an older target, and no types of its own': {
    module: 'preserve',
    moduleResolution: 'bundler',
    target: 'ES2022',
    lib: ['ES2022'],
    types: [],
  },
})) {
  test(`a first program compiles in a fresh project with ${name}`, async () => {
    const fresh = join(project, `fresh-${name.replaceAll(/\W+/g, '-')}`)
    await mkdir(fresh)
    await writeFile(join(fresh, 'app.mts'), FRESH)
    const compilerOptions = { strict: true, module: 'NodeNext', noEmit: true, ...options }
    await writeFile(join(fresh, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.mts'] }))
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { code, stdout } = await attempt(fresh, process.execPath, compiler, '-p', '.')
    assert.deepEqual([code, stdout], [0, ''])
  })
}

test('a program in TypeScript compiles against its types, and a weaker one does not', async () => {
  const files = await copyTypeTests()
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    // The types of the package itself are to be looked at as well.
    skipLibCheck: false,
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', type: 'module' }))
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { code, stdout } = await attempt(project, process.execPath, compiler, '-p', '.')
  assert.deepEqual([code, stdout], [0, ''])
})
