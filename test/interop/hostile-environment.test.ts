import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { issueServer } from '../../lib/pki.ts'
import { runCommand } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { RecordingServer } from '../support/recording-server.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startPeer, type Peer } from '../support/tls-servers.ts'
import { makeCredentials, writeClient, type Credentials } from '../transport/support/credentials.ts'
import type { Errand } from './support/peers.ts'

const PROGRAM = fileURLToPath(new URL('support/peers.ts', import.meta.url))
const folder = await temporaryFolder()

const hostOf = ({ host, port }: Peer): string => `${host === '127.0.0.1' ? 'localhost' : host}:${port}`

/** Other people's clients on our connection, and what of their environment comes through: nothing. */
describe('a hostile environment', { skip: lacks('peer dockerode', 'peer @docker/node-sdk') }, () => {
  let credentials: Credentials
  let foreign: Credentials
  /** Where the environment leads to. */
  let elsewhere: RecordingServer
  let servers: Record<'ours' | 'of a foreign CA' | 'of another name', Peer>

  before(async () => {
    credentials = await makeCredentials()
    foreign = await makeCredentials()
    elsewhere = await RecordingServer.start()
    const named = await issueServer(credentials.authority, { names: ['elsewhere.example'] })
    servers = {
      ours: await startPeer('answers every ping', credentials.server),
      'of a foreign CA': await startPeer('answers every ping', foreign.server),
      'of another name': await startPeer('answers every ping', named, { host: '127.0.0.2' }),
    }
    await writeClient(folder, foreign.client)
    await writeFile(join(folder, 'config.json'), JSON.stringify({ currentContext: 'evil' }))
  })
  after(async () => {
    await Promise.all(Object.values(servers).map((server) => server.close()))
    await elsewhere.close()
  })

  /** Everything at once that any of them reads, and Node besides. */
  function environment(dockerHost: string): Record<string, string> {
    const proxy = `http://127.0.0.1:${elsewhere.port}`
    return {
      DOCKER_HOST: dockerHost,
      DOCKER_CERT_PATH: folder,
      DOCKER_TLS_CERTDIR: folder,
      DOCKER_CONFIG: folder,
      DOCKER_CONTEXT: 'evil',
      DOCKER_PATH_PREFIX: '/evil',
      DOCKER_CLIENT_TIMEOUT: '1',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
    }
  }

  /** One after the other, in one process. */
  async function ping(pings: Errand['pings'], env: Record<string, string>): Promise<string[]> {
    const errand = JSON.stringify({ pings, ...credentials.client } satisfies Errand)
    const command = ['--no-warnings', ...TYPESCRIPT, PROGRAM, errand]
    const { code, stdout, stderr } = await runCommand(process.execPath, command, { env })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as string[]
  }

  const CLIENTS = ['dockerode', '@docker/node-sdk', 'node:https'] as const
  for (const dockerHost of [
    'tcp://127.0.0.1:PORT',
    'https://127.0.0.1:PORT/evil',
    'unix:///nonexistent',
    'ssh://me@127.0.0.1:PORT',
  ]) {
    for (const verify of [{ DOCKER_TLS_VERIFY: '1' }, {}]) {
      test(`they go where we go, whatever says ${JSON.stringify({ DOCKER_HOST: dockerHost, ...verify })}`, async () => {
        const env = { ...environment(dockerHost.replace('PORT', String(elsewhere.port))), ...verify }
        const outcomes = await ping(
          CLIENTS.map((client) => [client, hostOf(servers.ours)] as const),
          env,
        )
        assert.deepEqual(outcomes, ['OK', '1.45', '200 OK'])
        assert.deepEqual((await elsewhere.settled()).connections, [])
      })
    }
  }

  test('they trust whom we trust', async () => {
    const strangers = [servers['of a foreign CA'], servers['of another name']].map(hostOf)
    const pings = strangers.flatMap((host) => CLIENTS.map((client) => [client, host] as const))
    const outcomes = await ping(pings, environment(`tcp://127.0.0.1:${elsewhere.port}`))
    const foreigner = CLIENTS.map(() => 'ERR_SERVER_CERT_UNTRUSTED')
    assert.deepEqual(outcomes, [...foreigner, ...CLIENTS.map(() => 'ERR_SERVER_NAME_MISMATCH')])
  })

  test('this environment is hostile: by itself, dockerode does as it says', async () => {
    const alone = [['dockerode alone', hostOf(servers.ours)]] as const
    const slow = { DOCKER_CLIENT_TIMEOUT: '5000', NODE_USE_ENV_PROXY: '0' }
    const env = { ...environment(`tcp://127.0.0.1:${elsewhere.port}`), ...slow }
    assert.deepEqual(await ping(alone, env), ['ECONNRESET'])
    assert.deepEqual(
      (await elsewhere.settled()).connections.map(({ kind }) => kind),
      ['plaintext'],
    )
    elsewhere.clear()
    const stranger = `tcp://${hostOf(servers['of a foreign CA'])}`
    const trusting = { ...env, DOCKER_HOST: stranger, DOCKER_TLS_VERIFY: '1', DOCKER_PATH_PREFIX: '/' }
    assert.deepEqual(await ping(alone, trusting), ['OK'])
  })

  test('what dockerode makes of a DOCKER_HOST that is none is an error, before anything is sent', async () => {
    const count = servers.ours.count()
    const [said = ''] = await ping([['dockerode', hostOf(servers.ours)]], environment('tcp://[not a host'))
    assert.match(said, /DOCKER_HOST env variable/)
    assert.equal(servers.ours.count(), count)
  })
})
