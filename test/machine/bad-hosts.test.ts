import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { COMMAND } from '../support/programs.ts'
import { cli, cliAs } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']
const DROP_INS = '/etc/systemd/system/docker.service.d'
const UNIT = '/usr/lib/systemd/system/docker.service'
const STOP = 'systemctl stop docker.socket docker.service'
/** Several within some seconds are too many for systemd (StartLimitBurst=). */
const START =
  'systemctl daemon-reload; systemctl reset-failed docker.socket docker.service; systemctl start docker.socket docker.service'

/** A host that is not as it should be, or a command line that can't be meant. */
interface Row {
  readonly name: string
  /** Shell text that makes it so, and takes that back. */
  readonly before?: string
  readonly after?: string
  readonly words?: readonly string[]
  /** The first line on stderr, from its code on; then the way out. */
  readonly says: RegExp
  readonly todo: RegExp
  /** @defaultValue 1 */
  readonly code?: number
}

const ROWS: readonly Row[] = [
  {
    name: 'no Docker at all',
    before: `${STOP}; mv ${UNIT} /usr/sbin/dockerd /srv; systemctl daemon-reload`,
    after: `mv /srv/docker.service ${UNIT}; mv /srv/dockerd /usr/sbin; ${START}`,
    says: /^ERR_HOST_NO_DOCKER: inspecting this machine: Docker Engine is not installed: neither docker\.service nor dockerd exists\.$/m,
    todo: /apt-get install docker\.io/,
  },
  {
    name: 'a dockerd without a unit',
    before: `${STOP}; mv ${UNIT} /srv; systemctl daemon-reload`,
    after: `mv /srv/docker.service ${UNIT}; ${START}`,
    says: /^ERR_HOST_NO_DOCKER: .*\/usr\/sbin\/dockerd exists, but no docker\.service that starts it/m,
    todo: /Install Docker Engine with its unit/,
  },
  {
    name: 'a dockerd that something else has started, as a snap does',
    before: `${STOP}; mv ${UNIT} /srv; systemctl daemon-reload; cp /bin/sleep /srv/dockerd; systemd-run --quiet --unit=snap.docker.dockerd /srv/dockerd 600; sleep 1`,
    after: `systemctl stop snap.docker.dockerd; rm /srv/dockerd; mv /srv/docker.service ${UNIT}; ${START}`,
    says: /^ERR_HOST_NO_DOCKER: .*no docker\.service starts its dockerd \(process \d+, \/srv\/dockerd\); it may come from a snap/m,
    todo: /Install Docker Engine with its unit/,
  },
  {
    name: 'a unit whose dockerd is gone',
    before: `${STOP}; mv /usr/sbin/dockerd /srv`,
    after: `mv /srv/dockerd /usr/sbin; ${START}`,
    says: /^ERR_APPLY_CONFLICT: \/usr\/sbin\/dockerd: the unit starts it, but this program doesn't exist/m,
    todo: /Reinstall Docker Engine/,
  },
  {
    name: 'Docker Desktop',
    before: `${STOP}; mv ${UNIT} /usr/sbin/dockerd /srv; mkdir /opt/docker-desktop; systemctl daemon-reload`,
    after: `rmdir /opt/docker-desktop; mv /srv/docker.service ${UNIT}; mv /srv/dockerd /usr/sbin; ${START}`,
    says: /^ERR_HOST_DOCKER_DESKTOP: .*Docker Desktop manages its daemon/m,
    todo: /Use a host with Docker Engine on Linux/,
  },
  {
    name: 'a unit that starts a script of somebody',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/start-docker\\n' >${DROP_INS}/start.conf; systemctl daemon-reload`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    says: /^ERR_UNIT_INVALID: reading .*start\.conf: its ExecStart= starts a program other than dockerd/m,
    todo: /systemctl cat docker\.service.*Nothing was changed/,
  },
  {
    name: 'a unit with two commands',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=/usr/sbin/dockerd -H fd://\\n' >${DROP_INS}/two.conf`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    says: /^ERR_UNIT_INVALID: .*more than one ExecStart=/m,
    todo: /an empty ExecStart= line before/,
  },
  {
    name: 'a unit that is no text',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\0\\377\\n' >${DROP_INS}/bin.conf`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    says: /^ERR_UNIT_INVALID: .*bin\.conf: it contains a NUL, so it is not text/m,
    todo: /systemctl cat docker\.service/,
  },
  {
    name: 'no files of a server anywhere',
    before: 'mv docker-mtls /srv',
    after: 'mv /srv/docker-mtls .',
    says: /^ERR_PKI_FILE_INVALID: looking for the server's certificate: no folder is named, it is not in /m,
    todo: /docker-mtls init NAME/,
  },
  {
    name: 'a folder that is named, and is none',
    words: ['--from', 'nowhere'],
    says: /^ERR_PKI_FILE_INVALID: looking for the server's files: there is no folder nowhere\.$/m,
    todo: /Name the server\/ folder that init created/,
  },
  {
    name: 'a folder that is named, and has no files of a server',
    words: ['--from', '/srv'],
    says: /^ERR_PKI_FILE_INVALID: .*\/srv has none of ca\.pem, server-cert\.pem and server-key\.pem\.$/m,
    todo: /Name the server\/ folder that init created/,
  },
  {
    name: "a server's certificate that has ended",
    before:
      'cp -r docker-mtls/server kept; cd docker-mtls/server; openssl req -x509 -newkey ed25519 -nodes -subj /CN=CA -keyout ca-key -out ca.pem 2>/dev/null; openssl req -newkey ed25519 -nodes -subj /CN=build01 -keyout server-key.pem -out csr 2>/dev/null; openssl x509 -req -in csr -CA ca.pem -CAkey ca-key -not_before 20200101000000Z -not_after 20210101000000Z -out server-cert.pem -extfile /dev/stdin 2>/dev/null <<E\nsubjectAltName=DNS:build01\nE\n',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    // Nobody has used this CA before.
    words: ['--from', 'docker-mtls/server'],
    says: /^ERR_PKI_FILE_INVALID: .*server-cert\.pem: .*(?:expired|ended|2021)/m,
    todo: /docker-mtls cert renew --server/,
  },
  {
    name: "an encrypted key of the server's",
    before:
      'cp -r docker-mtls/server kept; openssl pkey -in kept/server-key.pem -aes256 -passout pass:x -out docker-mtls/server/server-key.pem',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    says: /^ERR_PKI_FILE_INVALID: .*server-key\.pem: it is encrypted, and dockerd does not start with an encrypted key/m,
    todo: /./,
  },
  {
    name: "a CA's key where its certificate belongs",
    before: 'cp -r docker-mtls/server kept; cat docker-mtls/ca/ca-key.pem >>docker-mtls/server/ca.pem',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    says: /^ERR_PKI_FILE_INVALID: .*ca\.pem: it contains a private key, but everybody can read that file/m,
    todo: /./,
  },
  {
    name: 'an identity to try that is not there',
    words: ['--probe-identity', 'nowhere'],
    says: /^ERR_IDENTITY_FILE_MISSING: reading the folder \/root\/nowhere/m,
    todo: /ca\.pem, cert\.pem and key\.pem/,
  },
  {
    name: 'a port that is for plaintext',
    words: ['--listen', '0.0.0.0:2375'],
    says: /^ERR_LISTEN_PLAINTEXT: /m,
    todo: /2376/,
    code: 2,
  },
  {
    name: 'a time to wait that is too short',
    words: ['--rollback-after', '5'],
    says: /^ERR_ARGUMENT_INVALID: the option --rollback-after "5": it is less than 10 seconds/m,
    todo: /leave it out/,
    code: 2,
  },
  {
    name: 'a host without the programs that every host has',
    before: 'mv /usr/bin/base64 /srv',
    after: 'mv /srv/base64 /usr/bin',
    says: /^ERR_HOST_UNREADABLE: inspecting this machine: there is no base64\./m,
    todo: /The host needs a POSIX sh and coreutils \(base64, stat, sha256sum/,
  },
]

describe('hosts that are not as they should be', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
  })
  after(() => machine?.stop())

  const sh = (script: string): Promise<string> => machine.must(['sh', '-c', `cd /root; ${script}`])

  for (const { name, before: make, after: undo, words = [], says, todo, code: expected = 1 } of ROWS) {
    test(`${name}: said so, with the way out, and nothing is changed`, async (t) => {
      if (make !== undefined) await sh(make)
      try {
        const old = await snapshot(machine)
        const { code, stderr, stdout } = await cli(machine, [...APPLY, ...words])
        t.diagnostic(stderr.trim())
        assert.equal(code, expected, stderr)
        assert.equal(stdout, '')
        assert.match(stderr, says)
        assert.match(stderr.slice(stderr.search(says)), todo)
        assert.equal(await snapshot(machine), old)
      } finally {
        if (undo !== undefined) await sh(undo)
      }
    })
  }

  test('who is not root may look, and change nothing', async () => {
    const { code, stderr } = await cliAs(machine, 'nosudo', ['daemon', 'rollback', '--yes'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_NOT_ROOT: .*runs as nosudo.*\n.*sudo docker-mtls/m)
    const { stdout } = await cliAs(machine, 'nosudo', ['daemon', 'status'])
    assert.match(stdout, /^Service +active \(running\)/m)
  })

  test('nothing to go back to', async () => {
    const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_NOTHING_TO_ROLL_BACK: .*nothing was applied there/m)
  })

  test('a host that systemd has not booted: this one', async (t) => {
    const folder = await temporaryFolder(t)
    const run = (...words: string[]): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, [...COMMAND, ...words], { cwd: folder })
    const made = await run('init', 'build01', '--client', 'ann')
    assert.equal(made.code, 0, made.stderr)
    for (const words of [APPLY, ['daemon', 'rollback', '--yes'], ['daemon', 'status']]) {
      const { code, stderr } = await run(...words)
      assert.equal(code, 1)
      const remedy = words === APPLY ? 'daemon render --without-systemd' : 'has changed nothing here'
      assert.match(
        stderr,
        new RegExp(`^ERR_HOST_NO_SYSTEMD: .*the host wasn't booted with systemd.*\\n.*${remedy}`, 'm'),
      )
    }
  })
})
