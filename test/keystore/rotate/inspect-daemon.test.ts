import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { promises as fs } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createAuthority, PkiFolder } from '../../../lib/pki.ts'
import { findProbe, findSource } from '../../../lib/apply/source.ts'
import { ensureIssuer } from '../../../lib/keystore/issuer.ts'
import type { RotateOptions } from '../../../lib/keystore/rotate/options.ts'
import type { RotationReport } from '../../../lib/keystore/rotate/report.ts'
import { rotateAuthority } from '../../../lib/keystore/rotate/rotate.ts'
import { startFakeDaemon } from '../../cli/support/fake-daemon.ts'
import { withCode } from '../../pki/support/expect.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { treeOf } from '../../support/tree.ts'

type Said = Omit<RotateOptions, 'folder'>

interface Place {
  readonly root: string
  readonly rotate: (said?: Said) => Promise<RotationReport>
  /** A daemon with the files that are there now; the one before has ended. Gives its URL. */
  readonly restart: (mix?: Partial<Record<'ca.pem' | 'server-cert.pem', string>>) => Promise<string>
}

async function place(t: TestContext): Promise<Place> {
  const root = join(await temporaryFolder(t), 'keys')
  const served = await temporaryFolder(t)
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ commonName: 'A' })
  await folder.ensureServer(['build01.example.com'])
  await folder.ensureClient('alice')
  let daemon: Awaited<ReturnType<typeof startFakeDaemon>> | undefined
  t.after(() => daemon?.close())
  const restart: Place['restart'] = async (mix = {}) => {
    await daemon?.close()
    await fs.cp(join(root, 'server'), join(served, 'server'), { recursive: true })
    for (const [name, text] of Object.entries(mix)) await fs.writeFile(join(served, 'server', name), text)
    daemon = await startFakeDaemon(served)
    return daemon.url
  }
  return { root, rotate: (said = {}) => rotateAuthority({ folder: root, ...said }), restart }
}

const agree = async (): Promise<void> => undefined

/** Of each server that is waited for: is there a client of a day beside its files? */
function probes({ waiting }: RotationReport): boolean[] {
  return waiting.servers.map(({ probe }) => probe)
}

/** Would an apply with these files prove itself with the client of a day that is beside them? */
async function applyFinds(root: string): Promise<boolean> {
  return (await findProbe(undefined, await findSource(join(root, 'server')))) !== undefined
}

/** What a look came to. */
function looksOf({ looks }: RotationReport): [ok: boolean, got: string][] {
  return looks.map(({ ok, got }) => [ok, got])
}

describe('a daemon is inspected in each phase', () => {
  test('and counts only once it is as the phase wants it', async (t) => {
    const { root, rotate, restart } = await place(t)
    const caOfA = await fs.readFile(join(root, 'server/ca.pem'), 'utf8')
    const certOfA = await fs.readFile(join(root, 'server/server-cert.pem'), 'utf8')
    await rotate({ next: { commonName: 'B' } })

    const before = await restart({ 'ca.pem': caOfA })
    const tooSoon = await rotate({ hosts: [before], confirm: ['alice'] })
    assert.deepEqual(looksOf(tooSoon), [[false, 'it accepts clients of CN=A']])
    assert.deepEqual([tooSoon.phase, tooSoon.waiting.servers.length], ['trust', 1])
    const trusting = await rotate({ phase: 'trust', hosts: [await restart()] })
    // It goes on to the next phase, and looks again: there it is not there yet.
    assert.equal(trusting.phase, 'server')
    assert.deepEqual(looksOf(trusting), [[false, 'it presents a certificate issued by CN=A']])

    // One that shows the new certificate and has gone back to the old trust would refuse the clients of the next phase.
    const half = await rotate({ phase: 'server', hosts: [await restart({ 'ca.pem': caOfA })] })
    assert.deepEqual(looksOf(half), [[false, 'it accepts clients of CN=A']])
    assert.equal(half.phase, 'server')
    const url = await restart()
    assert.equal((await rotate({ phase: 'server', hosts: [url] })).phase, 'clients')

    await assert.rejects(
      rotate({ hosts: [url] }),
      withCode('ERR_ROTATION_PHASE', 'in the phase clients, which waits for no server'),
    )
    assert.equal((await rotate({ confirm: ['alice'], consent: agree })).phase, 'finish')
    const both = await rotate({ phase: 'finish', hosts: [url] })
    assert.deepEqual(looksOf(both), [[false, 'it accepts clients of CN=A; CN=B']])
    // Whom it trusts is right, and what it shows nobody trusts for much longer.
    const old = await rotate({ phase: 'finish', hosts: [await restart({ 'server-cert.pem': certOfA })] })
    assert.deepEqual(looksOf(old), [[false, 'it presents a certificate issued by CN=A']])
    const end = await rotate({ phase: 'finish', hosts: [await restart()] })
    assert.deepEqual([end.outcome, looksOf(end)], ['ended', [[true, 'it presents a certificate issued by CN=B']]])
  })

  test('one that can not be reached is not seen to be anything', async (t) => {
    const { root, rotate, restart } = await place(t)
    await rotate()
    const url = await restart()
    const nobody = 'tcp://127.0.0.1:1'
    const { looks, waiting } = await rotate({ hosts: [nobody] })
    assert.deepEqual(
      looks.map(({ target, server, ok }) => [target, server, ok]),
      [[nobody, 'server', false]],
    )
    assert.equal(looks[0]?.got, 'nothing listens on that port')
    // Of two that are the same server both have to be as they should.
    assert.equal((await rotate({ hosts: [url, nobody] })).waiting.servers.length, waiting.servers.length)
    assert.equal((await rotate({ hosts: [url] })).waiting.servers.length, 0)
    const state = await fs.readFile(join(root, 'ca/next/rotation.json'), 'utf8')
    assert.match(state, /"by": "seen"/)
  })

  test('a server without TLS is reported', async (t) => {
    const { rotate } = await place(t)
    const sshd = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'))
    await once(sshd.listen(0, '127.0.0.1'), 'listening')
    t.after(() => sshd.close())
    await rotate()
    const { looks } = await rotate({ hosts: [`tcp://127.0.0.1:${(sshd.address() as AddressInfo).port}`] })
    assert.deepEqual(
      looks.map(({ ok, got }) => [ok, got]),
      [[false, 'it does not speak TLS there']],
    )
  })

  test('a gateway may name the issuer of the folder besides, and no other', async (t) => {
    const { root, rotate, restart } = await place(t)
    const issuing = { folder: root, name: 'renewals' }
    await ensureIssuer(issuing)
    await rotate({ next: { commonName: 'B' } })
    await rotate({ confirm: ['alice'], confirmServer: ['server'] })
    await rotate({ confirmServer: ['server'] })
    assert.equal((await rotate({ confirm: ['alice'], consent: agree })).phase, 'finish')
    const { action, facts } = await ensureIssuer({ ...issuing, renew: true })
    assert.deepEqual([action, facts.issuer], ['renewed', 'CN=B'])
    const caOfB = await fs.readFile(join(root, 'server/ca.pem'), 'utf8')
    /** To TLS, an issuer is a CA. A gateway has it beside its ca.pem. */
    const naming = async (commonName: string): Promise<string> =>
      restart({ 'ca.pem': caOfB + (await createAuthority({ commonName })).certificate })
    const other = await rotate({ phase: 'finish', hosts: [await naming('other')] })
    assert.deepEqual(looksOf(other), [[false, 'it accepts clients of CN=B; CN=other']])
    const end = await rotate({ phase: 'finish', hosts: [await naming('renewals')] })
    assert.deepEqual([end.outcome, looksOf(end)], ['ended', [[true, 'it presents a certificate issued by CN=B']]])
  })

  test('what is seen counts more than what was said', async (t) => {
    const { root, rotate, restart } = await place(t)
    const caOfA = await fs.readFile(join(root, 'server/ca.pem'), 'utf8')
    await rotate({ next: { commonName: 'B' } })
    assert.equal((await rotate({ confirmServer: ['server'] })).waiting.servers.length, 0)
    const url = await restart({ 'ca.pem': caOfA })
    const both = await rotate({ confirm: ['alice'], confirmServer: ['server'], hosts: [url] })
    assert.deepEqual([both.phase, both.waiting.servers.map(({ name }) => name)], ['trust', ['server']])
    assert.equal((await rotate({ action: 'status' })).waiting.servers.length, 1)
  })
})

describe('the client certificate, valid for one day, that an apply checks with', () => {
  test('is made where it is asked for, by the authority that the daemon will take', async (t) => {
    const { root, rotate } = await place(t)
    const issuer = async (): Promise<string> =>
      new X509Certificate(await fs.readFile(join(root, 'server/probe/cert.pem'))).issuer
    assert.deepEqual(probes(await rotate({ next: { commonName: 'B' } })), [false])
    assert.deepEqual(probes(await rotate({ probe: true })), [true])
    assert.equal(await issuer(), 'CN=A')
    assert.equal(await applyFinds(root), true)
    await rotate({ confirm: ['alice'], confirmServer: ['server'] })
    await rotate({ confirmServer: ['server'] })
    // The one of the old authority will be refused from now on: it is none any more.
    assert.deepEqual(probes(await rotate({ confirm: ['alice'], consent: agree })), [false])
    assert.equal(await applyFinds(root), false)
    assert.deepEqual(probes(await rotate({ probe: true })), [true])
    assert.equal(await issuer(), 'CN=B')
    assert.equal(await applyFinds(root), true)
    // It is no client that anybody has to be told of.
    assert.deepEqual((await rotate({ action: 'status' })).lost, [])
  })

  test('needs the passphrase of a locked authority, and changes nothing without', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const folder = new PkiFolder(root)
    const passphrase = 'correct horse'
    await folder.ensureAuthority({ passphrase })
    await folder.ensureServer(['build01'], { passphrase })
    await rotateAuthority({ folder: root, passphrase })
    const before = await treeOf(root)
    const said = { folder: root, probe: true, confirmServer: ['server'] }
    await assert.rejects(rotateAuthority(said), withCode('ERR_CA_PASSPHRASE'))
    assert.deepEqual(await treeOf(root), before)
    assert.equal((await rotateAuthority({ ...said, passphrase })).phase, 'server')
  })
})

test('the name of any CA of the folder is taken: a daemon may still trust that CA', async (t) => {
  const { rotate } = await place(t)
  const taken = withCode('ERR_NAME_INVALID', 'a CA with the same name, CN=')
  await assert.rejects(rotate({ next: { commonName: 'A' } }), taken)
  await rotate({ next: { commonName: 'B' } })
  await rotate({ action: 'abort' })
  await assert.rejects(rotate({ next: { commonName: 'B' } }), taken)
  await rotate({ next: { commonName: 'C' } })
  await rotate({ confirm: ['alice'], confirmServer: ['server'] })
  await rotate({ confirmServer: ['server'] })
  await rotate({ confirm: ['alice'], consent: agree })
  await rotate({ confirmServer: ['server'] })
  for (const commonName of ['A', 'B', 'C']) await assert.rejects(rotate({ next: { commonName } }), taken)
})
