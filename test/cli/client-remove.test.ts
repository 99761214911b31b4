import assert from 'node:assert/strict'
import { promises } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryNameBeside } from '../../lib/base/temporary-names.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { createRequest } from '../../lib/pki.ts'
import { makeCertificate } from '../support/openssl-certs.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface Place {
  readonly folder: string
  readonly clients: string
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Ran>
  readonly json: <Data>(words: readonly string[]) => Promise<Data>
}

/** A folder with the clients alice, bob and, by a request, carol. */
async function place(t: Cleanable): Promise<Place> {
  const root = await temporaryFolder(t)
  const folder = join(root, 'keys')
  const run = (words: readonly string[], options?: RunOptions): Promise<Ran> =>
    runCli([...words, '--dir', folder], options)
  const init = await runCli(['init', 'build01', '--client', 'alice', '--client', 'bob', '--out', folder])
  assert.equal(init.code, 0, init.stderr)
  const { request } = await createRequest({ name: 'carol' })
  await new PkiFolder(folder).signClient(request)
  return { folder, clients: join(folder, 'clients'), run, json: (words) => runJson([...words, '--dir', folder]) }
}

async function fails(ran: Promise<Ran>, code: string): Promise<string> {
  const { code: exit, stderr, stdout } = await ran
  assert.ok(stderr.startsWith(`${code}: `), stderr || stdout)
  assert.equal(exit, 1)
  return stderr
}

interface Clients {
  readonly folder: string
  readonly clients: readonly {
    readonly name: string
    readonly folder: string
    readonly key: string
    readonly host?: string
    readonly certificate?: { readonly daysLeft: number; readonly state: string; readonly path: string }
  }[]
}

describe('client ls', () => {
  test('shows ends, keys and hosts', async (t) => {
    const { folder, clients, run, json } = await place(t)
    await rm(join(clients, 'bob/key.pem'))
    const { stdout, code } = await run(['client', 'ls'])
    assert.equal(code, 0)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/).toSpliced(1, 1).join('|'))
    assert.deepEqual(rows, [
      'NAME|DAYS LEFT|STATE|KEY|HOST',
      'alice|397|in use|here|tcp://build01:2376',
      'bob|397|in use|missing|tcp://build01:2376',
      'carol|397|in use|on its machine|-',
    ])
    const data = await json<Clients>(['client', 'ls'])
    assert.equal(data.folder, folder)
    assert.deepEqual(
      data.clients.map(({ name, key, host, certificate }) => [name, key, host, certificate?.daysLeft]),
      [
        ['alice', 'here', 'tcp://build01:2376', 397],
        ['bob', 'missing', 'tcp://build01:2376', 397],
        ['carol', 'client', undefined, 397],
      ],
    )
    assert.equal(data.clients[0]?.certificate?.path, join(clients, 'alice/cert.pem'))
  })

  test('shows a client without a readable certificate, and one of a replaced CA', async (t) => {
    const { clients, run } = await place(t)
    await writeFile(join(clients, 'bob/cert.pem'), 'damaged')
    await run(['cert', 'ca', '--replace-ca', '--yes'])
    const { stdout } = await run(['client', 'ls'])
    assert.match(stdout, /^alice .* of a replaced CA {2}here/m)
    assert.match(stdout, /^bob +- +- +no certificate +here/m)
  })

  test('says where it looked for the CA', async (t) => {
    const folder = join(await temporaryFolder(t), 'none')
    await fails(runCli(['client', 'ls', '--dir', folder]), 'ERR_CA_MISSING')
  })
})

describe('client rm', () => {
  test('asks, and a no or nobody to ask removes nothing', async (t) => {
    const { folder, run } = await place(t)
    const before = await treeOf(folder)
    const alone = await fails(run(['client', 'rm', 'alice', 'bob']), 'ERR_CONFIRMATION_REQUIRED')
    assert.match(alone, /Remove alice and bob, with certificates and keys\? This ends no access: .* until 20\d\d-/)
    const no = await run(['client', 'rm', 'alice'], { tty: true, typed: ['no\n'] })
    assert.deepEqual([no.code, no.stdout], [1, ''])
    assert.match(no.stderr, /Nothing was removed\./)
    assert.deepEqual(await treeOf(folder), before)
  })

  test('removes all of them, and the ledger keeps their certificates', async (t) => {
    const { folder, clients, run, json } = await place(t)
    const ledger = await readFile(join(folder, 'ca/ledger.jsonl'), 'utf8')
    const yes = await run(['client', 'rm', 'alice'], { tty: true, typed: ['yes\n'] })
    assert.equal(yes.code, 0, yes.stderr)
    assert.match(yes.stdout, /^alice\r?\n$/)
    assert.match(yes.stderr.replaceAll(/\s+/g, ' '), /alice still has access: .* until 20.* cert revoke alice --dir/)
    interface Removed {
      readonly removed: readonly { readonly name: string; readonly validUntil: string }[]
      readonly warnings: readonly string[]
    }
    const data = await json<Removed>(['client', 'rm', 'bob', 'carol', 'bob', '--yes'])
    assert.deepEqual(
      data.removed.map(({ name }) => name),
      ['bob', 'carol'],
    )
    assert.ok(data.removed.every(({ validUntil }) => Date.parse(validUntil) > Date.now()))
    assert.equal(data.warnings.length, 2)
    assert.deepEqual(await readdir(clients), [])
    assert.equal(await readFile(join(folder, 'ca/ledger.jsonl'), 'utf8'), ledger)
    const listed = await run(['cert', 'list'])
    for (const name of ['alice', 'bob', 'carol'])
      assert.match(listed.stdout, new RegExp(`^client +${name} .* removed$`, 'm'))
    assert.match((await run(['cert', 'renew', '--all', '--dry-run'])).stdout, /^would renew the server build01.*\n$/)
  })

  test('removes old files of the client as well', async (t) => {
    const { clients, run } = await place(t)
    await run(['cert', 'client', 'alice', '--renew'])
    assert.ok((await readdir(join(clients, 'alice'))).some((name) => name.startsWith('key.pem.')))
    assert.equal((await run(['client', 'rm', 'alice', '--yes'])).code, 0)
    assert.deepEqual(await readdir(clients), ['bob', 'carol'])
  })

  test('refuses all if one is unknown, holds foreign files, or is not in the ledger', async (t) => {
    const { folder, clients, run } = await place(t)
    const line = ['client', 'rm', 'alice', 'bob', '--yes']
    const untouched = async (act: () => Promise<string>): Promise<string> => {
      const before = await treeOf(folder)
      const said = await act()
      assert.deepEqual(await treeOf(folder), before)
      return said
    }
    const unknown = await untouched(() => fails(run([...line, 'nobody']), 'ERR_CLIENT_NOT_FOUND'))
    assert.match(unknown, /its only clients are alice, bob and carol/)
    const outside = await untouched(async () => (await run(['client', 'rm', '../ca', '--yes'])).stderr)
    assert.match(outside, /^ERR_NAME_INVALID: /)
    await writeFile(join(clients, 'bob/notes.txt'), 'mine')
    await mkdir(join(clients, 'bob/cert.pem.d'))
    await writeFile(join(clients, 'bob/server-key.pem'), 'mine')
    const foreign = await untouched(() => fails(run(line), 'ERR_CLIENT_FOLDER_FOREIGN'))
    assert.match(foreign, /also contains cert\.pem\.d, notes\.txt and server-key\.pem/)
    for (const name of ['notes.txt', 'server-key.pem']) await rm(join(clients, 'bob', name))
    await rm(join(clients, 'bob/cert.pem.d'), { recursive: true })
    await writeFile(join(clients, 'bob/cert.pem'), (await makeCertificate()).cert)
    const unlisted = await untouched(() => fails(run(line), 'ERR_LEDGER_MISMATCH'))
    assert.match(unlisted, /does not list its certificate .*\n.*cert adopt/)
  })

  test('finishes what a killed run had decided, and drops what it had not', async (t) => {
    const { clients, run } = await place(t)
    // Process 4194305 is beyond the limit of Linux (proc_sys_kernel(5), pid_max).
    const own = temporaryNameBeside(join(clients, 'removed'))
    const [decided = '', undecided = ''] = [5, 6].map((n) => own.replace(/-\d+-([0-9a-f]+)$/, `-419430${n}-$1`))
    for (const waste of [decided, undecided]) await mkdir(waste)
    await writeFile(join(decided, 'removed-clients.json'), '["alice","bob"]\n')
    await rename(join(clients, 'alice'), join(decided, 'alice'))
    await writeFile(join(undecided, 'removed-clients.json'), '["car')
    await rename(join(clients, 'carol'), join(undecided, 'carol'))
    assert.equal((await run(['cert', 'client', 'dora'])).code, 0)
    assert.deepEqual(await readdir(clients), ['carol', 'dora'])
  })

  test('puts everything back if one of them cannot be removed', async (t) => {
    const { folder, run } = await place(t)
    const before = await treeOf(folder)
    const { rename: real } = promises
    t.mock.method(promises, 'rename', async (from: string, to: string) => {
      if (from.endsWith('clients/bob')) throw Object.assign(new Error('no'), { code: 'EACCES' })
      return real(from, to)
    })
    const said = await fails(run(['client', 'rm', 'alice', 'bob', '--yes']), 'ERR_FILE_WRITE')
    assert.match(said, /Nothing was removed/)
    assert.deepEqual(await treeOf(folder), before)
  })
})

test('client rm without a CA says that there is none', async (t) => {
  const root = await temporaryFolder(t)
  await fails(runCli(['client', 'rm', 'x', '--dir', join(root, 'keys')]), 'ERR_CA_MISSING')
})
