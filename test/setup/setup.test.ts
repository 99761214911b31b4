import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeContext } from '../../lib/contexts/store.ts'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { createAuthority, issueClient, issueServer } from '../../lib/pki.ts'
import { rootLoginFault } from '../../lib/host/root-login-fault.ts'
import { ensureContext, refuseForeignContext } from '../../lib/setup/context.ts'
import { forEachHost, continueWith, isSuccess } from '../../lib/setup/for-each-host.ts'
import { hostNames } from '../../lib/setup/host-names.ts'
import { parseTargets } from '../../lib/setup/target.ts'
import { sshLogin } from '../../lib/transport/ssh-arguments.ts'
import { temporaryFolder } from '../support/temporary.ts'

function thrownBy(work: () => unknown): { code: ErrorCode; message: string } {
  try {
    work()
  } catch (error) {
    assert.ok(isDockerMtlsError(error), String(error))
    return error
  }
  return assert.fail('nothing was thrown')
}

describe('hosts to set up', () => {
  const good: [string, string, string][] = [
    ['ssh://root@build01.example.com', 'build01.example.com', 'build01.example.com'],
    ['SSH://Build01', 'Build01', 'build01'],
    ['ssh://deploy@10.0.0.4:2222', '10.0.0.4', '10.0.0.4'],
    ['ssh://root@[2001:db8::1]:22/', '2001:db8::1', '2001-db8--1'],
    ['ssh://[::1]', '::1', '1'],
  ]
  for (const [url, host, folder] of good) {
    test(`${url} is ${host}, in the folder ${folder}`, () => {
      const [target] = parseTargets([url])
      assert.deepEqual([target?.host, target?.folder], [host, folder])
    })
  }

  const bad: [string, ErrorCode, RegExp][] = [
    ['build01', 'ERR_HOST_INVALID', /does not begin with ssh:\/\/.*\n.*setup ssh:\/\/root@build01$/],
    ['deploy@build01:2222', 'ERR_HOST_INVALID', /setup ssh:\/\/deploy@build01:2222$/],
    [
      'ssh//root@build01:2222',
      'ERR_HOST_INVALID',
      /does not begin with ssh:\/\/.*\n.*setup ssh:\/\/root@build01:2222$/,
    ],
    ['ssh:/build01', 'ERR_HOST_INVALID', /setup ssh:\/\/root@build01$/],
    ['ssh:ann@build01', 'ERR_HOST_INVALID', /setup ssh:\/\/ann@build01$/],
    // The port of a daemon is none of ssh's.
    ['tcp://build01:2376', 'ERR_HOST_INVALID', /setup ssh:\/\/root@build01$/],
    ['unix:///run/docker.sock', 'ERR_HOST_INVALID', /is not an ssh:\/\/ URL.*\n.*ssh:\/\/root@HOST$/],
    ['-oProxyCommand=touch /tmp/x', 'ERR_HOST_INVALID', /is not an ssh:\/\/ URL/],
    ['ssh://-oProxyCommand=touch', 'ERR_HOST_INVALID', /is not a host for ssh/],
    ['ssh://-l@build01', 'ERR_HOST_INVALID', /is not a user name for ssh/],
    ['ssh://root@-F', 'ERR_HOST_INVALID', /is not a host for ssh/],
    ['ssh://root@build01:-p', 'ERR_HOST_INVALID', /port/],
    ['ssh://root@build$(id)', 'ERR_HOST_INVALID', /is not a host for ssh/],
    ['ssh://root@build01 x', 'ERR_HOST_INVALID', /is not a host for ssh/],
    ['ssh://root@build01\nx', 'ERR_HOST_INVALID', /U\+000A/],
    ['ssh://root:secret@build01', 'ERR_HOST_INVALID', /password.*\n.*with a key/],
    ['ssh://root@build01/run/docker.sock', 'ERR_HOST_INVALID', /Remove the path: ssh:\/\/root@build01\.$/],
    ['', 'ERR_HOST_INVALID', /ssh:\/\/root@HOST/],
  ]
  for (const [url, code, says] of bad) {
    test(`${JSON.stringify(url)} is refused`, () => {
      const error = thrownBy(() => parseTargets([url]))
      assert.equal(error.code, code)
      assert.match(error.message, says)
      assert.doesNotMatch(error.message, /secret/)
    })
  }

  test('none is named twice', () => {
    const error = thrownBy(() => parseTargets(['ssh://root@a', 'ssh://root@b', 'ssh://deploy@A:22']))
    assert.equal(error.code, 'ERR_ARGUMENT_INVALID')
  })
})

describe('who did not become root there', () => {
  const rows: [string, string, string, number, ErrorCode, RegExp][] = [
    [
      'sudo asks',
      'sudo: a password is required',
      '',
      1,
      'ERR_HOST_SUDO_PASSWORD',
      /'deploy ALL=\(root\) NOPASSWD: ALL'/,
    ],
    ['a terminal is wanted', 'sudo: sorry, you must have a tty to run sudo', '', 1, 'ERR_HOST_SUDO_PASSWORD', /root@b/],
    ['sudo-rs asks', 'sudo: interactive authentication is required', '', 1, 'ERR_HOST_SUDO_PASSWORD', /root@b/],
    ['sudo refuses', 'deploy is not in the sudoers file.', '', 1, 'ERR_HOST_NOT_ROOT', /sudo refuses \(deploy is not/],
    ['no sudo', 'sh: 1: exec: sudo: not found', '', 127, 'ERR_HOST_NOT_ROOT', /can't run sudo/],
    ['a sudo of others', 'sh: 1: exec: sudo: Permission denied', '', 126, 'ERR_HOST_NOT_ROOT', /can't run sudo/],
    ['no shell', '', 'This account is currently not available.\n', 1, 'ERR_HOST_UNREADABLE', /\(This account is/],
    [
      'sftp alone',
      '',
      'This service allows sftp connections only.\n',
      1,
      'ERR_HOST_UNREADABLE',
      /sftp connections only/,
    ],
    ['silence', '', '', 0, 'ERR_HOST_UNREADABLE', /exited with code 0 and printed nothing/],
  ]
  for (const [name, stderr, stdout, code, expected, says] of rows) {
    test(name, () => {
      const endpoint = { kind: 'ssh', host: 'b', user: 'deploy' } as const
      const error = rootLoginFault({ code, stdout, stderr }, { endpoint })
      assert.equal(error.code, expected)
      assert.match(error.message, says)
    })
  }
})

/** The one that it is reached by, and all. */
async function namesFor(ways: Partial<Parameters<typeof hostNames>[2]>, root = '/nonexistent'): Promise<string[]> {
  const { reach, all } = await hostNames(root, 'h', {
    hostname: 'localhost',
    address: undefined,
    requested: [],
    ...ways,
  })
  return [reach.value, ...all]
}

describe('the names of a host', () => {
  test('are what ssh connects to, and its address where that is known here', async () => {
    assert.deepEqual(await namesFor({ hostname: '10.0.0.4', address: '10.0.0.4' }), [
      '10.0.0.4',
      '10.0.0.4',
      'localhost',
      '127.0.0.1',
      '::1',
    ])
    assert.deepEqual(await namesFor({ address: '127.0.0.1' }), ['localhost', 'localhost', '127.0.0.1', '::1'])
  })

  test('are none that the host only claims: it would stand in for another one', async () => {
    for (const address of ['10.0.0.5', 'build02.example.com', '*.example.com', '', 'fe80::1%eth0', '10.0.0.4 x']) {
      const names = await namesFor({ hostname: '10.0.0.4', address })
      assert.deepEqual(names, ['10.0.0.4', '10.0.0.4', 'localhost', '127.0.0.1', '::1'], address)
    }
  })

  test('begin with the one that was asked for, and go on with those that its certificate has', async (t) => {
    const folder = await temporaryFolder(t)
    const { cert } = await issueServer(await createAuthority(), { names: ['old.example.com', '10.0.0.9'] })
    await mkdir(join(folder, 'hosts/h'), { recursive: true })
    await writeFile(join(folder, 'hosts/h/server-cert.pem'), cert)
    const [reach, ...all] = await namesFor(
      { hostname: '10.0.0.4', requested: ['*.example.com', 'new.example.com'] },
      folder,
    )
    assert.equal(reach, 'new.example.com')
    assert.deepEqual(all.slice(0, 3), ['*.example.com', 'new.example.com', '10.0.0.4'])
    assert.ok(['old.example.com', '10.0.0.9'].every((name) => all.includes(name)))
    await writeFile(join(folder, 'hosts/h/server-cert.pem'), 'damaged')
    assert.equal((await namesFor({ hostname: '10.0.0.4' }, folder)).length, 5)
  })
})

function wantedIn(config: string): Parameters<typeof ensureContext>[0] {
  const names = ['build01', '10.0.0.4', 'localhost', '127.0.0.1', '::1']
  return { config, name: 'h', url: 'tcp://build01:2376', names, client: 'ann', force: false }
}

describe("a host's context", () => {
  const rows: [string, boolean][] = [
    ['tcp://build01:2376', true],
    ['tcp://BUILD01:2377', true],
    ['tcp://10.0.0.4:2376', true],
    ['tcp://10.0.0.5:2376', false],
    ['ssh://root@build01', false],
    // That is what every machine calls itself.
    ['tcp://localhost:2376', false],
    ['tcp://[::1]:2376', false],
    ['unix:///run/docker.sock', false],
  ]
  for (const [host, isOurs] of rows) {
    test(`that leads to ${host} is ${isOurs ? 'its own' : 'left alone'}`, async (t) => {
      const config = await temporaryFolder(t)
      const meta = { Name: 'h', Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }
      await writeContext(config, { name: 'h', meta, replace: false })
      const refused = refuseForeignContext(wantedIn(config))
      if (isOurs) await refused
      else await assert.rejects(refused, { code: 'ERR_CONTEXT_EXISTS' })
      await refuseForeignContext({ ...wantedIn(config), force: true })
    })
  }

  test('is made, then kept, then replaced by another certificate; what else it says stays', async (t) => {
    const folder = await temporaryFolder(t)
    const ca = await createAuthority()
    const write = async (): Promise<void> => {
      const { cert, key } = await issueClient(ca, { name: 'ann' })
      const files = { 'ca.pem': ca.certificate, 'cert.pem': cert, 'key.pem': key }
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
    }
    const wanted = wantedIn(join(folder, '.docker'))
    await write()
    assert.equal((await ensureContext(wanted, folder)).action, 'created')
    assert.equal((await ensureContext(wanted, folder)).action, 'kept')
    await write()
    assert.equal((await ensureContext(wanted, folder)).action, 'replaced')
    assert.equal((await ensureContext({ ...wanted, url: 'tcp://10.0.0.4:2376' }, folder)).action, 'replaced')
    // Its user would connect as somebody else from then on.
    const other = { ...wanted, client: 'root' }
    for (const refused of [refuseForeignContext(other), ensureContext(other, folder)])
      await assert.rejects(refused, {
        code: 'ERR_CONTEXT_EXISTS',
        message: /connects as the client ann.*--client ann.*--force/s,
      })
    assert.equal((await ensureContext({ ...other, force: true }, folder)).action, 'replaced')
  })
})

describe('several hosts', () => {
  const hosts = Array.from({ length: 20 }, (_, index) => ({ host: `h${index}` }))

  test('keep their order, and one that fails stops no other, also in what follows', async () => {
    const first = await forEachHost(hosts, async ({ host }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
      if (host === 'h3') throw new Error('three')
      return { host }
    })
    const second = await continueWith(first, ({ host }) => Promise.resolve(host.toUpperCase()))
    assert.deepEqual(
      second.map(({ host }) => host),
      hosts.map(({ host }) => host),
    )
    assert.equal(second.filter(isSuccess).length, 19)
    assert.match(JSON.stringify(second[4]), /H4/)
  })

  test('not more than eight at once', async () => {
    let [now, most] = [0, 0]
    await forEachHost(hosts, async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
    })
    assert.equal(most, 8)
  })
})

test('ssh is told to ask nothing, and nothing is said to it about host keys', () => {
  const args = sshLogin({ kind: 'ssh', host: 'b', user: 'deploy', port: 2222 }, 15_000, 10)
  assert.doesNotMatch(args.join(' '), /HostKey|KnownHosts|Hosts/i)
  for (const option of ['BatchMode=yes', 'ControlMaster=no', 'RemoteCommand=none', 'ServerAliveInterval=10'])
    assert.equal(args[args.indexOf(option) - 1], '-o', option)
  assert.deepEqual(args.slice(-6), ['-l', 'deploy', '-p', '2222', '--', 'b'])
})
