import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rename } from 'node:fs/promises'
import { Agent, get } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cliLines } from './support/cli.ts'
import { daemonPid } from './support/daemon.ts'
import { startPolling, type Poller } from './support/poller.ts'
import { carry, follow, looksOf, refusalOf, rotateAt, type RotationRun } from './support/rotating.ts'
import { deskIn, type Desk } from './support/setup.ts'

const HOST = 'tcp://build01:2376'
const POLICY = `version: 1
rules:
  - { name: all, who: { commonName: [early, late] }, level: privileged, renew: { for: 1h } }
`
const CLIENTS = ['early', 'late'] as const
type Client = (typeof CLIENTS)[number]

const base = await temporaryFolder()
const homeOf = (name: string): string => join(base, name)
/** A client whose certificate the gateway has renewed. */
const RENEWED = homeOf('renewed')

/** A client reads it meanwhile, so it is replaced at once. */
async function trustAs(name: Client): Promise<void> {
  const fresh = join(RENEWED, 'fresh.pem')
  await cp(join(homeOf(name), 'ca.pem'), fresh)
  await rename(fresh, join(RENEWED, 'ca.pem'))
}

/** Asks the gateway by the one connection of an agent. */
function ping(agent: Agent): Promise<{ status: number | undefined; isReused: boolean }> {
  return new Promise((resolve, reject) => {
    const request = get(`${HOST.replace('tcp', 'https')}/_ping`, { agent }, (answer) => {
      answer.resume().once('end', () => resolve({ status: answer.statusCode, isReused: request.reusedSocket }))
    })
    request.once('error', reject)
  })
}

/** The SHA-256 of the certificate that the gateway presents in a new handshake. */
async function shownTo(files: SecureContextOptions): Promise<string> {
  const socket = connectTls({ host: 'build01', port: 2376, ...files })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().fingerprint256
  } finally {
    socket.destroy()
  }
}

describe('a whole rotation of a host with a gateway', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let pids: string[]
  const pollers: Poller[] = []
  let changing: Poller[] = []

  const rotate = (...words: readonly string[]): Promise<RotationRun> => rotateAt(desk, ...words)
  const followOf = (name: Client): Promise<string[]> => follow(desk, name, homeOf(name))

  async function must(words: readonly string[]): Promise<void> {
    const { code, stderr } = await desk.run(words)
    assert.equal(code, 0, stderr)
  }

  /** Of dockerd and the gateway. */
  async function pidsNow(): Promise<string[]> {
    const unit = 'docker-mtls-gateway.service'
    const gateway = await machine.must(['systemctl', 'show', unit, '--value', '-p', 'MainPID'])
    return [await daemonPid(machine), gateway.trim()]
  }

  /** Brings the server its files, and applies them there. Gives the names of the files that differed. */
  async function apply(...words: readonly string[]): Promise<string[]> {
    await carry(desk, machine, 'server', 'server')
    await carry(desk, machine, 'ca', 'lists')
    await machine.must(['sh', '-c', 'cd /root; mv lists/crl.pem .; rm -r lists'])
    const line = ['gateway', 'apply', '--from', 'server', '--crl', 'crl.pem', '--no-client-proof', '--yes']
    const { code, result, stderr } = await cliLines(machine, [...line, ...words])
    assert.equal(code, 0, stderr)
    return (result['written'] as string[]).map((path) => path.split('/').at(-1) ?? '')
  }

  function startAll(): void {
    for (const name of CLIENTS) pollers.push(startPolling(name, HOST, homeOf(name), 'anew'))
    startChanging()
  }

  /** Those that the phase `clients` stops for a moment. */
  function startChanging(): void {
    changing = [
      ...CLIENTS.map((name) => startPolling(name, HOST, homeOf(name), 'lasting')),
      ...(['anew', 'lasting'] as const).map((how) => startPolling('renewed', HOST, RENEWED, how)),
    ]
    pollers.push(...changing)
  }

  /** Lets every client call some more times as things are now. */
  async function settle(): Promise<void> {
    await Promise.all(pollers.map((poller) => poller.more(5)))
  }

  async function renew(): Promise<void> {
    await must(['client', 'renew', '--cert-path', RENEWED, '--host', HOST])
  }

  before(async () => {
    machine = await bootMachine({ docker: true, node: true, name: 'build01', network: { address: '10.77.0.2' } })
    desk = deskIn(await mkdtemp(join(base, 'desk-')))
  })
  after(async () => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    await machine?.stop()
  })

  test('before: clients use the gateway, one of them with a renewed certificate', async () => {
    await must(['init', 'build01', '10.77.0.2', '--client', 'early', '--client', 'late'])
    await must(['cert', 'issuer'])
    await must(['cert', 'crl'])
    await carry(desk, machine, 'issuers/renewals', 'renewals')
    await machine.write('/root/policy.yaml', POLICY)
    await apply('--policy', 'policy.yaml', '--issuer', 'renewals')
    pids = await pidsNow()
    for (const name of CLIENTS) await followOf(name)
    await cp(homeOf('early'), RENEWED, { recursive: true })
    await renew()
    startAll()
    await settle()
  })

  test('cert renew: the gateway presents the new certificate, and connections that are open go on', async () => {
    const [ca, cert, key] = await Promise.all(
      ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(homeOf('early'), name))),
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key })
    try {
      assert.deepEqual(await ping(agent), { status: 200, isReused: false })
      const shown = (): Promise<string> => shownTo({ ca, cert, key })
      const old = await shown()
      await must(['cert', 'renew', '--server'])
      assert.deepEqual((await apply()).toSorted(), ['server-cert.pem', 'server-key.pem'])
      assert.notEqual(await shown(), old)
      assert.deepEqual(await ping(agent), { status: 200, isReused: true })
    } finally {
      agent.destroy()
    }
    await settle()
    assert.deepEqual(await pidsNow(), pids)
  })

  test('phase trust: the gateway and the clients trust both CAs', async () => {
    assert.equal((await rotate('--name', 'B')).phase, 'trust')
    assert.deepEqual(await followOf('early'), ['ca.pem'])
    await trustAs('early')
    assert.deepEqual(looksOf(await rotate('--phase', 'trust', '--host', HOST)), [false])
    assert.deepEqual((await apply()).toSorted(), ['ca.pem', 'crl.pem'])
    await settle()
    assert.deepEqual(await followOf('late'), ['ca.pem'])
    const next = await rotate('--phase', 'trust', '--host', HOST, '--confirm', 'early', '--confirm', 'late')
    assert.equal(next.phase, 'server')
    await settle()
  })

  test('phase server: the gateway presents a certificate of the new CA', async () => {
    assert.deepEqual(looksOf(await rotate('--phase', 'server', '--host', HOST)), [false])
    assert.deepEqual(await apply(), ['server-cert.pem'])
    assert.equal((await rotate('--phase', 'server', '--host', HOST)).phase, 'clients')
  })

  test('phase clients: they present certificates of the new CA, also the one that renews', async () => {
    await cp(homeOf('late'), homeOf('outdated'), { recursive: true })
    assert.deepEqual(await followOf('early'), ['cert.pem'])
    await settle()
    assert.deepEqual(await followOf('late'), ['cert.pem'])
    assert.equal(await refusalOf(HOST, homeOf('outdated')), undefined)
    // A connection that is open keeps its certificate. The gateway lets none become older than a minute, which this is for.
    await Promise.all(changing.map((poller) => poller.stop()))
    // A line of renewals ends with the CA that began it, so it begins again.
    assert.deepEqual((await follow(desk, 'early', RENEWED)).toSorted(), ['cert.pem', 'key.pem'])
    startChanging()
    await settle()
    const next = await rotate('--phase', 'clients', '--confirm', 'early', '--confirm', 'late', '--yes')
    assert.equal(next.phase, 'finish')
    await settle()
  })

  test('phase finish: the gateway drops the old CA, and goes on to renew', async () => {
    for (const name of CLIENTS) assert.deepEqual(await followOf(name), ['ca.pem'])
    await trustAs('early')
    assert.deepEqual(looksOf(await rotate('--phase', 'finish', '--host', HOST)), [false])
    await must(['cert', 'issuer', '--renew'])
    await carry(desk, machine, 'issuers/renewals', 'renewals')
    assert.ok((await apply('--issuer', 'renewals')).includes('issuer-cert.pem'))
    await settle()
    const end = await rotate('--phase', 'finish', '--host', HOST)
    assert.equal(end.outcome, 'ended', end.stderr)
    await renew()
    await settle()
    // Node's TLS server says no reason in the handshake.
    assert.match((await refusalOf(HOST, homeOf('outdated'))) ?? 'gets in', /^ERR_C(?:LIENT_CERT|ONNECTION)_/)
  })

  test('no call failed at any moment, and neither dockerd nor the gateway was restarted', async (t) => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    for (const { name, polls } of pollers) {
      const failed = polls.filter(({ failure }) => failure !== undefined)
      t.diagnostic(`${name}: ${polls.length} calls, ${failed.length} of them failed`)
      assert.deepEqual(failed, [], name)
      assert.ok(polls.length > 20, `${name} has called too seldom`)
    }
    assert.deepEqual(await pidsNow(), pids)
  })
})
