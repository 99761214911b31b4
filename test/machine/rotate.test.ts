import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { issueClient, loadAuthority } from '../../lib/pki.ts'
import { runCommand, untilAlert } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cliLines } from './support/cli.ts'
import { startPolling, type Poll, type Poller } from './support/poller.ts'
import { lastRestart, type Absence } from './support/restarts.ts'
import { carry, follow, looksOf, refusalOf, rotateAt, type RotationRun } from './support/rotating.ts'
import { deskIn, type Desk } from './support/setup.ts'

const HOST = 'tcp://build01:2376'
const base = await temporaryFolder()

/** Why a connection ends, or does not begin, while a daemon restarts. Nothing else is one's fault who has the right files. */
const RECONNECTS = new Set(['ERR_CONNECTION_REFUSED', 'ERR_CONNECTION_RESET', 'ERR_CONNECTION_CLOSED'])

/** Who takes what it gets as soon as it is there, and who takes it as late as it may. */
const CLIENTS = ['early', 'late'] as const
type Client = (typeof CLIENTS)[number]

const homeOf = (name: string): string => join(base, name)

function overlaps({ start, end }: Poll, { from, to }: Absence): boolean {
  return start <= to && end >= from
}

describe('a whole rotation, by an administrator, of a daemon in use', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let container: string
  const absences: Absence[] = []
  const pollers: Poller[] = []

  const rotate = (...words: readonly string[]): Promise<RotationRun> => rotateAt(desk, ...words)

  /** Brings the server its folder, and applies there. */
  async function apply(...words: readonly string[]): Promise<void> {
    await carry(desk, machine, 'server', 'server')
    const { code, result, stderr } = await cliLines(machine, ['daemon', 'apply', '--from', 'server', '--yes', ...words])
    assert.equal(code, 0, stderr)
    assert.deepEqual([result['restarted'], result['clientProven']], [true, true])
    absences.push(await lastRestart(machine))
  }

  const followOf = (name: Client): Promise<string[]> => follow(desk, name, homeOf(name))

  /** Lets every client call some more times as things are now. */
  async function settle(): Promise<void> {
    await Promise.all(pollers.map((poller) => poller.more(5)))
  }

  /** A client of the authority that is to come, made behind its back. */
  async function aheadOfTime(): Promise<string> {
    const ca = join(desk.folder, 'docker-mtls/ca')
    const authority = await loadAuthority({
      certificate: await readFile(join(ca, 'next/ca.pem')),
      key: await readFile(join(ca, 'next/ca-key.pem')),
    })
    const { cert, key } = await issueClient(authority, { name: 'hasty' })
    const folder = homeOf('hasty')
    await mkdir(folder, { recursive: true })
    const trusted = await Promise.all(['ca.pem', 'next/ca.pem'].map((name) => readFile(join(ca, name), 'utf8')))
    for (const [name, text] of Object.entries({ 'ca.pem': trusted.join(''), 'cert.pem': cert, 'key.pem': key })) {
      await writeFile(join(folder, name), text, { mode: 0o600 })
    }
    return folder
  }

  before(async () => {
    machine = await bootMachine({ docker: true, node: true, name: 'build01', network: { address: '10.77.0.2' } })
    desk = deskIn(await mkdtemp(join(base, 'desk-')))
  })
  after(async () => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    await machine?.stop()
  })

  test('before: the daemon is in use by two clients, and runs a container', async () => {
    const init = await desk.run(['init', 'build01', '10.77.0.2', '--client', 'early', '--client', 'late', '--probe'])
    assert.equal(init.code, 0, init.stderr)
    await apply('--live-restore')
    absences.length = 0
    container = (await machine.must(['docker', 'run', '-d', await machine.makeImage(), 'sleep', '1000'])).trim()
    for (const name of CLIENTS) {
      assert.deepEqual(await followOf(name), ['ca.pem', 'cert.pem', 'key.pem'])
      for (const how of ['anew', 'lasting'] as const) pollers.push(startPolling(name, HOST, homeOf(name), how))
    }
    await settle()
  })

  test('phase trust: all get to know the new authority, in any order', async () => {
    assert.equal((await rotate('--name', 'B', '--probe')).phase, 'trust')
    assert.deepEqual(await followOf('early'), ['ca.pem'])
    const hasty = await aheadOfTime()
    // Whoever is ahead of the phases is refused: that is what they are there for.
    assert.match((await refusalOf(HOST, hasty)) ?? 'gets in', /^ERR_CLIENT_CERT_/)
    await settle()
    assert.deepEqual(looksOf(await rotate('--phase', 'trust', '--host', HOST)), [false])
    await apply()
    await settle()
    assert.equal(await refusalOf(HOST, hasty), undefined)
    const half = await rotate('--phase', 'trust', '--host', HOST, '--confirm', 'early')
    assert.deepEqual([half.phase, looksOf(half)], ['trust', [true]])
    assert.deepEqual(await followOf('late'), ['ca.pem'])
    assert.equal((await rotate('--phase', 'trust', '--confirm', 'late')).phase, 'server')
    await settle()
  })

  test('phase server: the daemon shows a certificate of the new one', async () => {
    assert.deepEqual(looksOf(await rotate('--phase', 'server', '--host', HOST, '--probe')), [false])
    await apply()
    await settle()
    assert.equal((await rotate('--phase', 'server', '--host', HOST)).phase, 'clients')
    await settle()
  })

  test('phase clients: they show certificates of the new one, each when it suits', async () => {
    await cp(homeOf('late'), homeOf('outdated'), { recursive: true })
    assert.deepEqual(await followOf('early'), ['cert.pem'])
    await settle()
    assert.equal((await rotate('--phase', 'clients', '--confirm', 'early', '--yes')).phase, 'clients')
    await settle()
    assert.equal(await refusalOf(HOST, homeOf('outdated')), undefined)
    assert.deepEqual(await followOf('late'), ['cert.pem'])
    assert.equal((await rotate('--phase', 'clients', '--confirm', 'late', '--yes', '--probe')).phase, 'finish')
    await settle()
  })

  test('phase finish: the old one is dropped', async () => {
    assert.deepEqual(await followOf('early'), ['ca.pem'])
    await settle()
    await apply()
    await settle()
    const end = await rotate('--phase', 'finish', '--host', HOST)
    assert.equal(end.outcome, 'ended')
    await settle()
  })

  test('then who has only a certificate of the old one is refused, and so is a daemon by who trusts only that', async () => {
    assert.match((await refusalOf(HOST, homeOf('outdated'))) ?? 'gets in', /^ERR_CLIENT_CERT_/)
    const ca = join(desk.folder, 'docker-mtls/ca')
    const old = (await readdir(ca)).find((name) => name.startsWith('ca.pem.')) ?? ''
    await cp(homeOf('late'), homeOf('suspicious'), { recursive: true })
    await cp(join(ca, old), join(homeOf('suspicious'), 'ca.pem'))
    assert.match(
      (await refusalOf(HOST, homeOf('suspicious'))) ?? 'gets in',
      /^ERR_(?:SERVER_CERT_UNTRUSTED|IDENTITY_ISSUER)$/,
    )
    const cli = ['--tlsverify', '--host', HOST, '--tlscacert', join(homeOf('outdated'), 'ca.pem')]
    const shown = ['--tlscert', join(homeOf('outdated'), 'cert.pem'), '--tlskey', join(homeOf('outdated'), 'key.pem')]
    const docker = await untilAlert(() => runCommand('docker', [...cli, ...shown, 'version']))
    assert.match(docker.stderr, /certificate required|unknown certificate authority/)
  })

  test('nobody who was up to date was refused at any moment: a restart is all that they saw', async (t) => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    assert.equal(absences.length, 3)
    for (const { name, polls } of pollers) {
      const failed = polls.filter(({ failure }) => failure !== undefined)
      const outside = failed.filter((poll) => !absences.some((absence) => overlaps(poll, absence)))
      assert.deepEqual(outside, [], `${name}, ${JSON.stringify(absences)}`)
      const others = failed.filter(({ failure = '' }) => !RECONNECTS.has(failure))
      assert.deepEqual(others, [], name)
      const each = absences.map((absence) => failed.filter((poll) => overlaps(poll, absence)).length)
      t.diagnostic(
        `${name}: ${polls.length} calls, ${failed.length} of them failed in the 3 restarts (${each.join(', ')})`,
      )
      assert.ok(polls.length - failed.length > 50, `${name} has called too seldom`)
    }
    for (const { from, to } of absences) t.diagnostic(`a restart took ${to - from} ms`)
    // One restart at least was seen: the clients did call meanwhile.
    assert.ok(pollers.some(({ polls }) => polls.some(({ failure }) => failure !== undefined)))
  })

  test('its container ran all the while', async () => {
    const said = await machine.must(['docker', 'inspect', '-f', '{{.State.Running}} {{.RestartCount}}', container])
    assert.equal(said.trim(), 'true 0')
  })
})

describe('a whole rotation of a host that setup has made', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk

  before(async () => {
    const network = { address: '10.77.0.3' }
    machine = await bootMachine({ docker: true, ssh: true, node: false, network, name: 'two.test' })
    desk = deskIn(await mkdtemp(join(base, 'desk-')))
  })
  after(() => machine?.stop())

  /** Sets it up once more, and uses it as its client does. */
  async function setUp(restarts: boolean): Promise<void> {
    const { code, hosts, stderr } = await desk.lines(['setup', 'ssh://root@two.test', '--client', 'ann', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(hosts[0]?.restarted, restarts)
    const docker = await desk.docker('--context', 'two.test', 'version')
    assert.equal(docker.code, 0, docker.stderr)
  }

  test('goes by setup, phase after phase, and its context works after each', async () => {
    await setUp(true)
    const rows: [words: string[], phase: string, restarts: boolean][] = [
      [['--name', 'B'], 'trust', true],
      [['--phase', 'trust', '--confirm', 'ann', '--host', 'two.test'], 'server', true],
      [['--phase', 'server', '--host', 'two.test'], 'clients', false],
      [['--phase', 'clients', '--confirm', 'ann', '--yes'], 'finish', true],
    ]
    for (const [words, phase, restarts] of rows) {
      const { code, result, stderr } = await desk.lines(['cert', 'rotate-ca', ...words])
      assert.equal(code, 0, stderr)
      assert.equal(result['phase'], phase)
      // What was given before works on as well as what is new.
      assert.equal((await desk.docker('--context', 'two.test', 'version')).code, 0)
      await setUp(restarts)
    }
    const { result } = await desk.lines(['cert', 'rotate-ca', '--phase', 'finish', '--host', 'two.test'])
    assert.equal(result['outcome'], 'ended')
    await setUp(false)
  })
})
