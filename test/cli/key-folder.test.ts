import assert from 'node:assert/strict'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { newPlace, type Place } from './support/place.ts'
import { runProcess, type Ran } from './support/run-cli.ts'

const made = temporaryFolder().then(async (root) => {
  const folder = join(root, 'keys')
  await initialise({ folder, names: ['build01'], clients: ['alice'], root: '/nonexistent' })
  return folder
})

async function place(t: TestContext): Promise<Place & { readonly data: string }> {
  const found = await newPlace(t)
  return { ...found, data: join(found.home, '.local/share/docker-mtls') }
}

const copyTo = async (folder: string): Promise<void> => cp(await made, folder, { recursive: true })

async function folderOf(ran: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await ran
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout) as { folder: string }).folder
}

describe('the folder of a command', () => {
  const LIST = ['cert', 'list', '--json']

  test('is --dir, DOCKER_MTLS_HOME, ./docker-mtls, then the data folder', async (t) => {
    const { cwd, data, home, run } = await place(t)
    const [here, named, other] = [join(cwd, 'docker-mtls'), join(home, 'named'), join(home, 'other')]
    for (const folder of [here, named, other, data]) await copyTo(folder)
    const env = { DOCKER_MTLS_HOME: named }
    assert.equal((await run(['client', 'env', 'alice'], env)).code, 0)
    assert.equal(await folderOf(run([...LIST, '--dir', other], env)), other)
    assert.equal(await folderOf(run(LIST, env)), named)
    assert.equal(await folderOf(run([...LIST, '--home'], env)), named)
    assert.equal(await folderOf(run([...LIST, '--home'])), data)
    assert.equal(await folderOf(run(LIST, { DOCKER_MTLS_HOME: '' })), here)
    await rm(here, { recursive: true })
    assert.equal(await folderOf(run(LIST, { DOCKER_MTLS_HOME: '' })), data)
    assert.equal(await folderOf(run(LIST)), data)
  })

  test('is in XDG_DATA_HOME, unless that is a relative path', async (t) => {
    const { cwd, data, home, run } = await place(t)
    await copyTo(join(home, 'data/docker-mtls'))
    await copyTo(join(cwd, 'data/docker-mtls'))
    await copyTo(data)
    assert.equal(await folderOf(run(LIST, { XDG_DATA_HOME: join(home, 'data') })), join(home, 'data/docker-mtls'))
    for (const relative of ['data', '']) assert.equal(await folderOf(run(LIST, { XDG_DATA_HOME: relative })), data)
  })

  test('is named on stderr if neither --dir nor the working directory names it', async (t) => {
    const { cwd, data, run } = await place(t)
    await copyTo(data)
    const found = await run(['cert', 'list'])
    assert.equal(found.stderr, `Using the folder ${data}, from your data folder.\n`)
    const byVariable = await run(['cert', 'list'], { DOCKER_MTLS_HOME: data })
    assert.equal(byVariable.stderr, `Using the folder ${data}, from DOCKER_MTLS_HOME.\n`)
    assert.equal((await run(['cert', 'list', '--dir', data])).stderr, '')
    assert.equal((await run(['client', 'env', 'alice', '--dir', data])).code, 0)
    await copyTo(join(cwd, 'docker-mtls'))
    assert.equal((await run(['cert', 'list'])).stderr, '')
  })

  for (const path of ['keys', './keys', '~/keys', '/keys\u0007']) {
    test(`DOCKER_MTLS_HOME=${JSON.stringify(path)} is refused`, async (t) => {
      const { cwd, run } = await place(t)
      const { code, stderr } = await run(['init', 'build01', '--client', 'alice'], { DOCKER_MTLS_HOME: path })
      assert.match(
        stderr,
        /^ERR_CA_HOME_INVALID: reading DOCKER_MTLS_HOME=.*\nSet DOCKER_MTLS_HOME to an absolute path/,
      )
      assert.deepEqual([code, await readdir(cwd)], [2, []])
    })
  }

  test('--home and another folder exclude each other', async (t) => {
    const { run } = await place(t)
    assert.equal((await run(['cert', 'list', '--home', '--dir', 'x'])).code, 2)
    assert.equal((await run(['init', 'build01', '--home', '--out', 'x'])).code, 2)
  })
})

describe('the home of CAs', () => {
  for (const argv of [
    ['init', '--home', 'build01', '--client', 'alice'],
    ['cert', 'ca', '--home'],
  ]) {
    test(`is created by ${argv.join(' ')}, and found from then on`, async (t) => {
      const { cwd, data, run } = await place(t)
      const { code, stderr } = await run(argv)
      assert.equal(code, 0, stderr)
      assert.deepEqual(await readdir(cwd), [])
      assert.equal(await folderOf(run(['cert', 'list', '--json'])), data)
      assert.match((await run(['cert', 'ca'])).stdout, /^kept/)
    })
  }

  test('is created if DOCKER_MTLS_HOME names it, even without --home', async (t) => {
    const { cwd, home, run } = await place(t)
    const folder = join(home, 'new')
    const { code, stderr } = await run(['cert', 'ca'], { DOCKER_MTLS_HOME: `${folder}/` })
    assert.deepEqual([code, stderr], [0, `Using the folder ${folder}, from DOCKER_MTLS_HOME.\n`])
    assert.deepEqual([await readdir(cwd), (await readdir(folder)).toSorted()], [[], ['.gitignore', 'ca']])
  })

  test('is not created without --home', async (t) => {
    const { cwd, home, run } = await place(t)
    assert.equal((await run(['cert', 'ca'])).code, 0)
    assert.deepEqual([await readdir(cwd), await readdir(home)], [['docker-mtls'], ['.local']])
    assert.deepEqual(await readdir(join(home, '.local')), ['state'])
  })

  test('is in the commands that are printed, so that they work from everywhere', async (t) => {
    const { cwd, data, run } = await place(t)
    await mkdir(join(cwd, 'sub'))
    const { stdout } = await run(['init', '--home', 'build01', '--client', 'alice'])
    const line = /docker-mtls (client export alice .*)$/m.exec(stdout)?.[1]?.split(' ') ?? []
    assert.deepEqual(line.slice(0, 5), ['client', 'export', 'alice', '--dir', data])
    const { code, stderr } = await runProcess(line, { cwd: join(cwd, 'sub') })
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(await readdir(join(cwd, 'sub')), ['alice.tar'])
  })

  test('is found by every command that needs a folder', async (t) => {
    const { cwd, data, home, run } = await place(t)
    await copyTo(data)
    const { request } = await requestClient({ name: 'ann', folder: join(home, 'ann') })
    for (const argv of [
      ['init', 'build01', '--client', 'alice'],
      ['cert', 'ca'],
      ['cert', 'server', 'build01'],
      ['cert', 'client', 'bob'],
      ['cert', 'list'],
      ['cert', 'renew'],
      ['cert', 'adopt'],
      ['cert', 'schedule'],
      ['cert', 'rotate-ca', '--status'],
      ['cert', 'sign', request, '--out', join(home, 'ann.pem')],
      ['client', 'env', 'alice'],
      ['client', 'export', 'alice', '--out', join(home, 'alice.tar')],
      ['context', 'create', 'build01', '--client', 'alice'],
    ]) {
      const { stderr } = await run(argv, { DOCKER_CONFIG: join(home, 'docker') })
      assert.ok(stderr.startsWith(`Using the folder ${data}, from your data folder.\n`), `${argv.join(' ')}: ${stderr}`)
      assert.doesNotMatch(stderr, /ERR_(?!ROTATION_NONE)/, argv.join(' '))
      assert.equal(stderr.split('Using the folder').length, 2, argv.join(' '))
    }
    assert.deepEqual(await readdir(cwd), [])
  })
})
