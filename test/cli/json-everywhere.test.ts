import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { runCli, runJson } from './support/run-cli.ts'

const ENV = ['client', 'env', '--host', 'tcp://b:2376', '--cert-path', '/certs']

/** Its stdout is that of the command that it runs. */
const WITHOUT = 'gateway exec'

test('every command has --json that has an output of its own', async () => {
  for (const { words } of COMMANDS) {
    const { stdout } = await runCli([...words, '--help'])
    const name = words.join(' ')
    assert.equal(/^ {2}--json /m.test(stdout), name !== WITHOUT, name)
  }
})

test('client env --json prints the variables as an object, whatever the shell', async () => {
  for (const SHELL of ['/bin/bash', '/bin/odd']) {
    assert.deepEqual(await runJson(ENV, { env: { HOME: '/nonexistent', SHELL } }), {
      DOCKER_TLS_VERIFY: '1',
      DOCKER_HOST: 'tcp://b:2376',
      DOCKER_HOST_IP: 'tcp://b:2376',
      DOCKER_CERT_PATH: '/certs',
    })
  }
})

test('client env without --json refuses an unknown $SHELL, and prints no JSON', async () => {
  const refused = await runCli(ENV, { env: { HOME: '/nonexistent', SHELL: '/bin/odd' } })
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  const { stdout } = await runCli(ENV, { env: { HOME: '/nonexistent', SHELL: '/bin/bash' } })
  assert.match(stdout, /^export DOCKER_TLS_VERIFY='1'$/m)
})
