import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { formatEndpoint } from '../../lib/endpoint/endpoint.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { temporaryHome, write } from './support/home.ts'

const COMPLETE = "DOCKER_HOST='tcp://build01:2376'\nDOCKER_TLS_VERIFY='1'\nDOCKER_CERT_PATH='/certs'\n"

describe('a file that is named', () => {
  const taken: [string, string][] = [
    ['as our own writer has it', COMPLETE],
    ['with export, comments and Windows line ends', `# mine\r\nexport ${COMPLETE.replaceAll('\n', '\r\n')}`],
    ['with a byte order mark', `\uFEFF${COMPLETE}`],
    ['with double quotes, and others’ variables', COMPLETE.replaceAll("'", '"') + 'PASSWORD=x\nNOTE=set DOCKER_HOST\n'],
    ['with DOCKER_HOST_IP', COMPLETE.replace('DOCKER_HOST', 'DOCKER_HOST_IP')],
    ['with very many blank lines', `A='x\n\n\ny'\nDOCKER_TLS_V${'\n'.repeat(200_000)}\n \r\n${COMPLETE}`],
    ['where the last one counts', `DOCKER_HOST=tcp://other:2376\n${COMPLETE}`],
  ]
  for (const [name, text] of taken) {
    test(name, async (t) => {
      const home = await temporaryHome(t)
      const envFile = join(home, 'prod.env')
      await writeFile(envFile, text)
      const before = { ...process.env }
      const found = await resolveEndpoint({ envFile }, { HOME: home })
      assert.equal(formatEndpoint(found), 'tcp://build01:2376')
      assert.match(found.source, /^DOCKER_HOST(?:_IP)? in .*prod\.env$/)
      assert.equal(found.certPath, '/certs')
      assert.deepEqual(found.warnings, [])
      assert.deepEqual({ ...process.env }, before)
    })
  }

  const refused: [string, string | Uint8Array, string, RegExp][] = [
    ['nothing of ours in it', 'A=1\n', 'ERR_ENV_FILE_INVALID', /none of the DOCKER_\* variables/],
    ['empty', '', 'ERR_ENV_FILE_INVALID', /none of the DOCKER_\* variables/],
    ['UTF-16, as PowerShell writes it', Buffer.from(COMPLETE, 'utf16le'), 'ERR_ENV_FILE_INVALID', /not UTF-8/],
    ...[
      'DOCKER_HOST tcp://h',
      'set DOCKER_HOST=tcp://h',
      'set "DOCKER_HOST=tcp://h"',
      'setx DOCKER_HOST tcp://h',
      '$Env:DOCKER_HOST = "tcp://h"',
      'set -gx DOCKER_HOST tcp://h',
      'declare -x DOCKER_HOST="tcp://h"',
    ].map((line): [string, string, string, RegExp] => {
      return [
        line,
        `${line}\nDOCKER_API_VERSION=1.44\n`,
        'ERR_ENV_FILE_INVALID',
        /its line for DOCKER_HOST can't be read/,
      ]
    }),
    ['a line break in a value', 'DOCKER_HOST="tcp://h\\n"x\n'.replace('"x', 'x"'), 'ERR_HOST_INVALID', /prod\.env/],
    ['plaintext', 'DOCKER_HOST=http://h\nDOCKER_TLS_VERIFY=1\n', 'ERR_PLAINTEXT_REFUSED', /DOCKER_HOST in .*prod\.env/],
    ['no verification', 'DOCKER_HOST=tcp://h\n', 'ERR_TLS_VERIFY_REQUIRED', /DOCKER_HOST in .*prod\.env=tcp:\/\/h/],
    ['a variable in a path', COMPLETE.replace('/certs', '$HOME/certs'), 'ERR_CERT_PATH_INVALID', /not expanded/],
    ['no host', "DOCKER_TLS_VERIFY='1'\n", 'ERR_HOST_REQUIRED', /DOCKER_TLS_VERIFY/],
    ['a bad version', 'DOCKER_API_VERSION=x\n', 'ERR_API_VERSION_INVALID', /DOCKER_API_VERSION in .*prod\.env=x/],
  ]
  for (const [name, text, code, message] of refused) {
    test(`refused: ${name}`, async (t) => {
      const home = await temporaryHome(t)
      const envFile = join(home, 'prod.env')
      await writeFile(envFile, text)
      await assert.rejects(resolveEndpoint({ envFile }, { HOME: home }), { code, message })
    })
  }

  test('refused: a file that is not there, a folder, a name with a NUL', async (t) => {
    const home = await temporaryHome(t)
    for (const envFile of [join(home, 'none'), home, `${home}\0`, '~other/.env']) {
      await assert.rejects(
        resolveEndpoint({ envFile }, { HOME: home }),
        { code: 'ERR_ENV_FILE_INVALID' },
        inspect(envFile),
      )
    }
  })

  test('~ is the home folder; relative paths in it start at the working directory', async (t) => {
    const home = await temporaryHome(t)
    await write(join(home, 'deep', '.env'), COMPLETE.replace('/certs', 'certs'))
    const { certPath } = await resolveEndpoint({ envFile: '~/deep/.env' }, { HOME: home })
    assert.equal(certPath, join(process.cwd(), 'certs'))
  })
})

describe('the file and the process', () => {
  const set: Record<string, string>[] = [
    { DOCKER_HOST: 'unix:///run/d.sock' },
    { DOCKER_HOST_IP: 'unix:///run/d.sock' },
    { DOCKER_CONTEXT: 'default' },
  ]
  for (const env of set) {
    test(`passed over together, for ${Object.keys(env).join()}`, async (t) => {
      const home = await temporaryHome(t)
      await writeFile(join(home, '.env'), `${COMPLETE}DOCKER_API_VERSION=1.41\n`)
      const found = await resolveEndpoint({ envFile: '~/.env' }, { HOME: home, ...env })
      assert.equal(found.kind, 'unix')
      assert.equal(found.source, Object.keys(env)[0])
      assert.equal(found.apiVersion, undefined)
      assert.match(found.warnings.join(), /env file .* is ignored/)
    })
  }

  for (const name of ['DOCKER_TLS_VERIFY', 'DOCKER_TLS', 'DOCKER_CERT_PATH']) {
    test(`${name} of the process is not completed by the file`, async (t) => {
      const home = await temporaryHome(t)
      await writeFile(join(home, '.env'), COMPLETE)
      const resolving = resolveEndpoint({ envFile: '~/.env' }, { HOME: home, [name]: '1' })
      await assert.rejects(resolving, { code: 'ERR_HOST_REQUIRED' })
    })
  }

  test('a folder, a version and empty variables of the process let the file count', async (t) => {
    const home = await temporaryHome(t)
    await writeFile(join(home, '.env'), `${COMPLETE}DOCKER_API_VERSION=1.41\n`)
    const env = { HOME: home, DOCKER_CONFIG: '/ci', DOCKER_API_VERSION: '1.43', DOCKER_HOST: '', DOCKER_TLS: '' }
    const { certPath, apiVersion, warnings } = await resolveEndpoint({ envFile: '~/.env' }, env)
    assert.deepEqual({ certPath, apiVersion, warnings }, { certPath: '/certs', apiVersion: '1.43', warnings: [] })
  })

  test('where and who options leave the file unread', async () => {
    const options = { envFile: '/nowhere/.env', host: 'unix:///run/d.sock' }
    assert.equal((await resolveEndpoint(options, { HOME: '/nowhere' })).source, 'option host')
  })

  test('none is read that is not named', async (t) => {
    const home = await temporaryHome(t)
    const before = process.cwd()
    t.after(() => process.chdir(before))
    await mkdir(join(home, 'checkout'))
    for (const name of ['.env', 'checkout/.env']) await writeFile(join(home, name), COMPLETE)
    process.chdir(join(home, 'checkout'))
    assert.equal((await resolveEndpoint({}, { HOME: home })).source, 'local socket')
    assert.equal((await resolveEndpoint({ apiVersion: '1.44' }, { HOME: home })).source, 'local socket')
  })
})
