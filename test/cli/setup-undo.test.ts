import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { renderSentence } from '../../lib/base/sentence.ts'
import { doneText, exposureWarnings } from '../../lib/cli/reports/setup-undo.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { planServerRemoval, removeServer } from '../../lib/keystore/keystore.ts'
import { serverPaths } from '../../lib/keystore/layout.ts'
import { issueOneDayClient } from '../../lib/keystore/one-day-client.ts'
import { issueServer } from '../../lib/pki.ts'
import { closedListeners, type UndoPlan } from '../../lib/setup/undo/plan.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli } from './support/run-cli.ts'

const UNDO = ['setup', '--undo', 'ssh://root@127.0.0.1:1', '--yes']

describe('setup --undo', () => {
  const rows: readonly (readonly [flags: readonly string[], named: string])[] = [
    [['--listen', '0.0.0.0:2377'], '--listen'],
    [['--client', 'ann'], '--client'],
    [['--name', 'build01'], '--name'],
    [['--context', 'lab'], '--context'],
    [['--no-context'], '--no-context'],
    [['--userns-remap'], '--userns-remap'],
    [['--no-userns-remap'], '--no-userns-remap'],
    [['--live-restore'], '--live-restore'],
    [['--no-live-restore'], '--no-live-restore'],
    [['--tlsdir', '/srv/tls'], '--tlsdir'],
    [['--daemon-json'], '--daemon-json'],
    [['--settings', 'x.json'], '--settings'],
    [['--force'], '--force'],
    [['--replace-ca'], '--replace-ca'],
    [['--encrypt-ca-key'], '--encrypt-ca-key'],
    [['--ca-passphrase-file', 'x'], '--ca-passphrase-file'],
  ]
  for (const [flags, named] of rows) {
    test(`refuses ${flags.join(' ')}`, async () => {
      const { code, stderr } = await runCli([...UNDO, ...flags])
      assert.equal(code, 2, stderr)
      assert.match(stderr, new RegExp(`^ERR_USAGE: docker-mtls setup --undo: ${named} has no meaning with --undo\\.\n`))
    })
  }

  test('refuses a host that is not an ssh:// URL, and wrong times', async () => {
    assert.equal((await runCli(['setup', '--undo', 'build01', '--yes'])).code, 2)
    assert.equal((await runCli([...UNDO, '--rollback-after', 'soon'])).code, 2)
  })

  test('keeps the files of a host that it cannot reach, and says so', async (t) => {
    const dir = join(await temporaryFolder(t), 'keys')
    await new PkiFolder(dir).ensureAuthority()
    await new PkiFolder(dir).ensureServer(['127.0.0.1'], { host: '127.0.0.1' })
    const before = await treeOf(dir)
    const { code, stderr, stdout } = await runCli([...UNDO, '--rollback-after', '60s', '--dir', dir])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_\w+: 127\.0\.0\.1: /m)
    assert.match(
      stderr,
      /^Warning: 127\.0\.0\.1: its files in \S+hosts\/127\.0\.0\.1 stay, so that you can run this again/m,
    )
    assert.match(stdout, /^The CA in \S+ stays\. It still has the files of hosts\/127\.0\.0\.1\./m)
    assert.deepEqual(await treeOf(dir), before)
  })
})

describe('the files of a server', () => {
  test('are removed with old ones and a one-day client; foreign ones stay, and so does the ledger', async (t) => {
    const dir = await temporaryFolder(t)
    const folder = new PkiFolder(dir)
    await folder.ensureAuthority()
    await folder.ensureServer(['a.test'], { host: 'a.test' })
    await folder.ensureServer(['a.test', 'b.test'], { host: 'a.test', force: true })
    const { folder: place } = serverPaths(dir, 'a.test')
    const { ca, cert, key } = await issueOneDayClient(folder)
    await mkdir(join(place, 'probe'))
    const probe = { 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key }
    for (const [name, text] of Object.entries(probe)) await writeFile(join(place, 'probe', name), text)
    await writeFile(join(place, 'notes.txt'), 'mine')
    const before = await folder.list()
    const removal = await planServerRemoval(dir, 'a.test')
    assert.deepEqual(removal?.foreign, ['notes.txt'])
    await removeServer(removal)
    assert.deepEqual(await readdir(place), ['notes.txt'])
    const rows = (await folder.list()).map(({ serial }) => serial)
    assert.deepEqual(
      rows,
      before.map(({ serial }) => serial),
    )
  })

  test('stay if the ledger does not list the certificate', async (t) => {
    const dir = await temporaryFolder(t)
    const folder = new PkiFolder(dir)
    await folder.ensureAuthority()
    await folder.ensureServer(['a.test'], { host: 'a.test' })
    const { cert } = await issueServer(await folder.openAuthority(), { names: ['a.test'] })
    await writeFile(serverPaths(dir, 'a.test').cert, cert)
    await assert.rejects(planServerRemoval(dir, 'a.test'), { code: 'ERR_LEDGER_MISMATCH' })
    assert.equal(await planServerRemoval(dir, 'b.test'), undefined)
  })
})

describe('the report about a host with a gateway', () => {
  const LISTEN = 'tcp://10.0.0.5:2376'
  const COPY = '/var/lib/docker-mtls/1/1: /etc/docker/daemon.json as it was'
  const planned = (listens: readonly string[], stays: readonly string[] = []): UndoPlan =>
    ({
      host: 'a.test',
      gateway: { listen: LISTEN },
      remove: { closes: [], listens, stays, keepsBackups: stays.length > 0 },
      copies: { removed: [], stays: [] },
    }) as unknown as UndoPlan

  test('says where dockerd listens afterwards, and what stays', () => {
    assert.match(doneText(planned([]), false), /removed\. dockerd listens on its local socket alone\.$/)
    assert.deepEqual(closedListeners(planned([])), [LISTEN])
    assert.match(
      doneText(planned([LISTEN], [COPY]), false),
      /removed\. dockerd listens on tcp:\/\/10\.0\.0\.5:2376\.\n/,
    )
    assert.ok(doneText(planned([LISTEN], [COPY]), false).endsWith(`\na.test: stays: ${COPY}.`))
    assert.deepEqual(closedListeners(planned([LISTEN])), [])
  })

  test('warns of what it means that dockerd listens again', () => {
    const plan = planned([LISTEN])
    const gateway = { listen: LISTEN, warnings: [{ code: 'daemon-exposed', text: 'Everybody is root.' }] }
    const exposed = { ...plan, gateway } as unknown as UndoPlan
    assert.deepEqual(
      exposureWarnings([plan, exposed]).map((one) => renderSentence(one)),
      ['a.test: Everybody is root.'],
    )
  })
})

describe('the report about a host without a gateway', () => {
  test('says where dockerd listens afterwards', () => {
    const plan = {
      host: 'a.test',
      remove: { changes: [{}], closes: [], listens: ['tcp://10.0.0.5:2376'], stays: [] },
      copies: { removed: [], stays: [] },
    } as unknown as UndoPlan
    assert.equal(
      doneText(plan, false),
      'a.test: docker-mtls was removed. dockerd listens on tcp://10.0.0.5:2376 again, as before docker-mtls.',
    )
  })
})
