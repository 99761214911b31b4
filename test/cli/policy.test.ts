import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Decision } from '../../lib/policy.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli, runJson } from './support/run-cli.ts'

const POLICY = `version: 1
rules:
  - name: ci
    who: { organizationalUnit: ci }
    level: baseline
    allow: { hostPaths: [{ path: /srv/cache }, { path: /etc, readOnly: true }] }
    only: { images: [registry.example.com/team/*] }
  - name: ann
    who: { commonName: ann }
    level: { enforce: baseline, warn: restricted }
  - name: team
    who: { organizationalUnit: team }
    level: baseline
    owner: team-a
  - name: admins
    who: { commonName: root }
    level: privileged
`

const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'
const folder = await temporaryFolder()
const policy = join(folder, 'policy.yaml')
before(() => writeFile(policy, POLICY))

interface Tried {
  readonly verdict: string
  readonly requests: readonly (Decision & { readonly request: string; readonly unanswered?: true })[]
}

const env = { PATH: process.env['PATH'] ?? '', HOME: folder }

async function tried(...words: readonly string[]): Promise<Tried> {
  return runJson<Tried>(['policy', 'test', policy, '--json', ...words], { env })
}

const run = (...words: string[]): Promise<Tried> => tried('--as', 'ann', '--', 'docker', ...words)

const codes = ({ requests }: Tried): string[] => requests.flatMap(({ reasons }) => reasons.map(({ code }) => code))

const endingRule = (name: string, until: string): string =>
  `  - { name: ${name}, who: { commonName: [root, ben] }, level: restricted, until: ${until} }\n`
const only = (list: string): string =>
  `version: 1\nrules:\n  - { name: mon, who: { socket: mon }, level: read-only, only: { operations: [${list}] } }\n`
const owned = (rest: string, level = 'baseline'): string =>
  `version: 1\nrules:\n  - { name: own, who: { socket: own }, level: ${level}, owner: own${rest} }\n`

describe('policy check', () => {
  test('shows the rules, and who is root', async () => {
    const { code, stdout, stderr } = await runCli(['policy', 'check', policy])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^RULE +WHO +LEVEL +ALLOW +DENY +ONLY$/m)
    assert.match(stdout, /^ann +commonName ann +baseline, warn: restricted$/m)
    assert.match(stdout, /^team +organizationalUnit team +baseline, owner: team-a$/m)
    assert.match(stderr, /ci and ann: without an owner, these callers reach what every owner has/)
    assert.match(
      stderr,
      /team: these owners can pull from a registry of their own, and so read every layer whose digest they know\./,
    )
    assert.match(stderr, /admins: these callers are root on the host/)
    assert.match(stderr, /can become root on the host: \/etc \(ci\)/)
  })

  test('shows when rules end, which have ended, and what applies then', async () => {
    const ending = join(folder, 'ending.yaml')
    const [past, future] = ['2026-01-01T00:00:00Z', '2999-01-01T00:00:00Z']
    await writeFile(
      ending,
      POLICY.replace('rules:\n', `rules:\n${endingRule('old', past)}${endingRule('brief', future)}`),
    )
    const { stdout, stderr } = await runCli(['policy', 'check', ending])
    assert.match(stdout, /^brief +commonName root or ben +restricted, until: 2999-01-01T00:00:00\.000Z$/m)
    assert.match(stderr, /old: ended, and applies to nobody any more/)
    assert.match(stderr, /brief ends on 2999-01-01T00:00:00\.000Z\. Then admins gives these callers more/)
    const asked = ['--as', 'root', '--request', 'POST /plugins/x/enable']
    const words = ['policy', 'test', ending, '--json', ...asked]
    assert.equal((await runJson<Tried>(words, { env })).requests[0]?.rule, 'brief')
    await writeFile(ending, POLICY.replace('rules:\n', `rules:\n${endingRule('old', past)}`))
    assert.equal((await runJson<Tried>(words, { env })).requests[0]?.rule, 'admins')
  })

  test('an owner who can pull from anywhere', async () => {
    const file = join(folder, 'owned.yaml')
    const isWarned = async (text: string): Promise<boolean> => {
      await writeFile(file, text)
      return (await runCli(['policy', 'check', file])).stderr.includes('own: these owners can pull')
    }
    assert.equal(await isWarned(owned('')), true)
    assert.equal(await isWarned(owned(', deny: { images: [evil.example.com/*] }')), true)
    assert.equal(await isWarned(owned(", only: { images: ['registry.example.com/team/*'] }")), false)
    assert.equal(await isWarned(owned(', deny: { operations: [images.pull] }')), false)
    assert.equal(await isWarned(owned('', 'read-only')), false)
    assert.equal(await isWarned(owned('', '{ enforce: read-only, audit: baseline }')), false)
    assert.equal(await isWarned(owned('').replace(', owner: own', '')), false)
  })

  test('only with operations, without those that clients begin with', async () => {
    const narrow = join(folder, 'narrow.yaml')
    await writeFile(narrow, only('containers.list, system.ping'))
    const mute = await runCli(['policy', 'check', narrow])
    assert.match(mute.stdout, /^mon +socket mon +read-only +containers\.list, system\.ping$/m)
    assert.match(mute.stderr, /mon: Docker clients ping first\. Add system\.ping and system\.pingHead to only\./)
    await writeFile(narrow, only('containers.list, system.*'))
    assert.doesNotMatch((await runCli(['policy', 'check', narrow])).stderr, /ping/)
  })

  test('names all mistakes, with line and column', async () => {
    const wrong = join(folder, 'wrong.yaml')
    await writeFile(
      wrong,
      POLICY.replace('ann }\n    level: {', 'ann }\n    level: { enforced: x,').replace('/srv/cache', 'srv'),
    )
    const { code, stderr } = await runCli(['policy', 'check', wrong])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_POLICY_INVALID: .*wrong\.yaml has 2 faults\.$/m)
    assert.match(stderr, /^.*wrong\.yaml:6:\d+: rules\[0\]\.allow\.hostPaths\[0\]\.path: .*$/m)
    assert.match(stderr, /^.*wrong\.yaml:10:\d+: rules\[1\]\.level\.enforced: .*Did you mean enforce\?$/m)
  })

  test('a file that is missing', async () => {
    const { code, stderr } = await runCli(['policy', 'check', join(folder, 'none.yaml')])
    assert.deepEqual(
      [code, /^ERR_FILE_READ: reading the policy from .*none\.yaml: there is no such file/.test(stderr)],
      [1, true],
    )
  })
})

describe('policy test', () => {
  test('a request, with its body', async () => {
    const body = join(folder, 'body.json')
    await writeFile(body, '{"Image":"alpine","hostconfig":{"privileged":true}}')
    const create = ['--request', 'POST /v1.47/containers/create', '--body', body]
    assert.deepEqual(codes(await tried('--as', 'ann', ...create)), ['PRIVILEGED'])
    assert.equal((await tried('--as', 'root', ...create)).verdict, 'allow')
    assert.deepEqual(codes(await tried('--as', 'bob', ...create)), ['IDENTITY_UNKNOWN'])
    assert.deepEqual(codes(await tried('--group', 'ci', ...create)), ['IMAGE_REFUSED', 'PRIVILEGED'])
    assert.equal((await tried('--as', 'ann', '--request', 'GET /info')).verdict, 'allow')
  })

  test('says the rule, the reason, and what a stricter level would refuse; and exits with 3', async () => {
    const words = ['policy', 'test', policy, '--as', 'ann', '--request', 'POST /plugins/x/enable']
    const { code, stdout } = await runCli(words, { env })
    assert.equal(code, 3)
    assert.match(stdout, /^refused {2}plugins\.enable {2}POST \/plugins\/x\/enable$/m)
    assert.match(stdout, /^ {2}by rule ann, level baseline$/m)
    assert.match(stdout, /^ {2}OPERATION_REFUSED: plugins\.enable: the level baseline does not include it$/m)
    assert.match(stdout, /^ {2}warn: OPERATION_REFUSED: /m)
  })

  test('mistakes in the command line', async () => {
    const rows: readonly (readonly [words: readonly string[], says: RegExp])[] = [
      [['--request', 'GET /info'], /nothing says who asks/],
      [['--as', 'ann'], /there is nothing to try/],
      [['--as', 'ann', '--socket', 'x', '--request', 'GET /info'], /several options say who asks/],
      [['--as', 'ann', '--request', 'info'], /Write {2}"METHOD \/PATH"/],
      [['--as', 'ann', '--body', 'x'], /--body is given without --request/],
      [['--as', 'ann', '--request', 'GET /info', '--', 'docker', 'ps'], /--request and a command/],
      [['--as', 'ann', '--', 'nosuchcommand'], /there is no command nosuchcommand here/],
      [['--as', 'ann', '--', 'true'], /true sent no request/],
      [['--as', 'ann', '--', 'docker', '-H', 'tcp://prod', 'ps'], /--host of the docker command names a real daemon/],
      [
        ['--as', 'ann', '--', 'docker', '--log-level', 'debug', '-H', 'tcp://prod', 'ps'],
        /--host of the docker command/,
      ],
      [
        ['--as', 'ann', '--', 'docker', '-Dl', 'debug', '-H', 'ssh://prod', 'rm', 'web'],
        /--host of the docker command/,
      ],
      [['--as', 'ann', '--', 'docker-compose', '-f', 'a.yml', '-Htcp://prod', 'down'], /--host of the docker command/],
      [['--as', 'ann', '--', 'docker-compose', '-DH', 'tcp://prod', 'up'], /--host of the docker command/],
      [['--as', 'ann', '--', 'docker', '--context=prod', 'ps'], /--context of the docker command/],
      [
        ['--as', 'ann', '--', 'docker', 'build', '--builder', 'x', '.'],
        /--builder of the docker command names a real bu/,
      ],
      [
        ['--as', 'ann', '--', 'docker', 'buildx', '--builder=x', 'du'],
        /--builder=x of the docker command names a real/,
      ],
      [
        ['--as', 'ann', '--', 'docker-compose', 'build', '--builder', 'x'],
        /--builder of the docker command names a real/,
      ],
      [
        ['--as', 'ann', '--', '/usr/bin/docker-buildx', '--builder', 'x', 'du'],
        /--builder of the docker command names/,
      ],
    ]
    for (const [words, says] of rows) {
      const { code, stderr } = await runCli(['policy', 'test', policy, ...words], { env })
      assert.deepEqual([code, stderr.split(':')[0]], [2, 'ERR_USAGE'], stderr)
      assert.match(stderr, says)
    }
  })

  test('a docker command, which reaches no daemon', { skip: lacks('docker') }, async () => {
    assert.equal((await run('run', 'alpine')).verdict, 'allow')
    assert.deepEqual(codes(await run('run', '-v', '/:/h', 'alpine')), ['HOST_PATH'])
    assert.deepEqual(codes(await run('run', '--pid=host', '--net=host', '--cap-add=SYS_ADMIN', 'alpine')), [
      'HOST_NAMESPACE',
      'CAPABILITY',
      'HOST_NAMESPACE',
    ])
    assert.deepEqual(codes(await run('swarm', 'init')), ['OPERATION_REFUSED'])
    const exec = await run('exec', 'web', 'sh')
    assert.equal(exec.verdict, 'needs')
    const create = exec.requests.find(({ operation }) => operation === 'exec.create')
    assert.deepEqual(create?.needs, [{ kind: 'container', name: 'web' }])
    const hardened = ['--user', '1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', 'alpine']
    const { requests } = await run('run', ...hardened)
    assert.deepEqual(requests.find(({ operation }) => operation === 'containers.create')?.warn, [])
  })

  describe('a docker command is tried to its end', { skip: lacks('docker') }, () => {
    const rules = [
      '{ name: a, who: { commonName: a }, level: baseline, deny: { operations: [system.info, containers.start] } }',
      '{ name: b, who: { commonName: b }, level: baseline, only: { operations: [containers.create, system.ping, system.pingHead] } }',
      '{ name: c, who: { commonName: c }, level: baseline, deny: { operations: [system.ping, system.pingHead] } }',
      '{ name: d, who: { commonName: d }, level: { enforce: baseline, warn: restricted } }',
    ]
    const limits = join(folder, 'limits.yaml')
    before(() => writeFile(limits, `version: 1\nrules: [${rules.join(', ')}]\n`))
    const rows: readonly (readonly [as: string, command: string, exit: number, said: readonly string[]])[] = [
      ['a', 'run -d alpine', 3, ['allow containers.create', 'allow containers.wait', 'refuse containers.start']],
      ['b', 'run alpine', 3, ['allow containers.create', 'refuse containers.attach']],
      ['a', 'info', 3, ['refuse system.info']],
      ['d', 'info', 0, ['allow system.pingHead', 'allow system.info']],
      ['c', 'ps', 3, ['refuse system.pingHead', 'allow containers.list']],
      [
        'd',
        'run --rm alpine',
        0,
        ['allow containers.attach', 'allow containers.create', 'allow containers.start', 'allow containers.wait'],
      ],
      ['d', 'rm -f x y', 0, ['allow containers.remove', 'allow containers.remove']],
      ['d', 'pull alpine', 0, ['allow images.pull']],
      [
        'd',
        'exec web sh',
        3,
        ['allow containers.inspect', 'needs exec.create', 'allow exec.start', 'allow exec.inspect'],
      ],
      ['d', 'save -o x alpine', 0, ['allow images.save']],
    ]
    for (const [as, command, exit, said] of rows)
      test(`docker ${command}, as ${as}`, async () => {
        const words = ['policy', 'test', limits, '--as', as]
        const { code, stdout, stderr } = await runCli([...words, '--json', '--', 'docker', ...command.split(' ')], {
          env,
        })
        assert.equal(code, exit, stderr)
        const { requests } = JSON.parse(stdout) as Tried
        const found = requests.map((one) => `${one.verdict} ${one.operation}${one.unanswered ? ', unanswered' : ''}`)
        // A client waits for a container in parallel.
        assert.deepEqual(found.toSorted(), said.toSorted())
      })

    test('the text says where it has no answer', async () => {
      const words = ['policy', 'test', limits, '--as', 'd', '--', 'sh', '-c', 'docker save -o x a']
      const { code, stdout } = await runCli(words, { env })
      assert.equal(code, 3)
      assert.match(stdout, /^ {2}The trial has no answer to this\. Later requests that need one were not tried\.$/m)
    })
  })
})

const asAnn = (...command: string[]): string[] => ['policy', 'test', policy, '--as', 'ann', '--', ...command]

describe('a builder beside the daemon', () => {
  const builders = { BUILDX_BUILDER: 'remote', BUILDKIT_HOST: 'tcp://127.0.0.1:1' }

  test('no variable names it', async () => {
    const script = 'echo "$BUILDX_BUILDER,${BUILDKIT_HOST-unset}" >&2'
    const { stderr } = await runCli(asAnn('sh', '-c', script), { env: { ...env, ...builders } })
    assert.match(stderr, /; it said: default,unset\.$/m)
  })

  test('a build does not reach it, whoever has chosen it', { skip: lacks('docker', BUILDX) }, async () => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const config = join(folder, 'config')
    await mkdir(join(config, 'buildx/instances'), { recursive: true })
    const Endpoint = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
    const remote = { Name: 'remote', Driver: 'remote', Nodes: [{ Name: 'remote0', Endpoint }] }
    await writeFile(join(config, 'buildx/instances/remote'), JSON.stringify(remote))
    await writeFile(join(config, 'buildx/current'), JSON.stringify({ Key: '', Name: 'remote', Global: true }))
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n')
    try {
      const build = ['buildx', 'build', '--push', '--tag', 'a/b', '--file', join(folder, 'Dockerfile'), folder]
      const own = { ...env, DOCKER_CONFIG: config }
      await runCommand('timeout', ['5', 'docker', ...build], { env: { ...own, BUILDX_BUILDER: 'remote' } })
      assert.ok(connections > 0, 'nothing would reach it')
      connections = 0
      for (const variables of [{}, builders]) await runCli(asAnn('docker', ...build), { env: { ...own, ...variables } })
    } finally {
      server.close()
    }
    assert.equal(connections, 0)
  })
})

describe('policy preset', () => {
  test('lists the presets', async () => {
    const { code, stdout } = await runCli(['policy', 'preset'])
    assert.equal(code, 0)
    assert.match(stdout, /^PRESET +LEVEL +OPERATIONS +FOR$/m)
    assert.match(stdout, /^buildx +restricted +6 +docker build and docker buildx build, and nothing else$/m)
    assert.match(stdout, /^agent +restricted +all +a coding agent/m)
    const { presets } = await runJson<{ presets: { name: string; operations: unknown }[] }>([
      'policy',
      'preset',
      '--json',
    ])
    assert.equal(presets.length, 11)
    assert.equal(presets.find(({ name }) => name === 'agent')?.operations, null)
  })

  test('prints one, which is a policy for the caller', async () => {
    const { code, stdout } = await runCli(['policy', 'preset', 'traefik', '--as', 'Edge 1'])
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^ {2}- name: Edge-1-951a0521007265f5\n {4}who: \{ commonName: "Edge 1" \}\n {4}level: read-only$/m,
    )
    const printed = join(folder, 'printed.yaml')
    await writeFile(printed, stdout)
    const checked = await runCli(['policy', 'check', printed])
    assert.deepEqual([checked.code, checked.stderr], [0, ''])
    const socket = ['policy', 'preset', 'traefik', '--socket', 'edge', '--json']
    const { policy: object } = await runJson<{ policy: { rules: object[] } }>(socket)
    await writeFile(printed, JSON.stringify(object))
    const asked = ['policy', 'test', printed, '--socket', 'edge', '--json', '--request']
    assert.equal((await runJson<Tried>([...asked, 'GET /containers/json'], { env })).verdict, 'allow')
    assert.equal((await runJson<Tried>([...asked, 'GET /containers/web/logs'], { env })).verdict, 'refuse')
  })

  test('refuses other presets, and callers that no policy can name', async () => {
    for (const [words, status, says] of [
      [['compos'], 2, /"compos" is not one of its values\.\nGive one of docker-cli, compose, /],
      [['--as', 'ann'], 2, /the caller is given, but no preset/],
      [['compose', '--as', 'ann', '--socket', 'ann'], 2, /--as and --socket are both given/],
      [['compose', '--as', 'a\nb'], 1, /commonName: "a<U\+000A>b" has a character/],
      [['compose', '--socket', 'a b'], 1, /socket: "a b" is not a name/],
    ] as const) {
      const { code, stdout, stderr } = await runCli(['policy', 'preset', ...words])
      assert.deepEqual([code, stdout], [status, ''])
      assert.match(stderr, says)
    }
  })
})
