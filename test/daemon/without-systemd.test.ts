import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../lib/index.ts'
import { createAuthority, issueClient, PkiFolder } from '../../lib/pki.ts'
import { probeServer, tryClient } from '../../lib/probe.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { cleanEnvironment } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { chooseDaemonPlace, isolationFlags, type DaemonPlace } from './harness/place.ts'
import { removeUnmounted } from './harness/unmount.ts'

/** dockerd with its own /run, where its default socket is, so that it meets no other daemon. Its folder ($0) stays. */
const OWN_RUN =
  'mount --bind "$0" /mnt && mount -t tmpfs none /run && mkdir -p "$0" && mount --bind /mnt "$0" && exec "$@"'

interface Started {
  /** The exit code, or undefined if it runs. */
  readonly code: number | undefined
  readonly log: string
}

/** Starts it as the message says, and waits until it listens or ends. */
async function start(t: TestContext, place: DaemonPlace, file: string): Promise<Started> {
  const argv = [place.dockerd, '--config-file', file, ...isolationFlags(place)]
  const ownRun = ['--mount', '--propagation=private', 'sh', '-c', OWN_RUN, place.folder]
  const child = spawn('unshare', [...ownRun, 'setpriv', '--pdeathsig', 'TERM', ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: cleanEnvironment({ HOME: place.folder }),
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  t.after(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    await removeUnmounted(place.folder)
  })
  for (let waited = 0; waited < 60_000 && child.exitCode === null && !log.includes('API listen on'); waited += 50)
    await delay(50)
  return { code: child.exitCode ?? undefined, log }
}

async function rendered(form: string): Promise<{ place: DaemonPlace; file: string; client: string; host: string }> {
  const place = await chooseDaemonPlace()
  const pki = new PkiFolder(join(place.folder, 'pki'))
  await pki.ensureAuthority()
  const { paths: server } = await pki.ensureServer(['localhost'])
  const { paths: client } = await pki.ensureClient('tester')
  const host = `127.0.0.1:${place.port}`
  const out = join(place.folder, 'rendered')
  await mkdir(out)
  const file = join(out, 'daemon.json')
  const argv = ['daemon', 'render', form, '--listen', host, '--tlsdir', server.folder]
  const { code, stderr } = await runCli([...argv, '--write', form === '--without-systemd' ? file : out])
  assert.equal(code, 0, stderr)
  return { place, file, client: client.folder, host: `tcp://${host}` }
}

describe('a dockerd that systemd does not start', { skip: lacks('namespaces', 'dockerd', 'ip') }, () => {
  test('starts with the daemon.json of daemon render --without-systemd', async (t) => {
    const { place, file, client, host } = await rendered('--without-systemd')
    const { code, log } = await start(t, place, file)
    assert.equal(code, undefined, log)
    assert.match(log, /API listen on \/var\/run\/docker\.sock/)
    await using docker = await connect({ host, certPath: client })
    assert.ok((await docker.version()).Version)
    const stranger = await issueClient(await createAuthority(), { name: 'stranger' })
    const at = { host: '127.0.0.1', servername: 'localhost', port: place.port }
    const ca = await readFile(join(client, 'ca.pem'), 'utf8')
    const { plaintext, clientCertificate } = await probeServer(at)
    assert.deepEqual([plaintext, clientCertificate], ['refused', 'required'])
    const { cert, key } = stranger
    assert.equal((await tryClient({ ...at, ca, cert, key })).accepted, false)
  })

  test('does not start with that of --daemon-json, which is for systemd', async (t) => {
    const { place, file } = await rendered('--daemon-json')
    assert.match(await readFile(file, 'utf8'), /"fd:\/\/"/)
    const { code, log } = await start(t, place, file)
    assert.equal(code, 1, log)
    assert.match(log, /no sockets found via socket activation/)
  })
})
