import assert from 'node:assert/strict'
import { access, copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

const folder = await temporaryFolder()
const keys = join(folder, 'docker-mtls')
const BOB = join(keys, 'clients/bob')
const TCP = 'tcp://127.0.0.1:1'
const GENERAL = /^Name the folder that holds ca\.pem, cert\.pem and key\.pem\. To export them/m

before(async () => {
  await runCli(['init', 'build01', '--client', 'bob', '--out', keys])
  await runCli(['cert', 'server', 'web01', '--host', 'web01', '--dir', keys])
  await mkdir(join(folder, 'clients', 'stranger'), { recursive: true })
})

async function pingBy(certPath: string): Promise<string[]> {
  const variables = { HOME: '/nonexistent', DOCKER_HOST: TCP, DOCKER_TLS_VERIFY: '1' }
  const option = await runCli(['ping', '--host', TCP, '--cert-path', certPath])
  const variable = await runCli(['ping'], { env: { ...variables, DOCKER_CERT_PATH: certPath } })
  const context = await runCli(['context', 'create', 'one', '--host', TCP, '--cert-path', certPath])
  return [option.stderr, variable.stderr, context.stderr]
}

describe('a wrong folder of certificates', () => {
  for (const place of ['.', 'docker-mtls', 'server', 'hosts/web01', 'ca', 'clients', 'server/server-cert.pem']) {
    test(`${place}: the error names the folder of the client`, async () => {
      const path = place === '.' ? folder : place === 'docker-mtls' ? keys : join(keys, place)
      for (const stderr of await pingBy(path)) {
        assert.match(stderr, /^ERR_IDENTITY_FILE_MISSING: /)
        assert.ok(stderr.includes(`\nName the folder of the client:  ${BOB}\n`), stderr)
      }
    })
  }

  for (const file of ['cert.pem', 'key.pem']) {
    test(`${file} itself: the error names the folder that contains it`, async () => {
      for (const stderr of await pingBy(join(BOB, file))) {
        assert.match(stderr, /: it is a file, not a folder\.$/m)
        assert.ok(stderr.includes(`\nName the folder that contains the file:  ${BOB}\n`), stderr)
      }
    })
  }

  test('of several clients, the error names all that have the three files', async () => {
    const name = (client: string): string => join(keys, 'clients', client)
    await runCli(['cert', 'client', 'alice', '--dir', keys])
    await runCli(['cert', 'client', 'carol', '--dir', keys])
    await rm(join(name('carol'), 'key.pem'))
    for (const stderr of await pingBy(join(keys, 'server'))) {
      assert.ok(stderr.includes(`\nName the folder of a client:  ${name('alice')} or ${name('bob')}\n`), stderr)
    }
  })

  test("a client's own folder without a file: the error names no other client", async () => {
    const own = join(keys, 'clients', 'carol')
    for (const stderr of await pingBy(own)) {
      assert.match(stderr, /key\.pem: there is no such file\.\n.*cert client carol /)
      assert.doesNotMatch(stderr, /alice|bob/)
    }
    for (const stderr of await pingBy(join(keys, 'clients', 'carlo')))
      assert.match(stderr, /Name the folder of a client/)
  })

  test("a server's files under a client's names: the error names the client, and no client by the server's name", async () => {
    const copied = async (to: string): Promise<string> => {
      await mkdir(to, { recursive: true })
      const parts = { 'ca.pem': 'ca.pem', 'cert.pem': 'server-cert.pem', 'key.pem': 'server-key.pem' }
      for (const [name, file] of Object.entries(parts)) await copyFile(join(keys, 'hosts/web01', file), join(to, name))
      return to
    }
    const near = await pingBy(await copied(join(folder, 'copy')))
    const far = await pingBy(await copied(await temporaryFolder()))
    for (const stderr of [...near, ...far]) {
      assert.match(stderr, /^ERR_IDENTITY_PURPOSE: .*: it is a server's certificate\.$/m)
      assert.doesNotMatch(stderr, /cert client web01/)
    }
    for (const stderr of far) assert.match(stderr, /^Use the three files of a client instead\. .*cert client NAME$/m)
    await copied(join(keys, 'hosts/web02'))
    for (const stderr of await pingBy(join(keys, 'hosts/web02')))
      assert.match(stderr, /^Name the folder of a client: /m)
  })

  test('a client whose certificate is missing gets its own again, not that of another one', async () => {
    const path = join(keys, 'clients/carol')
    await runCli(['cert', 'client', 'carol', '--dir', keys])
    await rm(join(path, 'cert.pem'))
    for (const stderr of await pingBy(path)) {
      assert.match(stderr, /^ERR_IDENTITY_FILE_MISSING: .*carol\/cert\.pem/m)
      assert.ok(stderr.includes(`cert client carol --dir ${keys}\n`), stderr)
    }
    const again = await runCli(['cert', 'client', 'carol', '--dir', keys])
    assert.equal(again.code, 0, again.stderr)
    await access(join(path, 'cert.pem'))
    await rm(path, { recursive: true })
  })

  test('a folder that belongs to no CA, name no other client', async () => {
    for (const path of [join(keys, 'nowhere/at/all'), join(folder, 'clients', 'stranger'), '/nonexistent']) {
      for (const stderr of await pingBy(path)) {
        assert.match(stderr, GENERAL)
        assert.doesNotMatch(stderr, /folder of/)
      }
    }
  })
})

describe('without DOCKER_CERT_PATH, the error says why it looked in that folder', () => {
  const env = { HOME: folder, DOCKER_HOST: TCP, DOCKER_TLS_VERIFY: '1' }
  const SET = /^Set DOCKER_CERT_PATH to the folder that holds ca\.pem, cert\.pem and key\.pem\. /m

  test('~/.docker', async () => {
    const { stderr } = await runCli(['ping'], { env })
    const why = '(the default, since DOCKER_CERT_PATH is not set)'
    assert.ok(stderr.includes(`reading the folder ${join(folder, '.docker')} ${why}: there is no such folder.`), stderr)
    assert.match(stderr, SET)
  })

  test('DOCKER_CONFIG', async () => {
    const { stderr } = await runCli(['ping'], { env: { ...env, DOCKER_CONFIG: join(folder, 'config') } })
    assert.match(stderr, /folder \S+\/config \(\$DOCKER_CONFIG, since DOCKER_CERT_PATH is not set\): there is no such/)
    assert.match(stderr, SET)
  })

  test('a file that is a folder keeps its own remedy', async () => {
    await mkdir(join(folder, '.docker', 'ca.pem'), { recursive: true })
    const { stderr } = await runCli(['ping'], { env })
    assert.match(
      stderr,
      /ca\.pem \(the default, since DOCKER_CERT_PATH is not set\): it is a folder, not a file\.\nReplace/,
    )
  })

  test('doctor says the same', async () => {
    const { stdout } = await runCli(['doctor'], { env: { ...env, HOME: join(folder, 'nobody') } })
    assert.match(stdout, /\(the\s+default,\s+since\s+DOCKER_CERT_PATH\s+is\s+not\s+set\)/)
  })

  test('if it is set, or an option names the folder, nothing is said of it', async () => {
    for (const stderr of await pingBy('/nonexistent')) assert.doesNotMatch(stderr, /not set|DOCKER_CERT_PATH/)
  })
})
