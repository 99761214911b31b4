import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readIfThere } from '../lib/base/files.ts'
import { createAuthority, issueClient, issueServer, type Authority, type IssuedCertificate } from '../lib/pki.ts'
import { runCommand } from './support/command.ts'
import { makeServer, type Made } from './support/openssl-certs.ts'
import { TYPESCRIPT } from './support/programs.ts'
import { lacks } from './support/requirements.ts'
import { temporaryFolder } from './support/temporary.ts'
import { startFakeProxy, tunnels } from './transport/support/proxies.ts'
import { startPeer, type PeerKind } from './support/tls-servers.ts'

/**
 * What the environment can do to Node's own TLS, and can't to ours. Each row is run twice in one process: by our
 * connect(), and by a bare node:tls client that shows that the environment really has weakened Node.
 */
interface Row {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly peer: PeerKind
  /** Whose certificate the server shows. */
  readonly shows: 'ours' | 'foreign' | 'another name' | 'a weak key'
  /** Our code, or the version of the API that was agreed on. */
  readonly ours: string
  /** How the bare client fares. */
  readonly bare: string
}

const UNVERIFIED = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
/** RSA key exchange, CBC and TLS 1.0: all that OpenSSL still has. */
const OLD = { NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=ALL@SECLEVEL=0' }
/** OpenSSL's own configuration, which decides where a program leaves the security level open. */
const LEVEL_0 = { NODE_OPTIONS: '--openssl-config=weak.cnf' }
const WEAK_CNF = `nodejs_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = weak
[weak]
CipherString = DEFAULT@SECLEVEL=0
`
const FOREIGN_CA = { NODE_EXTRA_CA_CERTS: 'foreign-ca.pem' }
const PING = 'answers every ping'

const ROWS: readonly Row[] = [
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED=0 and a server of a foreign CA',
    env: UNVERIFIED,
    peer: PING,
    shows: 'foreign',
    ours: 'ERR_SERVER_CERT_UNTRUSTED',
    bare: 'TLSv1.3',
  },
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED=0 and a server of another name',
    env: UNVERIFIED,
    peer: PING,
    shows: 'another name',
    ours: 'ERR_SERVER_NAME_MISMATCH',
    bare: 'TLSv1.3',
  },
  {
    name: 'NODE_EXTRA_CA_CERTS with the foreign CA',
    env: FOREIGN_CA,
    peer: PING,
    shows: 'foreign',
    ours: 'ERR_SERVER_CERT_UNTRUSTED',
    bare: 'TLSv1.3',
  },
  {
    name: 'NODE_OPTIONS and a server with TLS 1.1 only',
    env: { ...OLD, ...UNVERIFIED },
    peer: 'TLS 1.1 only',
    shows: 'ours',
    ours: 'ERR_SERVER_TLS_TOO_OLD',
    bare: 'TLSv1.1',
  },
  {
    name: 'NODE_OPTIONS and a server with CBC suites only',
    env: { ...OLD, ...UNVERIFIED },
    peer: 'TLS 1.2 with CBC suites only',
    shows: 'ours',
    ours: 'ERR_SERVER_NO_COMMON_CIPHER',
    bare: 'TLSv1.2',
  },
  {
    name: 'an OpenSSL configuration and a server with an RSA key of 1024 bits',
    env: { ...LEVEL_0, ...UNVERIFIED },
    peer: 'answers with a weak certificate',
    shows: 'a weak key',
    ours: 'ERR_SERVER_CERT_WEAK',
    bare: 'TLSv1.3',
  },
  {
    name: 'all of it together and the right server',
    env: { ...UNVERIFIED, ...OLD, ...FOREIGN_CA },
    peer: PING,
    shows: 'ours',
    ours: '1.45',
    bare: 'TLSv1.3',
  },
  {
    name: 'all of it together and a server of a foreign CA',
    env: { ...UNVERIFIED, ...OLD, ...FOREIGN_CA },
    peer: PING,
    shows: 'foreign',
    ours: 'ERR_SERVER_CERT_UNTRUSTED',
    bare: 'TLSv1.3',
  },
  {
    name: 'a Node that nobody has weakened',
    env: {},
    peer: PING,
    shows: 'foreign',
    ours: 'ERR_SERVER_CERT_UNTRUSTED',
    bare: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  },
]

const SCRIPT = `
import tls from 'node:tls'
import { connect } from '${new URL('../lib/index.ts', import.meta.url).href}'
import { probeServer } from '${new URL('../lib/probe.ts', import.meta.url).href}'
const [port, certPath] = process.argv.slice(1)
async function ours() {
  try {
    const docker = await connect({ host: 'tcp://localhost:' + port, certPath, proxy: process.env.THROUGH })
    await docker.close()
    return docker.apiVersion
  } catch (error) {
    return error.code ?? String(error)
  }
}
async function probed() {
  return (await probeServer({ host: 'localhost', port: Number(port) })).protocols.at(-1)
}
function bare() {
  const socket = tls.connect({ host: 'localhost', port })
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket.getProtocol())).once('error', (error) => resolve(error.code))
  }).finally(() => socket.destroy())
}
const { ONLY } = process.env
const does = (which) => ONLY === undefined ? which !== 'probed' : ONLY === which
const called = { ours, bare, probed }
const results = await Promise.all(Object.keys(called).filter(does).map(async (which) => [which, await called[which]()]))
console.log(JSON.stringify(Object.fromEntries(results)))
`

/** Runs the script in a process with this environment. */
async function outcome(
  env: Readonly<Record<string, string>>,
  port: number,
  certPath: string,
): Promise<Partial<Record<'ours' | 'bare' | 'probed', unknown>>> {
  const command = [...TYPESCRIPT, '--input-type=module', '-e', SCRIPT, String(port), certPath]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { code, stdout, stderr } = await runCommand(process.execPath, command, { env, cwd })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Partial<Record<'ours' | 'bare' | 'probed', unknown>>
}

describe('a Node that its environment has weakened', { skip: lacks('openssl') }, () => {
  let foreign: Authority
  let client: IssuedCertificate
  let servers: Readonly<Record<Row['shows'], Made>>
  before(async () => {
    const authority = await createAuthority()
    foreign = await createAuthority()
    client = await issueClient(authority, { name: 'tester' })
    const names = ['localhost']
    const own = { cert: authority.certificate, key: await authority.exportKey() }
    servers = {
      ours: await issueServer(authority, { names }),
      foreign: await issueServer(foreign, { names }),
      // Ours always have localhost in them.
      'another name': await makeServer(own, { names: ['DNS:build01.example.com'] }),
      'a weak key': await makeServer(own, { keyType: 'rsa1024' }),
    }
  })

  /** A folder with the client's files. */
  async function clientFolder(t: TestContext): Promise<string> {
    const folder = await temporaryFolder(t)
    for (const part of ['ca', 'cert', 'key'] as const) {
      await writeFile(join(folder, `${part}.pem`), client[part], { mode: 0o600 })
    }
    return folder
  }

  for (const { name, env, peer, shows, ours, bare } of ROWS) {
    test(`${name}: ${ours}`, async (t) => {
      const folder = await clientFolder(t)
      await writeFile(join(folder, 'foreign-ca.pem'), foreign.certificate)
      await writeFile(join(folder, 'weak.cnf'), WEAK_CNF)
      const inFolder = ([variable, value]: [string, string]): [string, string] => [
        variable,
        value.replace(/foreign-ca\.pem|weak\.cnf/, (file) => join(folder, file)),
      ]
      const variables = Object.fromEntries(Object.entries(env).map(inFolder))
      const { cert, key } = servers[shows]
      const server = await startPeer(peer, { cert, key })
      t.after(() => server.close())
      assert.deepEqual(await outcome(variables, server.port, folder), { ours, bare })
    })
  }

  test('--tls-keylog: no secret of our sessions is written, neither directly nor through a proxy', async (t) => {
    const folder = await clientFolder(t)
    const { cert, key } = servers.ours
    const server = await startPeer(PING, { cert, key })
    t.after(() => server.close())
    const proxy = await startFakeProxy(tunnels())
    t.after(() => proxy.close())
    const expected = { ours: '1.45', bare: 'TLSv1.3', probed: 'TLSv1.3' }
    const logged = async (name: string, which: keyof typeof expected, through?: string): Promise<string[]> => {
      const file = join(folder, name)
      const env = {
        NODE_OPTIONS: `--tls-keylog=${file}`,
        ...UNVERIFIED,
        ONLY: which,
        ...(through && { THROUGH: through }),
      }
      const result = await outcome(env, server.port, folder)
      assert.equal(result[which], expected[which])
      return (await readIfThere(file))?.split('\n') ?? []
    }
    assert.ok((await logged('bare.log', 'bare')).some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0')))
    assert.deepEqual(await logged('ours.log', 'ours'), [])
    assert.deepEqual(await logged('probed.log', 'probed'), [])
    assert.deepEqual(await logged('proxied.log', 'ours', `http://127.0.0.1:${proxy.port}`), [])
  })
})
