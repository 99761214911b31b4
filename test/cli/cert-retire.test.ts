import assert from 'node:assert/strict'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { PkiFolder } from '../../lib/pki.ts'
import { readCrl } from '../../lib/provision.ts'
import { ensureContext } from '../../lib/setup/context.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface Place {
  readonly root: string
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Ran>
}

/** Two hosts with their contexts, as setup leaves them, and a client. */
async function place(t: TestContext): Promise<Place> {
  const root = await temporaryFolder(t)
  const folder = join(root, 'docker-mtls')
  const env = { HOME: root, DOCKER_CONFIG: join(root, '.docker') }
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  const { paths } = await pki.ensureClient('ann')
  for (const name of ['one.test', 'two.test']) {
    await pki.ensureServer([name], { host: name })
    const about = { config: env.DOCKER_CONFIG, name, url: `tcp://${name}:2376`, names: [name], client: 'ann' }
    await ensureContext({ ...about, force: false }, paths.folder)
  }
  const run = (words: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    runCli([...words, '--dir', folder], { env, ...options })
  return { root, folder, env, run }
}

describe('cert retire', () => {
  test('ends a host that is gone: its certificates, its files, its context, and every reminder of it', async (t) => {
    const { folder, env, run } = await place(t)
    await run(['cert', 'renew', '--host', 'one.test'])
    assert.match((await run(['cert', 'list'])).stderr, /one\.test was not delivered/)
    const { code, stdout, stderr } = await run(['cert', 'retire', 'one.test', '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      /^one\.test is retired: 2 certificates are revoked, .*\nThe docker context one\.test is removed\.\n/,
    )
    assert.match(stderr, /Clients read no revocation lists: until \d{4}-.*accept one\.test from whoever has its key/)
    assert.deepEqual(await readdir(join(folder, 'hosts')), ['two.test'])
    const listed = await run(['cert', 'list'])
    assert.equal(listed.stderr, '')
    assert.equal(listed.stdout.match(/^server +one\.test .* revoked$/gm)?.length, 2)
    assert.equal((await readCrl(folder))?.lists[0]?.serials.length, 2)
    assert.doesNotMatch((await run(['cert', 'renew', '--server'])).stdout, /one\.test/)
    assert.doesNotMatch((await run(['cert', 'rotate-ca'])).stdout, /one\.test/)
    assert.match((await runCli(['context', 'ls'], { env })).stdout, /^(?=.*two\.test)(?!.*one\.test)/s)
    // A new host may have its name.
    await new PkiFolder(folder).ensureServer(['one.test'], { host: 'one.test' })
    assert.match((await run(['cert', 'list'])).stdout, /^server +one\.test .* in use$/m)
  })

  test('asks first; what it does not know stays, and so does the context of somebody else', async (t) => {
    const { folder, env, run } = await place(t)
    await writeFile(join(folder, 'hosts/two.test/notes.txt'), 'mine')
    const made = ['context', 'create', 'mine', '--host', 'tcp://two.test:2376', '--client', 'ann', '--dir', folder]
    assert.equal((await runCli(made, { env })).code, 0)
    const before = await treeOf(folder)
    const rows: [words: string[], code: string, options?: RunOptions][] = [
      [['two.test'], 'ERR_CONFIRMATION_REQUIRED'],
      [['eve', '--yes'], 'ERR_CLIENT_NOT_FOUND'],
      [['localhost', '--yes'], 'ERR_CLIENT_NOT_FOUND'],
    ]
    for (const [words, code] of rows)
      assert.match((await run(['cert', 'retire', ...words])).stderr, new RegExp(`^${code}`))
    const no = await run(['cert', 'retire', 'two.test'], { tty: true, typed: ['no\n'] })
    assert.deepEqual([no.code, await treeOf(folder)], [1, before])
    const words = ['cert', 'retire', 'hosts/two.test', '--yes', '--dir', folder]
    const data = await runJson<{ contexts: string[]; stays: string[] }>(words, { env })
    assert.deepEqual([data.contexts, data.stays], [['two.test'], ['notes.txt']])
    assert.equal(await readFile(join(folder, 'hosts/two.test/notes.txt'), 'utf8'), 'mine')
    assert.match((await runCli(['context', 'ls'], { env })).stdout, /^ +mine /m)
  })
})

test('a folder that has moved works as before, and so do the contexts made from it', async (t) => {
  const { root, folder, env } = await place(t)
  await new PkiFolder(folder).ensureServer(['127.0.0.1'])
  const daemon = await startFakeDaemon(folder)
  t.after(daemon.close)
  const made = ['context', 'create', 'here', '--host', daemon.url, '--client', 'ann', '--dir', folder]
  assert.equal((await runCli(made, { env })).code, 0)
  const moved = join(root, 'elsewhere')
  await rename(folder, moved)
  for (const words of [['list'], ['renew', '--host', 'one.test'], ['client', 'bob']])
    assert.equal((await runCli(['cert', ...words, '--dir', moved], { env })).code, 0)
  assert.equal((await runCli(['ping', '--context', 'here'], { env })).code, 0)
  const variables = await runCli(['client', 'env', 'ann', '--host', daemon.url, '--dir', moved], { env })
  assert.ok(variables.stdout.includes(join(moved, 'clients/ann')), variables.stdout)
})

test('a second administrator works with the folder on its machine, and has a client and a context of their own', async (t) => {
  const { root, folder } = await place(t)
  const env = { HOME: join(root, 'bob'), DOCKER_CONFIG: join(root, 'bob/.docker'), DOCKER_MTLS_HOME: folder }
  assert.equal((await runCli(['cert', 'client', 'bob'], { env })).code, 0)
  assert.equal((await runCli(['context', 'create', 'two', '--host', 'two.test', '--client', 'bob'], { env })).code, 0)
  const anns = { config: join(root, '.docker'), name: 'two.test', url: 'tcp://two.test:2376', names: [], force: false }
  const bobs = ensureContext({ ...anns, client: 'bob' }, join(folder, 'clients/bob'))
  await assert.rejects(bobs, { code: 'ERR_CONTEXT_EXISTS' })
  const packed = await runCli(['client', 'export', 'bob', '--out', join(root, 'bob.tar')], { env })
  assert.equal(packed.code, 0, packed.stderr)
})
