import assert from 'node:assert/strict'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

const folder = await temporaryFolder()
const keys = join(folder, 'docker-mtls')

before(() => runCli(['init', 'build01', '--client', 'ann', '--out', keys]))

async function issue(name: string, env: Record<string, string> = { HOME: folder }): Promise<string> {
  const { code, stdout, stderr } = await runCli(['cert', 'client', name, '--dir', keys], { env })
  assert.equal(code, 0, stderr)
  return stdout
}

/** The words of our command in a line of the steps. */
function wordsAfter(start: string, text: string): string[] {
  const line = text.split('\n').find((one) => one.includes(`docker-mtls ${start}`)) ?? assert.fail(text)
  const [, command = ''] = /docker-mtls (.*?)(?:\)")?$/.exec(line) ?? []
  return command.split(' ')
}

test('cert client ends with commands that work, with the daemon of the other clients', async () => {
  const text = await issue('bob')
  const ping = await runCli(wordsAfter('ping', text))
  assert.match(ping.stderr, /^ERR_(?:NAME_NOT_RESOLVED|DNS_\w+|HOST_\w+|CONNECTION_\w+):/, ping.stderr)
  const env = await runCli([...wordsAfter('client env', text), '--shell', 'sh'])
  assert.match(env.stdout, /^export DOCKER_HOST='tcp:\/\/build01:2376'$/m)
  assert.ok(env.stdout.includes(`export DOCKER_CERT_PATH='${join(keys, 'clients/bob')}'`), env.stdout)
  const words = wordsAfter('client export', text)
  const out = join(folder, 'bob.tar')
  assert.equal(words.at(-1), 'bob.tar')
  assert.equal((await runCli([...words.slice(0, -1), out])).code, 0)
  assert.ok((await stat(out)).size > 0)
})

test('a client with a .env is used by that, and a kept certificate has the same steps', async () => {
  const text = await issue('ann')
  assert.match(text, /^kept /)
  assert.ok(text.includes(`docker-mtls ping --dotenv ${join(keys, 'clients/ann/.env')}\n`), text)
  assert.deepEqual(wordsAfter('client env', text), ['client', 'env', 'ann', '--dir', keys])
})

test('behind sudo, no shell is told to read files of root', async () => {
  const text = await issue('bob', { HOME: folder, SUDO_USER: 'me' })
  assert.match(text, /^ {2}sudo docker-mtls ping /m)
  assert.match(text, /^ {2}sudo docker-mtls client export /m)
  assert.doesNotMatch(text, /eval/)
})

test('a key on another machine has no steps here, and without a .env the daemon has a placeholder', async () => {
  await rm(join(keys, 'clients/ann/.env'))
  assert.match(await issue('bob'), /--host SERVER /)
  await runCli(['client', 'request', 'eve', '--out', join(folder, 'eve')])
  const signed = await runCli([
    'cert',
    'sign',
    join(folder, 'eve/eve.csr'),
    '--dir',
    keys,
    '--out',
    join(folder, 'eve.pem'),
  ])
  assert.equal(signed.code, 0, signed.stderr)
  const text = await issue('eve')
  assert.match(text, /Its key is on the machine of eve/)
  assert.doesNotMatch(text, /ping|export/)
})
