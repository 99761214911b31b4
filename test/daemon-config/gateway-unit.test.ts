import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  readGatewayUnit,
  renderGatewayUnit,
  startsGateway,
  type GatewayService,
} from '../../lib/daemon-config/gateway-unit.ts'
import { splitWords } from '../../lib/daemon-config/unit/words.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const PLAIN: GatewayService = {
  program: ['/usr/bin/node', '/usr/lib/node_modules/docker-mtls/dist/cli/main.js'],
  policy: '/etc/docker-mtls/policy.yaml',
  folder: '/etc/docker-mtls',
  listen: '0.0.0.0:2376',
  socket: '/run/docker.sock',
  user: 'docker-mtls',
  group: 'docker',
}

const settings = (service: GatewayService, name: string): string[] =>
  [...renderGatewayUnit(service).text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

describe('the service of a gateway', () => {
  test('runs gateway run, by absolute paths', () => {
    for (const folder of ['/etc/docker-mtls', '/srv/a b', '/srv/%h', '/srv/$HOME', `/srv/it's "q"`]) {
      const crl = [`${folder}/one.pem`, '/srv/two.pem']
      const service = { ...PLAIN, folder, crl, issuer: `${folder}/issuer`, metrics: '9323', onLogFailure: 'go-on' }
      const files = ['--policy', PLAIN.policy, '--from', folder, '--crl', `${folder}/one.pem`, '--crl', '/srv/two.pem']
      const ends = [
        '--issuer',
        `${folder}/issuer`,
        '--listen',
        '0.0.0.0:2376',
        '--host',
        'unix:///run/docker.sock',
        '--log',
        '/var/log/docker-mtls/audit.log',
        '--on-log-failure',
        'go-on',
        '--metrics',
        '9323',
      ]
      const wanted = [...PLAIN.program, 'gateway', 'run', ...files, ...ends]
      const [line = ''] = settings(service, 'ExecStart')
      assert.deepEqual(readGatewayUnit(renderGatewayUnit(service).text), {
        policy: PLAIN.policy,
        from: folder,
        listen: PLAIN.listen,
        host: 'unix:///run/docker.sock',
        issuer: service.issuer,
        metrics: '9323',
        'on-log-failure': 'go-on',
        crl: service.crl,
      })
      assert.deepEqual(
        splitWords(line).map(({ literal }) => literal),
        wanted,
      )
    }
    assert.throws(() => renderGatewayUnit({ ...PLAIN, folder: '/srv/a\nb' }), { code: 'ERR_PATH_INVALID' })
  })

  test('has descriptors for many clients', () => {
    assert.deepEqual(settings(PLAIN, 'LimitNOFILE'), ['524288'])
  })

  test('is read as somebody may have written it', () => {
    const start = '/usr/bin/node /usr/lib/main.js gateway run'
    const listens: [text: string, listen: string | undefined][] = [
      [`ExecStart=${start} --listen=10.0.0.5:2376 --crl=/srv/a.pem --crl /srv/b.pem`, '10.0.0.5:2376'],
      [`ExecStart=${start} \\\n  --listen 10.0.0.5:2376 --crl=/srv/a.pem \\\n --crl=/srv/b.pem\n`, '10.0.0.5:2376'],
      [`ExecStart = ${start} "--listen=10.0.0.5:2376" --crl=/srv/a.pem --crl=/srv/b.pem\n`, '10.0.0.5:2376'],
      [`ExecStart=${start} --listen $WHERE --crl /srv/a.pem --crl=/srv/b.pem`, undefined],
      [
        `ExecStart=${start} --listen=10.0.0.5:2376\nExecStart=\nExecStart=${start} --crl /srv/a.pem --crl /srv/b.pem`,
        undefined,
      ],
    ]
    for (const [text, listen] of listens) {
      const read = readGatewayUnit(`[Service]\n${text}`)
      assert.deepEqual([read.listen, read.crl], [listen, ['/srv/a.pem', '/srv/b.pem']], text)
    }
    assert.equal(readGatewayUnit(`[Service]\nExecStart=${start} --socket=/run/x.sock`).socket, '/run/x.sock')
  })

  test('is told from other services', () => {
    const starts: [line: string, isGateway: boolean][] = [
      ['ExecStart=/opt/node /opt/main.js gateway run --policy /srv/policy.yaml', true],
      ['ExecStart = /opt/node \\\n  /opt/main.js gateway run \\\n  # which\n  --policy=/srv/policy.yaml', true],
      ['ExecStart=/opt/node "/opt/main.js" "gateway" "run" "--policy" $POLICY', true],
      ["ExecStart=/bin/sh -c 'exec docker-mtls gateway run $OPTIONS'", true],
      ['ExecStart=/usr/bin/docker mtls gateway run --policy x\nExecStart=/bin/true', true],
      ['ExecStart=/usr/bin/docker-mtls gateway status', false],
      ['ExecStart=/usr/bin/docker-mtls authz-plugin --policy /srv/policy.yaml', false],
      ['ExecStart=/usr/bin/other gateway run --port 80', false],
      ['# ExecStart=/usr/bin/docker-mtls gateway run --policy x\nExecStart=/bin/true', false],
      ['ExecStartPre=/usr/bin/docker-mtls gateway run --policy x', false],
      ['ExecStart=/usr/bin/docker-mtls gateway run --policy x\nExecStart=\nExecStart=/bin/true', false],
      ['[Install]\nExecStart=/usr/bin/docker-mtls gateway run --policy x', false],
    ]
    for (const [line, isGateway] of starts) assert.equal(startsGateway(`[Service]\n${line}\n`), isGateway, line)
    assert.ok(startsGateway(renderGatewayUnit(PLAIN).text))
  })

  test('counts only in front of the dockerd of its own host', () => {
    const hosts: [host: string, isOwn: boolean][] = [
      ['--host unix:///var/run/docker.sock', true],
      ['--host=unix:///run/docker.sock', true],
      ['--host /run/docker.sock', true],
      ['--host unix://', true],
      ['--host unix:///srv/docker.sock', true],
      ['--host tcp://127.0.0.1:2376', true],
      ['--host tcp://[::1]:2376', true],
      ['--host localhost', true],
      ['--host tcp://0.0.0.0:2376', true],
      ['--host tcp://[::]:2376', true],
      ['--host tcp://build01:2376', true],
      ['--host ssh://root@Build01', true],
      ['--host $WHERE', true],
      ['--host unix:///run/user/1000/docker.sock', false],
      ['--host tcp://10.0.0.5:2375', true],
      ['--host tcp://10.0.0.55:2375', false],
      ['--host tcp://build02:2376', false],
      ['--host tcp://build01.example.com:2376', false],
      ['--host tcp://0.0.0.1:2376', false],
      ['--host tcp://:2376', false],
      ['--host=tcp://[fd00::1]:2376', false],
      ['--host build02', false],
      ['--host ssh://root@build02', false],
    ]
    for (const [host, isOwn] of hosts) {
      const text = `[Service]\nExecStart=/usr/bin/docker-mtls gateway run --policy /p ${host} --listen 10.0.0.5:2377\n`
      const own = {
        dockerd: 'ExecStart=/usr/bin/dockerd -H unix:///srv/docker.sock -H tcp://10.0.0.5:2375',
        hostname: 'build01',
      }
      assert.equal(startsGateway(text, own), isOwn, host)
    }
  })

  test('has a capability only for a port that needs one', () => {
    assert.deepEqual(settings(PLAIN, 'CapabilityBoundingSet'), [''])
    assert.deepEqual(settings(PLAIN, 'AmbientCapabilities'), [])
    const low = { ...PLAIN, listen: '[::]:443' }
    assert.deepEqual(settings(low, 'CapabilityBoundingSet'), ['CAP_NET_BIND_SERVICE'])
    assert.deepEqual(settings(low, 'AmbientCapabilities'), ['CAP_NET_BIND_SERVICE'])
  })

  test('sees homes and temporary folders only where its files are there', () => {
    assert.deepEqual([settings(PLAIN, 'ProtectHome'), settings(PLAIN, 'PrivateTmp')], [['yes'], ['yes']])
    const below = { ...PLAIN, folder: '/root/gateway', policy: '/tmp/policy.yaml' }
    assert.deepEqual([settings(below, 'ProtectHome'), settings(below, 'PrivateTmp')], [['read-only'], []])
    assert.deepEqual(settings({ ...PLAIN, issuer: '/root/issuer' }, 'ProtectHome'), ['read-only'])
  })

  test('systemd rates its exposure below 2.0', { skip: lacks('systemd-analyze') }, async (t) => {
    for (const [listen, most] of [
      ['0.0.0.0:2376', 1.3],
      ['0.0.0.0:443', 1.6],
    ] as const) {
      const unit = renderGatewayUnit({ ...PLAIN, listen })
      const path = join(await temporaryFolder(t), unit.name)
      await writeFile(path, unit.text)
      const { stdout, stderr } = await runCommand('systemd-analyze', ['security', '--offline=true', '--no-pager', path])
      const rated = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])
      assert.ok(rated > 0 && rated <= most, `${rated} ${stderr}`)
      assert.doesNotMatch(stderr, /unknown|ignoring/i)
    }
  })
})
