import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, HOME } from './support/cli.ts'
import { localDaemonAnswers, pingAs } from './support/daemon.ts'

const ANN = `${HOME}/docker-mtls/clients/ann`
const AUDIT = ['audit', '--host', 'tcp://localhost:2376', '--cert-path', ANN, '--local']

interface Reports {
  readonly hosts: readonly { readonly findings: readonly { readonly check: string; readonly status: string }[] }[]
}

async function openChecks(machine: Machine): Promise<string[]> {
  const { stdout, stderr } = await cli(machine, [...AUDIT, '--json'])
  const { hosts } = JSON.parse(stdout) as Reports
  const findings = hosts.flatMap((host) => host.findings)
  assert.ok(findings.length > 0, stderr)
  return findings.filter(({ status }) => status === 'fail' || status === 'warn').map(({ check }) => check)
}

describe('daemon apply takes what audit --fix proposes', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    assert.equal(init.code, 0, init.stderr)
    const apply = await cli(machine, ['daemon', 'apply', '--yes', '--no-client-proof'])
    assert.equal(apply.code, 0, apply.stderr)
  })
  after(() => machine?.stop())

  test('with the command that it prints, and what it names is mended', async () => {
    const earlier = await openChecks(machine)
    const audit = await cli(machine, [...AUDIT, '--fix', 'fix'])
    assert.equal(audit.code, 0, audit.stderr)
    const command = /docker-mtls (daemon apply --settings \S+[^\n]*?) --dry-run/.exec(audit.stderr)?.[1]?.split(' ')
    assert.ok(command, audit.stderr)
    assert.ok(command.includes('--userns-remap'))
    const words = command.map((word) => (word === 'daemon-settings.json' ? 'fix/daemon-settings.json' : word))

    const dry = await cli(machine, [...words, '--dry-run'])
    assert.equal(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /^ +\+ {2}"icc": false/m)
    const done = await cli(machine, [...words, '--yes', '--no-client-proof'])
    assert.equal(done.code, 0, done.stderr)
    assert.equal(await pingAs(machine, ANN), 0)
    assert.equal(await localDaemonAnswers(machine), true)

    const now = await openChecks(machine)
    const mended = ['D-BINDIP', 'D-ICC', 'D-LIVE', 'D-LOG', 'D-NNP', 'D-USERNS']
    assert.deepEqual(
      mended.map((check) => [check, earlier.includes(check), now.includes(check)]),
      mended.map((check) => [check, true, false]),
    )
    assert.deepEqual(
      now.filter((check) => !earlier.includes(check)),
      [],
      'nothing got worse',
    )
  })
})
