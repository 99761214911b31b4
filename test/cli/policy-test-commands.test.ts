import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import type { Decision } from '../../lib/policy.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

interface Tried {
  readonly verdict: string
  readonly failure?: { readonly exitCode: number; readonly said: string }
  readonly requests: readonly (Decision & { readonly unanswered?: true })[]
}

const PLUGINS = '/usr/libexec/docker/cli-plugins'
const LEVELS = ['read-only', 'restricted', 'baseline', 'privileged']
const MILD = `services:
  web: { image: alpine, volumes: ["data:/data"], depends_on: { db: { condition: service_healthy }, once: { condition: service_completed_successfully } } }
  once: { image: alpine }
  db: { image: alpine, healthcheck: { test: ["CMD", "true"] } }
volumes: { data: {} }
`
const WILD = `services: { web: { image: alpine, privileged: true, volumes: ["/:/host"] } }\n`

const folder = await temporaryFolder()
const at = (...names: string[]): string => join(folder, ...names)
const env = { PATH: process.env['PATH'] ?? '', HOME: folder }

before(async () => {
  await mkdir(at('context'))
  await writeFile(at('context/Dockerfile'), 'FROM scratch\n')
  await writeFile(at('mild.yaml'), MILD)
  await writeFile(at('wild.yaml'), WILD)
  await writeFile(at('stack.yaml'), 'version: "3.8"\nservices: { web: { image: alpine, deploy: { replicas: 2 } } }\n')
  for (const level of LEVELS) {
    const policy = `version: 1\nrules: [{ name: one, who: { commonName: ann }, level: ${level} }]\n`
    await writeFile(at(`${level}.policy`), policy)
  }
})

const run = (...command: string[]): ReturnType<typeof runCli> =>
  runCli(['policy', 'test', at('baseline.policy'), '--as', 'ann', '--', ...command], { env })

async function tryIn(version: string): Promise<Tried> {
  const command = ['docker', 'run', '-d', 'alpine']
  const words = ['policy', 'test', at('baseline.policy'), '--as', 'ann', '--json', '--', ...command]
  const { stdout } = await runCli(words, { env: { ...env, DOCKER_API_VERSION: version } })
  return JSON.parse(stdout) as Tried
}

describe('policy test', () => {
  test('says yes only to prompts of commands that the daemon carries out', async () => {
    await writeFile(at('docker'), '#!/bin/sh\nread -r said; echo "got $said" >&2; exit 1\n', { mode: 0o755 })
    const silent = ['buildx rm --all-inactive', 'buildx prune', 'compose publish --with-env a/b', 'trust revoke a', '']
    for (const words of [...silent, 'context prune', 'run alpine system prune', '--config system prune']) {
      const { stderr } = await run(at('docker'), ...words.split(' '))
      assert.match(stderr, /; it said: got ?\.$/m, words)
    }
    for (const words of ['system prune', '-D --config x volume prune -a', 'builder prune', 'plugin install a/b']) {
      const { stderr } = await run(at('docker'), ...words.split(' '))
      assert.match(stderr, /; it said: got y\.$/m, words)
    }
  })

  test('keeps the passphrase of the CA key from the command', async () => {
    const secret = { DOCKER_MTLS_CA_PASSPHRASE: 'correct horse', OTHER_MARK: 'seen' }
    const line = ['policy', 'test', at('baseline.policy'), '--as', 'ann', '--', 'sh', '-c', `env >${at('seen')}`]
    await runCli(line, { env: { ...env, ...secret } })
    const seen = await readFile(at('seen'), 'utf8')
    assert.match(seen, /^OTHER_MARK=seen$/m)
    assert.doesNotMatch(seen, /correct horse|DOCKER_MTLS_/)
  })

  test('a version in DOCKER_API_VERSION counts as at a gateway', { skip: lacks('docker') }, async () => {
    const { verdict, requests } = await tryIn('1.99')
    assert.equal(verdict, 'refuse')
    const got = `client version 1.99 is too new. Maximum supported API version is ${NEWEST_API_VERSION}`
    const reason = { code: 'VERSION_UNKNOWN', where: 'the version', got }
    assert.ok(requests.length > 0 && requests.every(({ reasons }) => reasons[0]?.got === got))
    assert.deepEqual(requests[0]?.reasons, [reason])
    const known = await tryIn('1.44')
    assert.equal(known.verdict, 'allow')
    assert.ok(JSON.stringify(known.requests).includes('/v1.44/containers/create'))
  })

  test('refuses programs that drop DOCKER_HOST', async () => {
    for (const word of ['sudo', '/usr/bin/doas', 'su', 'pkexec', 'runuser', 'ssh']) {
      const { code, stderr } = await run(word, '--version')
      assert.equal(code, 2, word)
      assert.match(stderr, new RegExp(`${word} can keep the command from the trial`))
    }
  })
})

/** `mild.yaml` and the like are in the folder of this test. */
async function tryAt(
  level: string,
  command: string,
): Promise<Tried & { readonly code: number; readonly text: string }> {
  const words = command.split(' ').map((word) => (/\.yaml$|^context$/.test(word) ? at(word) : word))
  const given = ['policy', 'test', at(`${level}.policy`), '--as', 'ann', '--json', '--', ...words]
  const { code, stdout, stderr } = await runCli(given, { env })
  const said = { verdict: 'none', requests: [], ...(JSON.parse(stdout) as Partial<Tried>) }
  return { ...said, code, text: stdout + stderr }
}

type Row = readonly [level: string, command: string, exit: number, ...has: string[]]

/** @param has - operations that are decided, each with its verdict */
function tries([level, command, exit, ...has]: Row): void {
  test(`${level}: ${command}`, async () => {
    const { code, verdict, requests, text } = await tryAt(level, command)
    const found = new Set(requests.map((one) => `${one.verdict} ${one.operation}`))
    assert.deepEqual([code, has.filter((one) => !found.has(one))], [exit, []], text)
    assert.equal(verdict === 'allow', exit === 0, text)
  })
}

const STARTED = ['allow containers.create', 'allow containers.start']
const EXEC = ['allow exec.create', 'allow exec.start', 'allow exec.inspect']

describe('policy test says allowed only if the whole command is', { skip: lacks('docker') }, () => {
  const rows: readonly Row[] = [
    ['read-only', 'docker ps', 0, 'allow containers.list'],
    ['read-only', 'docker info', 0, 'allow system.info'],
    ['read-only', 'docker version', 0, 'allow system.version'],
    ['read-only', 'docker network inspect n', 0, 'allow networks.inspect'],
    ['read-only', 'docker logs web', 0, 'allow containers.logs'],
    ['baseline', 'docker run --rm alpine', 0, ...STARTED],
    ['baseline', 'docker run -it alpine', 0, ...STARTED],
    ['baseline', 'docker run -dit --name x alpine', 0, ...STARTED],
    ['baseline', 'docker create --interactive --tty alpine', 0, 'allow containers.create'],
    ['baseline', 'docker pull alpine', 0, 'allow images.pull'],
    ['baseline', 'docker push a/b', 0, 'allow images.push'],
    ['baseline', 'docker login -u a -p b', 0, 'allow system.auth'],
    ['baseline', 'docker exec -it web sh', 3, 'needs exec.create'],
    ['privileged', 'docker exec -it web sh', 0, ...EXEC],
    ['baseline', 'docker exec -it --privileged web sh', 3, 'refuse exec.create'],
    ['restricted', 'docker run -it --privileged -v /:/host alpine', 3, 'refuse containers.create'],
    ['restricted', 'docker run --pull always -v /:/host alpine', 3, 'allow images.pull', 'refuse containers.create'],
    ['baseline', 'docker run --pull always --privileged alpine', 3, 'allow images.pull', 'refuse containers.create'],
    ['read-only', 'docker run -it alpine', 3, 'refuse containers.create'],
    ['read-only', 'docker exec -it web sh', 3, 'refuse exec.create'],
    ['read-only', 'docker container prune', 3, 'refuse containers.prune'],
    ['privileged', 'docker system prune', 0, 'allow containers.prune', 'allow images.prune', 'allow networks.prune'],
    ['read-only', 'docker login -u a', 2],
    ['read-only', 'docker checkpoint create web c', 3, 'refuse checkpoints.create'],
    ['read-only', 'docker stack deploy -c stack.yaml s', 3],
    ['privileged', 'docker stack deploy -c stack.yaml s', 0, 'allow networks.create', 'allow services.create'],
    ['read-only', 'docker stack rm s', 3],
    ['read-only', 'docker service scale a=2', 3, 'refuse services.update'],
    ['privileged', 'docker service scale a=2', 0, 'allow services.update', 'allow tasks.list'],
    ['privileged', 'docker service create --secret s alpine', 0, 'allow services.create'],
    ['read-only', 'docker node update --availability drain n', 3, 'refuse nodes.update'],
    ['privileged', 'docker start -ai web', 0, 'allow containers.attach', 'allow containers.start'],
  ]
  rows.forEach(tries)

  test('prompts of other programs get no answer, and a ping alone is no request', async () => {
    const words = ['policy', 'test', at('baseline.policy'), '--as', 'ann', '--', 'sh', '-c']
    const { stderr } = await runCli([...words, 'read -r said; echo "got $said" >&2; exit 1'], { env })
    assert.match(stderr, /; it said: got ?\.$/m)
    const pruned = await runCli([...words, 'docker container prune; true'], { env })
    assert.equal(pruned.code, 2, pruned.stdout)
    assert.match(pruned.stderr, /sent no request/)
  })

  test('what a command has created counts by its kind, and a removed link removes no container', async () => {
    for (const [script, exit] of [
      ['docker volume create web; docker run -v web:/x alpine', 0],
      ['docker run -v web:/x alpine', 3],
      ['docker rm --link web/db; docker start web', 0],
    ] as const) {
      const { code, stdout } = await run('sh', '-c', `docker create --name web alpine; ${script}`)
      assert.equal(code, exit, stdout)
    }
  })

  test('the last request of a command that keeps the answer counts as answered', async () => {
    for (const command of ['docker login -u a -p b', 'docker save -o saved alpine']) {
      const { code, requests, text } = await tryAt('privileged', command)
      assert.equal(code, 0, text)
      assert.ok(!JSON.stringify(requests).includes('unanswered'), text)
      const words = ['policy', 'test', at('privileged.policy'), '--as', 'ann', '--', ...command.split(' ')]
      assert.doesNotMatch((await runCli(words, { env })).stdout, /no answer/)
    }
  })

  test('start goes on with the name of the container', async () => {
    const { text } = await tryAt('privileged', 'docker start -a web')
    assert.match(text, /"POST \/v[\d.]+\/containers\/web\/start"/)
  })

  test('a command that gives up depends, and the report says why', async () => {
    const words = ['policy', 'test', at('baseline.policy'), '--as', 'ann']
    const script = 'docker ps; echo "oh no" >&2; exit 5'
    const { code, stdout } = await runCli([...words, '--', 'sh', '-c', script], { env })
    assert.equal(code, 3)
    assert.match(stdout, /^depends {2}the command gave up\n {2}It ended with exit code 5; it said: oh no$/m)
    const json = await runCli([...words, '--json', '--', 'sh', '-c', script], { env })
    const { verdict, failure } = JSON.parse(json.stdout) as Tried
    assert.deepEqual([verdict, failure], ['needs', { exitCode: 5, said: 'oh no' }])
  })
})

describe('policy test with Compose', { skip: lacks('docker', join(PLUGINS, 'docker-compose')) }, () => {
  const created = ['allow networks.create', 'allow volumes.create', ...STARTED]
  const rows: readonly Row[] = [
    ['baseline', 'docker compose -f mild.yaml up -d', 0, ...created],
    ['baseline', 'docker compose -f mild.yaml up', 0, ...created, 'allow containers.attach'],
    ['baseline', 'docker compose -f mild.yaml create', 0, 'allow containers.create'],
    ['baseline', 'docker compose -f mild.yaml run --rm web sh', 0, ...created],
    ['read-only', 'docker compose -f mild.yaml pull', 3, 'refuse images.pull'],
    ['baseline', 'docker compose -f mild.yaml pull', 0, 'allow images.pull'],
    ['baseline', 'docker compose -f wild.yaml up -d', 3, 'refuse containers.create'],
    ['baseline', 'docker compose -f wild.yaml create', 3, 'refuse containers.create'],
    ['baseline', 'docker compose -f wild.yaml run web', 3, 'refuse containers.create'],
    ...['exec web sh', 'stop', 'restart', 'rm -f', 'down'].map((words): Row => [
      'read-only',
      `docker compose -f mild.yaml ${words}`,
      3,
      'allow containers.list',
    ]),
  ]
  rows.forEach(tries)
})

describe('policy test with BuildKit', { skip: lacks('docker', join(PLUGINS, 'docker-buildx')) }, () => {
  test('a build is not tried, and not refused if the level lets it begin', async () => {
    const { code, verdict, requests } = await tryAt('baseline', 'docker build context')
    const found = requests.map((one) => [one.verdict, one.operation, one.unanswered])
    assert.deepEqual([code, verdict, found], [3, 'needs', [['allow', 'session.open', true]]])
  })

  tries(['read-only', 'docker build context', 3, 'refuse session.open'])
})
