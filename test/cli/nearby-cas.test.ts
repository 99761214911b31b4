import assert from 'node:assert/strict'
import { chown, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, runProcess, type Ran } from './support/run-cli.ts'

interface Place {
  readonly home: string
  /** The working directory, two folders below the home folder. */
  readonly cwd: string
  readonly project: string
  readonly run: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>
}

async function place(t: TestContext): Promise<Place> {
  const root = await realpath(await temporaryFolder(t))
  const home = join(root, 'home')
  const cwd = join(home, 'project/sub')
  await mkdir(cwd, { recursive: true })
  const run: Place['run'] = (argv, env = {}) => runProcess(argv, { cwd, env: { HOME: home, ...env } })
  return { home, cwd, project: join(home, 'project'), run }
}

/** openssl creates CAs with names that docker-mtls refuses. */
const SELF_SIGNED = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-utf8', '-subj', '/CN=x\u202Ey']

/** Creates a CA with this name. */
async function ca(folder: string, commonName: string): Promise<string> {
  await new PkiFolder(folder).ensureAuthority({ commonName })
  return folder
}

interface Report {
  readonly error: { readonly code: string; readonly todo: string; readonly lookedIn: string; readonly nearby: object[] }
}

const report = ({ stdout }: Ran): Report['error'] => {
  const lines = stdout.trim().split('\n')
  return (JSON.parse(lines.length > 1 && stdout.startsWith('{"') ? (lines.at(-1) ?? '') : stdout) as Report).error
}

describe('a command in a folder without a CA', () => {
  test('says where it looked, which CAs are nearby, and how to use the nearest', async (t) => {
    const { home, cwd, project, run } = await place(t)
    const near = await ca(join(project, 'docker-mtls'), 'near CA')
    const far = await ca(join(home, 'docker-mtls'), 'far CA')
    const outside = await ca(join(home, 'data/docker-mtls'), 'home CA')
    const { code, stderr } = await run(['cert', 'list', '--dir', 'keys'], { XDG_DATA_HOME: join(home, 'data') })
    assert.equal(code, 1)
    assert.equal(
      stderr,
      [
        `ERR_CA_MISSING: reading the certificates in keys: there is no CA in ${join(cwd, 'keys')}.`,
        `Use the CA near CA in ${near}:  docker-mtls cert list --dir ${near}  Other CAs: far CA in ${far} and home CA in ${outside}.`,
        '',
      ].join('\n'),
    )
  })

  test('is told the whole folder if --dir names a file or a part of it', async (t) => {
    const { project, run } = await place(t)
    const whole = await ca(join(project, 'docker-mtls'), 'near CA')
    const pki = new PkiFolder(whole)
    await pki.ensureServer(['web'], { host: 'web' })
    await pki.ensureClient('ann')
    const before = await treeOf(whole)
    const commands = [
      'cert client dave',
      'cert ca',
      'cert list',
      'client rm ann --yes',
      'client export ann --out ann.tar',
      'client env ann',
    ]
    const rows = commands.map((line) => [line, '--dir'] as const)
    const parts = { file: ['ca/ca.pem'], part: ['ca', 'clients', 'clients/ann', 'hosts', 'hosts/web'] }
    for (const [line, flag] of [...rows, ['init web02', '--out'] as const]) {
      for (const path of line === 'cert ca' ? [...parts.file, ...parts.part.slice(1)] : ['ca/ca.pem', 'clients/ann']) {
        const { code, stderr } = await run([...line.split(' '), flag, join(whole, path)])
        assert.equal(code, 1)
        const got = path === 'ca/ca.pem' ? 'it is a file, not a folder' : `it is a part of the folder ${whole}`
        assert.ok(stderr.startsWith(`ERR_CA_MISSING: using the folder ${join(whole, path)}: ${got}.\n`), stderr)
        const [, todo = ''] = stderr.split('\n')
        assert.ok(todo.startsWith(`Use the CA near CA in ${whole}:  docker-mtls `), todo)
        assert.ok(todo.includes(` ${flag} ${whole} `) || todo.endsWith(` ${flag} ${whole}`), todo)
        assert.doesNotMatch(stderr, /move|Name the folder/)
      }
    }
    assert.deepEqual(await treeOf(whole), before)
    // A folder of that name elsewhere is a folder like any other.
    assert.equal((await run(['cert', 'ca', '--dir', join(project, 'other/clients')])).code, 0)
    const alone = await run(['cert', 'ca', '--dir', '/dev/null'], { HOME: '/nonexistent' })
    assert.match(alone.stderr, /^ERR_CA_MISSING: .*\/dev\/null: it is a file, not a folder\.\n/)
  })

  test('can be told so with the printed command', async (t) => {
    const { project, run } = await place(t)
    await ca(join(project, 'docker-mtls'), 'near CA')
    const { stderr } = await run(['cert', 'client', 'alice', '--days', '30', '--dir=keys'])
    const line = /: {2}docker-mtls (cert client .*)$/m.exec(stderr)?.[1] ?? ''
    assert.equal(line, `cert client --dir ${join(project, 'docker-mtls')} alice --days 30`)
    assert.equal((await run(line.split(' '))).code, 0)
  })

  test('finds the CA of the working directory, and of the folder that was named', async (t) => {
    const { cwd, project, run } = await place(t)
    await ca(cwd, 'own CA')
    assert.deepEqual(report(await run(['cert', 'list', '--json'])).nearby, [{ folder: cwd, name: 'own CA' }])
    await rm(join(cwd, 'ca'), { recursive: true })
    const inner = await ca(join(project, 'other/docker-mtls'), 'inner CA')
    const named = report(await run(['cert', 'list', '--json', '--dir', '../other']))
    assert.deepEqual([named.lookedIn, named.nearby], [join(project, 'other'), [{ folder: inner, name: 'inner CA' }]])
    const deeper = report(await run(['cert', 'list', '--json', '--dir', '../other/docker-mtls/ca']))
    assert.deepEqual(deeper.nearby, [{ folder: inner, name: 'inner CA' }])
  })

  test('with certificates says as well how to restore the lost CA', async (t) => {
    const { project, run } = await place(t)
    await ca(join(project, 'docker-mtls'), 'near CA')
    await run(['init', 'build01', '--client', 'ann', '--out', 'lost'])
    await rm(join(project, 'sub/lost/ca'), { recursive: true })
    const { stderr } = await run(['init', 'build01', '--out', 'lost'])
    assert.match(
      stderr,
      /^ERR_CA_MISSING: .*\nUse the CA near CA in .* {2}Check that this is the right folder, and restore /m,
    )
    const listed = await run(['cert', 'list', '--dir', 'lost'])
    assert.match(listed.stderr, /\nUse the CA near CA in \S+: {2}docker-mtls cert list --dir \S+\n$/)
  })

  test('looks no further than the home folder', async (t) => {
    const { home, run } = await place(t)
    await ca(join(home, '../docker-mtls'), 'CA of somebody else')
    const { stderr } = await run(['cert', 'list'])
    assert.match(stderr, /there is no CA in .*\/project\/sub\/docker-mtls\.\nCheck that/)
    assert.deepEqual(report(await run(['cert', 'list', '--json'])).nearby, [])
    const outside = report(await run(['cert', 'list', '--json'], { HOME: '/nonexistent' }))
    assert.equal(outside.nearby.length, 1)
  })

  test('ignores what is no CA, and CAs of other users', { skip: process.getuid?.() !== 0 }, async (t) => {
    const { home, project, run } = await place(t)
    const folder = join(project, 'docker-mtls/ca')
    await mkdir(folder, { recursive: true })
    for (const name of ['ca.pem', 'ca-key.pem']) await writeFile(join(folder, name), 'no PEM')
    const foreign = await ca(join(home, 'docker-mtls'), 'foreign CA')
    await chown(join(foreign, 'ca/ca.pem'), 4711, 4711)
    assert.deepEqual(report(await run(['cert', 'list', '--json'])).nearby, [])
    const bySudo = report(await run(['cert', 'list', '--json'], { SUDO_UID: '4711' }))
    assert.deepEqual(bySudo.nearby, [{ folder: foreign, name: 'foreign CA' }])
  })

  test('escapes the name and the folder of a CA', async (t) => {
    const { home, run } = await place(t)
    const folder = await ca(join(home, 'a\u202Eb/docker-mtls'), 'CA')
    const own = ['-keyout', join(folder, 'ca/ca-key.pem'), '-out', join(folder, 'ca/ca.pem')]
    const made = await runCommand('openssl', [...SELF_SIGNED, ...own])
    assert.equal(made.code, 0, made.stderr)
    const { stderr } = await run(['cert', 'list'], { DOCKER_MTLS_HOME: '', XDG_DATA_HOME: join(home, 'a\u202Eb') })
    assert.match(stderr, /^Using the folder .*\/a<U\+202E>b\/docker-mtls/)
    await mkdir(join(home, 'project/sub/docker-mtls'))
    const missing = await run(['cert', 'list'], { XDG_DATA_HOME: join(home, 'a\u202Eb') })
    assert.match(missing.stderr, /Use the CA x<U\+202E>y in .*\/a<U\+202E>b\/docker-mtls:/)
    assert.ok(!`${stderr}${missing.stderr}`.includes('\u202E'))
  })

  test('is every command that needs a CA', async (t) => {
    const { home, cwd, project, run } = await place(t)
    const near = await ca(join(project, 'docker-mtls'), 'near CA')
    const { request } = await requestClient({ name: 'ann', folder: join(home, 'ann') })
    for (const argv of [
      ['cert', 'server', 'build01'],
      ['cert', 'client', 'bob'],
      ['cert', 'list'],
      ['cert', 'renew'],
      ['cert', 'renew', 'alice'],
      ['cert', 'adopt'],
      ['cert', 'schedule'],
      ['cert', 'rotate-ca', '--status'],
      ['cert', 'rotate-ca'],
      ['cert', 'sign', request],
      ['client', 'env', 'alice'],
      ['client', 'export', 'alice', '--out', join(home, 'alice.tar')],
      ['client', 'export', 'alice', '--p12', '--out', join(home, 'alice.p12')],
      ['context', 'create', 'build01', '--client', 'alice'],
      ['cert', 'ca'],
      ['init', 'build01', '--client', 'alice'],
      ['setup', 'ssh://root@build01', '--yes'],
    ]) {
      const { code, stderr } = await run(argv)
      const [first, second] = stderr.split('\n')
      const what = `${argv.join(' ')}: ${stderr}`
      assert.equal(code, 1, what)
      assert.match(first ?? '', /^ERR_(?:CA_MISSING|CA_NEARBY|CLIENT_NOT_FOUND): /, what)
      assert.ok(first?.includes(join(cwd, 'docker-mtls')), what)
      const words = argv[0] === 'init' || argv[0] === 'setup' ? 1 : 2
      const flag = argv[0] === 'init' ? '--out' : '--dir'
      const line = [...argv.slice(0, words), flag, near, ...argv.slice(words)].join(' ')
      const remedy = `Use the CA near CA in ${near}:  docker-mtls ${line}`
      // A command that creates a CA says how to do so in spite of the other.
      if (first?.startsWith('ERR_CA_NEARBY')) assert.ok(second?.startsWith(`${remedy}  If you want a second CA`), what)
      else assert.equal(second, remedy)
    }
    assert.deepEqual(await readdir(cwd), [])
  })
})

describe('a second CA', () => {
  for (const argv of [
    ['cert', 'ca'],
    ['cert', 'ca', '--yes'],
    ['init', 'build01', '--client', 'alice'],
  ]) {
    test(`is not created in silence by ${argv.join(' ')}`, async (t) => {
      const { cwd, project, run } = await place(t)
      await ca(join(project, 'docker-mtls'), 'near CA')
      const { code, stderr } = await run(argv)
      assert.match(stderr, /^ERR_CA_NEARBY: creating a CA in .*\/sub\/docker-mtls: there is a CA nearby, near CA in /)
      assert.match(stderr, new RegExp(`If you want a second CA, name its folder: {2}--(?:dir|out) docker-mtls`))
      assert.deepEqual([code, await readdir(cwd)], [1, []])
    })
  }

  test('is created in a folder that the command line names, with a warning', async (t) => {
    const { cwd, project, run } = await place(t)
    const near = await ca(join(project, 'docker-mtls'), 'near CA')
    const { code, stderr } = await run(['cert', 'ca', '--dir', 'docker-mtls'])
    const warning = `Warning: ${join(cwd, 'docker-mtls')} has no CA and gets a new one, beside the CA near CA in ${near}.\n`
    assert.deepEqual([code, stderr], [0, warning])
    assert.equal((await run(['init', 'build01', '--client', 'alice'])).stderr.includes('beside'), false)
  })

  for (const [answer, code, files] of [
    ['no', 1, []],
    ['yes', 0, ['docker-mtls']],
  ] as const) {
    test(`is a question in a terminal: ${answer}`, async (t) => {
      const { home, cwd, project } = await place(t)
      await ca(join(project, 'docker-mtls'), 'near CA')
      const before = process.cwd()
      t.after(() => process.chdir(before))
      process.chdir(cwd)
      const ran = await runCli(['cert', 'ca'], { env: { HOME: home }, tty: true, typed: [`${answer}\n`] })
      assert.match(
        ran.stderr,
        /^Create a new CA in .*\/sub\/docker-mtls, beside the CA near CA in .*\? \(yes or no\): /,
      )
      assert.deepEqual([ran.code, await readdir(cwd)], [code, files], ran.stderr)
    })
  }

  test('is no question in a terminal with --yes, which is about other changes', async (t) => {
    const { home, cwd, project } = await place(t)
    await ca(join(project, 'docker-mtls'), 'near CA')
    const before = process.cwd()
    t.after(() => process.chdir(before))
    process.chdir(cwd)
    const ran = await runCli(['cert', 'ca', '--yes'], { env: { HOME: home }, tty: true, typed: ['yes\n'] })
    assert.match(ran.stderr, /ERR_CA_NEARBY/)
    assert.deepEqual([ran.code, await readdir(cwd)], [1, []])
  })

  test('is shown by setup --dry-run, which creates none', async (t) => {
    const { cwd, project, run } = await place(t)
    await ca(join(project, 'docker-mtls'), 'near CA')
    const { stderr } = await run(['setup', 'ssh://root@127.0.0.1:1', '--dry-run'])
    assert.match(stderr, /^Warning: .*\/sub\/docker-mtls has no CA and gets a new one, beside the CA near CA in /)
    assert.deepEqual(await readdir(cwd), [])
  })

  test('is no question in a fresh folder, or for a CA that exists', async (t) => {
    const { run } = await place(t)
    for (const argv of [
      ['cert', 'ca'],
      ['cert', 'ca'],
      ['init', 'build01', '--client', 'alice'],
    ]) {
      const { code, stderr } = await run(argv)
      assert.equal(code, 0, stderr)
      assert.doesNotMatch(stderr, /beside the CA/)
    }
  })
})
