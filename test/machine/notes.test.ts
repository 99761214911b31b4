import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { localDaemonAnswers, pingAs } from './support/daemon.ts'

const FOLDER = '/home/user/.docker'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'

/** Keys as by hand: one CA, a server and a client, all in one folder. */
const KEYS = [
  `mkdir -p ${FOLDER} && cd ${FOLDER}`,
  'openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=build01 -keyout ca-key.pem -out ca.pem 2>/dev/null',
  'openssl req -newkey rsa:2048 -nodes -subj /CN=build01 -keyout server-key.pem -out server.csr 2>/dev/null',
  'printf "subjectAltName=DNS:build01,DNS:localhost" >server.ext',
  'openssl x509 -req -days 365 -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile server.ext -out server-cert.pem 2>/dev/null',
  'openssl req -newkey rsa:2048 -nodes -subj /CN=client -keyout key.pem -out client.csr 2>/dev/null',
  'printf "extendedKeyUsage=clientAuth" >client.ext',
  'openssl x509 -req -days 365 -in client.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile client.ext -out cert.pem 2>/dev/null',
].join(' && ')

function dropIn(...more: readonly string[]): string {
  const flags = [
    '-D -H unix:///var/run/docker.sock --tlsverify',
    `--tlscert=${FOLDER}/server-cert.pem --tlscacert=${FOLDER}/ca.pem --tlskey=${FOLDER}/server-key.pem`,
    ...more,
    '-H tcp://0.0.0.0:2376',
  ]
  return `[Service]\nExecStart=\nExecStart=/usr/bin/dockerd ${flags.join(' ')}\n`
}

const RESTART = 'systemctl daemon-reload && systemctl reset-failed docker; systemctl restart docker'

async function statusOf(machine: Machine): Promise<{ code: number; status: Record<string, unknown> }> {
  const { code, stdout } = await cli(machine, ['daemon', 'status', '--json'])
  return { code, status: JSON.parse(stdout) as Record<string, unknown> }
}

describe("an administrator's own steps, and what comes after them", { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, unit: 'docker-ce', name: 'build01' })
  })
  after(() => machine?.stop())

  test('TLS on 2376 by a drop-in that was written by hand: status sees what is in force', async () => {
    await machine.must(['sh', '-c', KEYS])
    await machine.write(DROP_IN, dropIn())
    await machine.must(['sh', '-c', 'systemctl daemon-reload && systemctl restart docker'])
    assert.equal(await pingAs(machine, FOLDER), 0)
    const { code, status } = await statusOf(machine)
    assert.equal(code, 0)
    assert.deepEqual(status['problems'], [])
    assert.equal(status['wayBack'], 'none')
  })

  test('status sees what those steps can go wrong with: no CA, no client certificate, plaintext', async () => {
    const tries: [RegExp, string, RegExp][] = [
      [/--tlscacert=\S+/, '--tlscacert=', /accepts clients of every CA that this system trusts/],
      [/--tlsverify --tlscert=.*server-key\.pem/, '', /answers everybody in plaintext/],
    ]
    for (const [correct, slip, problem] of tries) {
      await machine.write(DROP_IN, dropIn().replace(correct, slip))
      await machine.must([
        'sh',
        '-c',
        `${RESTART} || { cat ${DROP_IN}; journalctl -u docker -n 20 -o cat; exit 1; } >&2`,
      ])
      const { code, status } = await statusOf(machine)
      assert.equal(code, 1)
      assert.match(String(status['problems']), problem)
    }
  })

  test('status sees a CA that was added to the file, and by whatever name: dockerd has yet to be restarted', async () => {
    await machine.write(DROP_IN, dropIn().replace(`${FOLDER}/ca.pem`, '/srv/clients.crt'))
    await machine.must(['sh', '-c', `cp ${FOLDER}/ca.pem /srv/clients.crt; ${RESTART}`])
    assert.deepEqual((await statusOf(machine)).status['problems'], [])
    await machine.must([
      'sh',
      '-c',
      `openssl req -x509 -newkey ed25519 -nodes -subj /CN=second -keyout /dev/null -out - 2>/dev/null >>/srv/clients.crt`,
    ])
    const { code, status } = await statusOf(machine)
    assert.equal(code, 1)
    assert.match(String(status['problems']), /accepts clients of CN=build01, unlike its CA file/)
    await machine.must(['sh', '-c', RESTART])
    assert.deepEqual((await statusOf(machine)).status['problems'], [])
  })

  test('user namespaces by the same drop-in', async () => {
    await machine.write(DROP_IN, dropIn('--userns-remap="default"'))
    await machine.must([
      'sh',
      '-c',
      'systemctl daemon-reload && systemctl reset-failed docker; systemctl restart docker',
    ])
    const { stdout } = await cli(machine, ['daemon', 'status'])
    assert.match(stdout, /User namespaces +default\n +dockremap:\d+:\d+ in \/etc\/subuid/)
  })

  test('daemon apply takes over from there, keeps what is not its own, and can go back', async () => {
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann', '--probe'])).code, 0)
    const byHand = await machine.read(DROP_IN)
    const { code, result, stderr } = await cliLines(machine, ['daemon', 'apply', '--yes'])
    assert.equal(code, 0, stderr)
    // The client of a day lies beside the server's files, and is found there.
    assert.equal(result['clientProven'], true)
    assert.equal(await machine.exists('/root/docker-mtls/server/probe'), false)
    assert.equal(result['usernsRemap'], 'default')
    const now = await machine.read(DROP_IN)
    assert.match(
      now,
      /^ExecStart=\/usr\/bin\/dockerd .*-D .*-H unix:\/\/\/var\/run\/docker\.sock .*--userns-remap="default"/m,
    )
    assert.match(now, /--tlscacert=\/etc\/docker\/tls\/ca\.pem/)
    assert.equal(await pingAs(machine, '/root/docker-mtls/clients/ann'), 0)
    assert.notEqual(await pingAs(machine, FOLDER), 0)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
    assert.equal(await machine.read(DROP_IN), byHand)
    assert.equal(await pingAs(machine, FOLDER), 0)
  })
})
