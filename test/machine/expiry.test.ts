import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CLI } from '../cli/support/run-cli.ts'
import { runCommand, untilAlert, type CommandResult } from '../support/command.ts'
import { runFaked } from '../support/faketime.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { deskIn, type Desk } from './support/setup.ts'

const HOST = 'tcp://build01:2376'
const base = await temporaryFolder()

/** A folder whose certificates were made at another time of day: `-400d`. */
async function deskOf(offset: string, lines: readonly (readonly string[])[]): Promise<Desk> {
  const desk = deskIn(await mkdtemp(join(base, 'desk-')))
  for (const words of lines) await must(at(desk, offset, words))
  return desk
}

/** A command line of ours with the clock of its process moved. */
function at({ folder }: Desk, offset: string, words: readonly string[]): Promise<CommandResult> {
  const env = { FAKETIME_DONT_FAKE_MONOTONIC: '1', DOCKER_CONFIG: join(folder, '.docker') }
  return runFaked(offset, [...CLI, ...words], { cwd: folder, env })
}

async function must(running: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await running
  assert.equal(code, 0, stderr)
  return stdout
}

function ping({ folder }: Desk, name: string, offset = '+0d'): Promise<CommandResult> {
  const where = ['--host', HOST, '--cert-path', join(folder, 'docker-mtls/clients', name)]
  return at({ folder } as Desk, offset, ['ping', ...where])
}

async function refused(running: Promise<CommandResult>, words: RegExp): Promise<void> {
  const { code, stderr } = await running
  assert.match(stderr, words)
  assert.equal(code, 1)
}

const SERVER_EXPIRED = "The server's certificate has expired. Renew it:  docker-mtls cert renew --server"

describe('a real daemon, and certificates that end', { skip: lacksMachine() || lacks('faketime') }, () => {
  let machine: Machine
  let desk: Desk

  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01', network: { address: '10.77.0.2' } })
    desk = await deskOf('-400d', [
      ['cert', 'ca', '--name', 'Old CA'],
      ['cert', 'server', 'build01', '10.77.0.2', '--days', '420'],
      ['cert', 'client', 'ann'],
      ['cert', 'client', 'bob', '--days', '800'],
    ])
    await bring(desk)
    await apply()
  })
  after(() => machine?.stop())

  /** Brings the server its folder. */
  async function bring({ folder }: Desk): Promise<void> {
    const from = join(folder, 'docker-mtls/server')
    const files = (await readdir(from)).filter((name) => name.endsWith('.pem'))
    for (const file of files) await machine.write(join('/root/server', file), await readFile(join(from, file)), 0o600)
  }

  async function apply(): Promise<void> {
    const words = ['daemon', 'apply', '--from', 'server', '--yes', '--no-client-proof']
    const { code, stderr } = await cliLines(machine, words)
    assert.equal(code, 0, stderr)
  }

  /** Puts the files in place as somebody does who has no apply: dockerd itself does not mind. */
  async function putByHand(): Promise<void> {
    await machine.must(['sh', '-ec', 'cp /root/server/*.pem /etc/docker/tls/'])
    await machine.must(['systemctl', 'restart', 'docker'])
  }

  async function status(): Promise<{ code: number; problems: string[]; text: string }> {
    const { code, stdout } = await cli(machine, ['daemon', 'status', '--json'])
    const { stdout: text } = await cli(machine, ['daemon', 'status'])
    return { code, text, problems: (JSON.parse(stdout) as { problems: string[] }).problems }
  }

  test('at first one client has ended, and the other gets in', async () => {
    await must(ping(desk, 'bob'))
    assert.deepEqual((await status()).problems, [])
  })

  test('a client that has ended is told so before anything is sent, and how it is renewed', async () => {
    await refused(
      ping(desk, 'ann'),
      /^ERR_IDENTITY_EXPIRED: .*\(CN=ann\): it expired 3 days ago, on .*\n.*docker-mtls cert renew ann$/m,
    )
  })

  test('where its own clock is slow, the daemon says it', async () => {
    await refused(
      ping(desk, 'ann', '-10d'),
      /^ERR_CLIENT_CERT_EXPIRED: .*expired or not yet valid.*\n.*clocks of both machines with date -u.*docker-mtls cert renew NAME$/m,
    )
    const folder = join(desk.folder, 'docker-mtls/clients/ann')
    const files = ['ca', 'cert', 'key'].flatMap((name) => [
      `--tls${name === 'ca' ? 'cacert' : name}`,
      join(folder, `${name}.pem`),
    ])
    const docker = await untilAlert(() => runCommand('docker', ['--tlsverify', '--host', HOST, ...files, 'version']))
    assert.match(docker.stderr, /expired certificate/)
  })

  test('a monitor sees it, cert renew renews it alone, and the daemon takes it at once', async () => {
    const listed = await desk.run(['cert', 'list', '--expiring', '15d'])
    assert.deepEqual([listed.code, listed.stdout.split('\n').length], [1, 3])
    assert.match(listed.stdout, /^client {2}ann .*expired$/m)
    // The server has 20 days of 420 left: due, too. The other client, at half of its life, is not.
    const due = await desk.run(['cert', 'renew', '--due', '--dry-run'])
    assert.match(due.stdout, /^would renew the server build01 .*\nwould renew the client ann .*: .*expired \d{4}.*\n$/)
    await must(desk.run(['cert', 'renew', 'ann']))
    await must(ping(desk, 'ann'))
  })

  test('a server that ends soon: nothing is wrong with it yet, and status says until when', async () => {
    const { code, text } = await status()
    assert.equal(code, 0)
    assert.match(text, /until \d{4}-\d\d-\d\d \(20 days left\), issued by CN=Old CA/)
  })

  test('a server that has ended: apply refuses it, and where it is in force each end says so', async () => {
    await must(at(desk, '-400d', ['cert', 'server', 'build01', '10.77.0.2', '--days', '395', '--renew']))
    await bring(desk)
    const applied = await cli(machine, ['daemon', 'apply', '--from', 'server', '--yes'])
    assert.match(
      applied.stderr,
      /^ERR_PKI_FILE_INVALID: .*server-cert\.pem: .*(?:ended|expired).*\n.*docker-mtls cert renew --server/m,
    )
    await must(ping(desk, 'bob'))
    await putByHand()
    await refused(
      ping(desk, 'bob'),
      /^ERR_SERVER_CERT_EXPIRED: .*the server's certificate expired on \d{4}-.*\n.*docker-mtls cert renew --server {2}It shows/m,
    )
    const { code, problems, text } = await status()
    assert.deepEqual([code, problems], [1, [SERVER_EXPIRED]])
    assert.match(text, /^Certificate +build01.*\n +expired \d{4}-\d\d-\d\d, issued by CN=Old CA/m)
  })

  test('and that is the way out', async () => {
    await must(desk.run(['cert', 'renew', '--server']))
    await bring(desk)
    await apply()
    assert.match((await desk.run(['cert', 'list', '--expiring', '30d'])).stdout, /^server .* not delivered$/m)
    await must(ping(desk, 'bob'))
    assert.doesNotMatch((await desk.run(['cert', 'list'])).stdout, /not delivered/)
    assert.deepEqual((await status()).problems, [])
  })

  test('an expired CA: each end says so', async () => {
    desk = await deskOf('-3655d', [
      ['cert', 'ca', '--name', 'Older CA'],
      ['cert', 'server', 'build01', '10.77.0.2'],
      ['cert', 'client', 'ann'],
    ])
    await bring(desk)
    await putByHand()
    await refused(ping(desk, 'ann'), /^ERR_IDENTITY_(?:CA_)?EXPIRED: /m)
    const { code, problems } = await status()
    assert.equal(code, 1)
    assert.deepEqual(problems, [
      SERVER_EXPIRED,
      "The CA Older CA has expired, so its clients can't connect. Replace it where its key is kept:  docker-mtls cert ca --replace-ca",
    ])
    for (const words of [['renew', '--due'], ['client', 'eve'], ['rotate-ca'], ['server', 'build01', '--force']]) {
      await refused(
        desk.run(['cert', ...words]),
        /^ERR_CA_EXPIRED: .*CN=Older CA expired on .*\n.*docker-mtls cert ca --replace-ca/m,
      )
    }
    const { stderr } = await desk.run(['cert', 'list'])
    assert.match(stderr, /^Warning: The certificate of Older CA has expired: {2}docker-mtls cert ca --replace-ca/m)
  })

  test('and the way out is a new one, and everything anew', async () => {
    await must(desk.run(['cert', 'ca', '--replace-ca', '--yes', '--name', 'New CA']))
    await must(desk.run(['cert', 'renew', '--due']))
    await bring(desk)
    await apply()
    await must(ping(desk, 'ann'))
    assert.deepEqual((await status()).problems, [])
    const pem = await readFile(join(desk.folder, 'docker-mtls/clients/ann/cert.pem'))
    assert.equal(new X509Certificate(pem).issuer, 'CN=New CA')
  })
})
