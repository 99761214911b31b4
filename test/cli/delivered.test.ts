import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { noteSeen, readPresented } from '../../lib/keystore/presented.ts'
import { writeSetupRecord } from '../../lib/keystore/setup-record.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runFaked } from '../support/faketime.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { CLI, runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface Listed {
  readonly kind: string
  readonly state: string
  readonly daysLeft: number
  readonly serial: string
  readonly presented?: { readonly serial: string }
}

interface Place {
  readonly folder: string
  readonly cert: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
  /** The server's newest certificate. */
  readonly server: () => Promise<Listed>
  readonly fingerprint: () => Promise<string>
}

/** A server whose certificate ends in 20 days, and a client. */
async function place(t: TestContext, host?: string): Promise<Place> {
  const folder = join(await temporaryFolder(t), 'docker-mtls')
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  await pki.ensureServer(['build01', '127.0.0.1'], { days: 20, ...(host !== undefined && { host }) })
  await pki.ensureClient('ann')
  const servers = async (): Promise<Listed[]> => {
    const { certificates } = await runJson<{ certificates: Listed[] }>(['cert', 'list', '--dir', folder])
    return certificates.filter(({ kind }) => kind === 'server')
  }
  return {
    folder,
    cert: (argv, options) => runCli(['cert', ...argv, '--dir', folder], options),
    server: async () => (await servers()).at(-1) ?? assert.fail('no server'),
    fingerprint: async () => (await pki.list()).findLast(({ kind }) => kind === 'server')?.fingerprint256 ?? '',
  }
}

describe('a renewed certificate', () => {
  test('is not delivered until a connection shows it; until then, the one before counts', async (t) => {
    const { folder, cert, server, fingerprint } = await place(t)
    const [old, { serial }] = [await fingerprint(), await server()]
    assert.equal((await server()).state, 'in use')
    assert.equal((await cert(['renew', '--server', '--days', '397'])).code, 0)
    const renewed = await server()
    assert.deepEqual([renewed.state, renewed.presented?.serial, renewed.daysLeft], ['not delivered', serial, 20])
    const soon = await cert(['list', '--expiring', '30d'])
    assert.equal(soon.code, 1)
    assert.match(soon.stdout, /^server +build01 .* 20 +not delivered$/m)
    assert.match(
      soon.stderr,
      /newest certificate of build01 was not delivered: .* presents the one before, until .*\(20 days left\)\./,
    )
    const metrics = join(folder, 'x.prom')
    await cert(['list', '--prometheus', metrics])
    const text = await readFile(metrics, 'utf8')
    assert.match(
      text,
      new RegExp(
        `^docker_mtls_certificate_not_after_seconds\\{kind="server",name="build01",serial="${serial}"\\}`,
        'm',
      ),
    )
    assert.match(
      text,
      new RegExp(`^docker_mtls_certificate_delivered\\{kind="server",.*serial="${renewed.serial}"\\} 0$`, 'm'),
    )
    assert.match((await cert(['renew', '--due'])).stderr, /build01 was not delivered/)
    // Another renewal doesn't deliver it, and neither does a certificate that isn't of this folder.
    assert.equal((await cert(['renew', '--server'])).code, 0)
    await noteSeen(folder, 'AB:CD')
    assert.equal((await server()).presented?.serial, serial)
    await noteSeen(folder, await fingerprint())
    assert.equal((await server()).state, 'in use')
    assert.equal((await cert(['list', '--expiring', '30d'])).code, 0)
    assert.equal((await cert(['renew', '--due'])).stderr, '')
    // Somebody has rolled the host back.
    await noteSeen(folder, old)
    assert.equal((await server()).state, 'not delivered')
    // It got another name meanwhile.
    await new PkiFolder(folder).ensureServer(['two', 'build01'], { force: true })
    await noteSeen(folder, await fingerprint())
    assert.equal((await server()).state, 'in use')
    await noteSeen(folder, old)
    assert.equal((await server()).presented?.serial, serial)
  })

  test('of a host has the command that delivers it; a damaged note is none', async (t) => {
    const { folder, cert, server } = await place(t, 'build01')
    await writeSetupRecord(folder, 'build01', { ssh: 'ssh://root@build01', client: 'ann', names: [], gateway: true })
    await cert(['renew', '--host', 'build01'])
    assert.match(
      (await cert(['list'])).stderr,
      /Deliver it: {2}docker-mtls setup --gateway ssh:\/\/root@build01 --client ann --dir /,
    )
    for (const damaged of ['', '{}', '{"fingerprint256":"x","serial":"1","notBefore":"x","notAfter":"y"}']) {
      await writeFile(join(folder, 'hosts/build01/presented.json'), damaged)
      assert.equal((await server()).state, 'in use', damaged)
    }
  })

  test('fails a timer once the one before expires soon', { skip: lacks('faketime') }, async (t) => {
    const { folder, cert } = await place(t)
    await cert(['renew', '--server', '--days', '397'])
    const env = { FAKETIME_DONT_FAKE_MONOTONIC: '1' }
    const due = ['cert', 'renew', '--due', '--dir', folder]
    assert.equal((await runCli(due)).code, 0)
    assert.equal((await runFaked('+15d', [...CLI, ...due], { env })).code, 1)
  })
})

describe('what a connection shows is noted', () => {
  const ROWS = [
    ['ping', ['ping']],
    ['doctor', ['doctor']],
    ['audit', ['audit', '--only', 'tls']],
  ] as const
  for (const [name, words] of ROWS) {
    test(`by ${name}, in a folder whose CA this user uses`, async (t) => {
      const { folder, cert, server } = await place(t)
      const options = { env: { HOME: join(folder, '..') } }
      const connect = async (): Promise<void> => {
        const daemon = await startFakeDaemon(folder, '127.0.0.1', { '/info': {} })
        const where = ['--host', daemon.url, '--cert-path', join(folder, 'clients/ann')]
        await runCli([...words, ...where], options)
        await daemon.close()
      }
      await cert(['renew', '--server'])
      const before = await treeOf(folder)
      // A stranger's folder: this user has never used its CA.
      await connect()
      assert.deepEqual(await treeOf(folder), before)
      await cert(['renew', 'ann'], options)
      await connect()
      assert.equal((await server()).state, 'in use')
      assert.equal(await readPresented(join(folder, 'server')), undefined)
    })
  }
})
