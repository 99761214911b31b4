import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { grant } from '../../lib/grants/grant.ts'
import { listGrants } from '../../lib/grants/list.ts'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { ensureOneDayClient } from '../../lib/keystore/one-day-client.ts'
import { renewCertificates } from '../../lib/keystore/renew/renew.ts'
import { rotateAuthority } from '../../lib/keystore/rotate/rotate.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runCli, runJson } from '../cli/support/run-cli.ts'
import { POLICY } from '../grants/support/place.ts'
import { withCode } from '../pki/support/expect.ts'
import { runCommand } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { madeUpTo } from './rotate/support/course.ts'

const RUNS = new URL('support/killed-runs.ts', import.meta.url).pathname

/** Copies of a folder in which a process was killed before each of its changes to the disk, the last one excepted. */
async function killedIn(run: string, start: string): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand(process.execPath, [...TYPESCRIPT, RUNS, run, start])
  assert.equal(code, 0, stderr)
  return Array.from({ length: Number(stdout) }, (_, index) => `${start}-${index + 1}`)
}

/** Everything whose name starts with a dot, apart from `.env` and `.gitignore` files. */
async function hidden(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true })
  return found.filter((path) => /(?:^|\/)\.(?!(?:env|gitignore)$)/.test(path))
}

/** Does the key match the first certificate, which is what other programs read? */
async function isPair(root: string, cert: string, key: string): Promise<boolean> {
  const [certPem, keyPem] = await Promise.all([cert, key].map((path) => readFile(join(root, path))))
  return new X509Certificate(certPem ?? '').checkPrivateKey(createPrivateKey(keyPem ?? ''))
}

const isCaPair = (root: string): Promise<boolean> => isPair(root, 'ca/ca.pem', 'ca/ca-key.pem')

async function made(t: TestContext): Promise<string> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ commonName: 'A' })
  await folder.ensureServer(['build01.example.com'])
  for (const name of ['alice', 'bob']) await folder.ensureClient(name)
  return root
}

describe('the next run clears what a killed one left', () => {
  test('in init', async (t) => {
    const start = join(await temporaryFolder(t), 'keys')
    let left = 0
    for (const root of await killedIn('init', start)) {
      left += (await hidden(root).catch(() => [])).length
      const folder = new PkiFolder(root)
      await folder.ensureAuthority()
      await folder.ensureServer(['build01.example.com'])
      await folder.ensureClient('alice')
      assert.deepEqual(await hidden(root), [], root)
      assert.equal(await readFile(join(root, '.gitignore'), 'utf8'), '*\n', root)
      assert.ok(await isCaPair(root))
    }
    assert.ok(left > 10, String(left))
  })

  for (const run of ['client', 'renewal', 'request', 'begin']) {
    test(`in ${run}, while it does something else`, async (t) => {
      const start = await made(t)
      if (run === 'request') await requestClient({ name: 'dave', folder: join(start, 'dave') })
      let left = 0
      for (const root of await killedIn(run, start)) {
        left += (await hidden(root)).length
        if (run === 'request') await requestClient({ name: 'dave', folder: join(root, 'dave') })
        else await new PkiFolder(root).ensureClient('dora')
        assert.deepEqual(await hidden(root), [], root)
        const clients = await new PkiFolder(root).clients()
        for (const name of clients) assert.ok(await isPair(root, `clients/${name}/cert.pem`, `clients/${name}/key.pem`))
      }
      assert.ok(left > 2, String(left))
    })
  }

  test('in grant, and no grant has files without a rule', async (t) => {
    const start = await made(t)
    await writeFile(join(start, 'policy.yaml'), POLICY)
    let left = 0
    for (const root of await killedIn('grant', start)) {
      left += (await hidden(root)).length
      const policy = join(root, 'policy.yaml')
      await grant({ folder: root, policy, name: 'ben', lifetime: 3_600_000, level: 'baseline', hostPaths: [] })
      assert.deepEqual(await hidden(root), [], root)
      const withFiles = (await listGrants(root, policy)).filter(({ files }) => files !== undefined)
      const [first, last] = [withFiles[0], withFiles.at(-1)]
      assert.deepEqual([first?.state, last?.state, last?.name], ['in force', 'in force', 'ben'], root)
    }
    assert.ok(left > 10, String(left))
  })

  test('and nothing that another process is writing, or that somebody else has put there', async (t) => {
    const root = await made(t)
    const live = `.alice.${'0'.repeat(8)}-1-${'a'.repeat(12)}`
    const mine = await temporaryNameOfNow(root)
    for (const name of [live, mine]) {
      await mkdir(join(root, 'clients', name))
      await writeFile(join(root, 'clients', name, 'key.pem'), 'a key')
    }
    await mkdir(join(root, 'clients', '.alice.0123456789ab'))
    await writeFile(join(root, 'clients', '.alice.0123456789ab', 'diary.txt'), 'mine')
    await writeFile(join(root, 'clients/alice', '.notes.0123456789ab'), 'mine')
    await mkdir(join(root, 'ca/.next-ended.mine'))
    await writeFile(join(root, 'ca/.next-ended.mine/notes.txt'), 'mine')
    await writeFile(join(root, 'clients/alice', '.gitignore'), 'mine')
    const before = await treeOf(root)
    await new PkiFolder(root).ensureClient('bob')
    assert.deepEqual(await treeOf(root), before)
  })

  test('of an earlier release, too', async (t) => {
    const root = await made(t)
    const before = await treeOf(root)
    await cp(join(root, 'clients/alice'), join(root, 'clients/.alice.0123456789ab'), { recursive: true })
    await cp(join(root, 'clients/alice'), join(root, 'ca/.next.0123456789ab'), { recursive: true })
    for (const name of [
      'ca/..rotation.lock.0123456789ab',
      'ca/.rotation.lock.0123456789ab',
      'clients/alice/..env.0123456789ab',
    ])
      await writeFile(join(root, name), '1')
    await new PkiFolder(root).ensureClient('bob')
    assert.deepEqual(Object.keys(await treeOf(root)), Object.keys(before))
  })
})

/** A temporary name of this process, which lives. */
async function temporaryNameOfNow(root: string): Promise<string> {
  const { temporaryNameBeside } = await import('../../lib/base/temporary-names.ts')
  return temporaryNameBeside(join(root, 'clients/alice')).split('/').at(-1) ?? ''
}

describe('a CA certificate and a CA key that do not match', () => {
  test('after a killed finish: the list says so, and the next run that writes mends it', async (t) => {
    const start = await madeUpTo(4, t)
    let mismatched = 0
    for (const root of await killedIn('finish', start)) {
      const wasPair = await isCaPair(root)
      const { code, stdout, stderr } = await runCli(['cert', 'list', '--dir', root])
      assert.equal(code, wasPair ? 0 : 1, `${root} ${stdout}${stderr}`)
      if (wasPair) continue
      mismatched++
      assert.match(stderr, /rotation was interrupted.*cert rotate-ca/)
      const before = await treeOf(root)
      assert.equal((await runCli(['cert', 'renew', '--dry-run', '--dir', root])).code, 1)
      assert.deepEqual(await treeOf(root), before)
      for (const argv of [['client', 'carol'], ['renew']]) {
        const copy = `${root}-${argv[0] ?? ''}`
        await cp(root, copy, { recursive: true })
        const ran = await runCli(['cert', ...argv, '--dir', copy])
        assert.equal(ran.code, 0, ran.stderr)
        assert.ok(await isCaPair(copy))
        assert.equal((await runCli(['cert', 'list', '--dir', copy])).code, 0)
      }
    }
    assert.ok(mismatched > 0)
  })

  test('of two CAs: list, client, renew, sign and rotate-ca refuse it', async (t) => {
    const [root, other] = [await made(t), await made(t)]
    await cp(join(other, 'ca/ca-key.pem'), join(root, 'ca/ca-key.pem'))
    const before = await treeOf(root)
    for (const argv of [
      ['list'],
      ['client', 'alice'],
      ['client', 'carol'],
      ['server', 'build01.example.com'],
      ['renew'],
      ['renew', '--dry-run'],
      ['rotate-ca'],
      ['ca'],
    ]) {
      const { code, stdout, stderr } = await runCli(['cert', ...argv, '--dir', root])
      assert.equal(code, 1, `${argv.join(' ')}: ${stdout}`)
      assert.match(stderr, /does not match|ERR_CA_INVALID/, argv.join(' '))
      assert.deepEqual(await treeOf(root), before, argv.join(' '))
    }
    const { conflicts } = await runJson<{ conflicts: { kind: string; path: string }[] }>([
      'cert',
      'list',
      '--json',
      '--dir',
      root,
    ])
    assert.deepEqual(
      conflicts.map(({ kind, path }) => [kind, path]),
      [['key', join(root, 'ca/ca.pem')]],
    )
  })

  test('of the next CA in a rotation', async (t) => {
    const [root, other] = [await madeUpTo(1, t), await made(t)]
    await cp(join(other, 'ca/ca-key.pem'), join(root, 'ca/next/ca-key.pem'))
    for (const argv of [['list'], ['client', 'alice'], ['renew']]) {
      const { code, stdout } = await runCli(['cert', ...argv, '--dir', root])
      assert.equal(code, 1, `${argv.join(' ')}: ${stdout}`)
    }
  })

  test('is told from a key that is elsewhere, or encrypted', async (t) => {
    const root = await made(t)
    await rename(join(root, 'ca/ca-key.pem'), join(root, 'elsewhere.pem'))
    assert.equal((await runCli(['cert', 'list', '--dir', root])).code, 0)
    const locked = join(await temporaryFolder(t), 'locked')
    await new PkiFolder(locked).ensureAuthority({ passphrase: 'secret' })
    assert.equal((await runCli(['cert', 'list', '--dir', locked])).code, 0)
  })
})

describe('a client certificate and a key that do not match', () => {
  test('the list fails, renew refuses others, and renews this one', async (t) => {
    const root = await made(t)
    await cp(join(root, 'clients/bob/key.pem'), join(root, 'clients/alice/key.pem'))
    const { code, stderr } = await runCli(['cert', 'list', '--dir', root])
    assert.equal(code, 1)
    assert.match(stderr, /clients\/alice\/key.pem does not match .*cert renew alice/)
    await assert.rejects(renewCertificates({ folder: root }), withCode('ERR_PKI_FILE_INVALID'))
    await assert.rejects(renewCertificates({ folder: root, clients: ['bob'] }), withCode('ERR_PKI_FILE_INVALID'))
    await renewCertificates({ folder: root, clients: ['alice'] })
    assert.equal((await runCli(['cert', 'list', '--dir', root])).code, 0)
  })
})

test('the status of a rotation changes nothing, and counts a waiting pair', async (t) => {
  const root = await madeUpTo(1, t)
  const alice = join(root, 'clients/alice')
  const old = await readFile(join(alice, 'cert.pem'), 'utf8')
  await new PkiFolder(root).ensureClient('alice', { renew: true })
  await mkdir(join(alice, '.next'))
  for (const name of ['key.pem', 'cert.pem']) await rename(join(alice, name), join(alice, '.next', name))
  await writeFile(join(alice, 'cert.pem'), old)
  const before = await treeOf(root)
  const { waiting } = await rotateAuthority({ folder: root, action: 'status' })
  assert.deepEqual(
    waiting.clients.map(({ name }) => name),
    ['alice', 'bob'],
  )
  assert.deepEqual(await treeOf(root), before)
})

describe('a one-day client certificate', () => {
  test('keeps the files of another client that cannot be used', async (t) => {
    const root = await made(t)
    const probe = join(root, 'server/probe')
    await mkdir(probe)
    const foreign: Record<string, string> = { 'ca.pem': 'a', 'cert.pem': 'b', 'key.pem': 'c' }
    for (const [name, text] of Object.entries(foreign)) await writeFile(join(probe, name), text)
    assert.equal(await ensureOneDayClient(new PkiFolder(root)), 'created')
    assert.ok(await isPair(probe, 'cert.pem', 'key.pem'))
    const texts = await Promise.all((await readdir(probe)).map((name) => readFile(join(probe, name), 'utf8')))
    for (const text of Object.values(foreign)) assert.ok(texts.includes(text), text)
  })

  test('replaces an older one without keeping its key', async (t) => {
    const root = await made(t)
    assert.equal(await ensureOneDayClient(new PkiFolder(root)), 'created')
    assert.equal(await ensureOneDayClient(new PkiFolder(root)), 'kept')
    await new PkiFolder(root).replaceAuthority({ commonName: 'C' })
    assert.equal(await ensureOneDayClient(new PkiFolder(root)), 'created')
    assert.deepEqual((await readdir(join(root, 'server/probe'))).toSorted(), ['ca.pem', 'cert.pem', 'key.pem'])
  })
})
