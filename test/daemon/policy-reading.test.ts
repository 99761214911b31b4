import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { connect, type DockerClient } from '../../lib/index.ts'
import { isRead, readRequest } from '../../lib/policy/reading/read.ts'
import type { ReadRequest, Reason } from '../../lib/policy/request.ts'
import { writeRequest } from '../../lib/policy/writing.ts'
import { NAMED, REFUSED } from '../policy/reading/paths.ts'
import { plain } from '../policy/reading/support.ts'
import { assertSamples, fc } from '../support/properties.ts'
import { lacks } from '../support/requirements.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage } from './harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { disagreements, type Made } from './support/policy/agreement.ts'
import { containersOf, type Containers } from './support/policy/containers.ts'
import { randomBody } from './support/policy/random-body.ts'
import {
  PRINTING,
  disagreementsOf,
  execDisagreements,
  randomExec,
  randomNetwork,
  randomVolume,
} from './support/policy/random-others.ts'
import { sendRaw, toPolicyRequest, type RawAnswer, type RawRequest } from './support/policy/raw-request.ts'
import { TRICKS, type Trick } from './support/policy/tricks.ts'

/** Without these, dockerd doesn't look for the image or plugin. */
const NEEDED: Readonly<Record<string, string>> = { 'images.tag': '?repo=x', 'plugins.enable': '?timeout=0' }

const needs = { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox') }

describe('a request is read as dockerd reads it', needs, () => {
  let daemon: SecuredDaemon
  let containers: Containers
  let image = ''
  let bare: Made = {}
  before(async () => {
    daemon = await startSecuredDaemon()
    image = await makeImage(daemon)
    containers = containersOf(daemon.place.socketPath)
    const id = await create(`{"Image":"${image}","Cmd":["sleep","100"]}`, 'base')
    bare = { ...(await containers.inspect(id)), Cmd: ['sh'] }
  })
  after(() => daemon.stop())

  const send = (request: RawRequest): Promise<RawAnswer> => sendRaw(daemon.place.socketPath, request)

  async function create(body: string, name: string): Promise<string> {
    const headers = [['Content-Type', 'application/json']] as const
    const { text: answer } = await send({ line: `POST /containers/create?name=${name}`, headers, body })
    return idOf(answer)
  }

  for (const trick of TRICKS) {
    test(`${trick.name}: ${trick.ours}`, async () => {
      const reading = readRequest(toPolicyRequest(trick))
      assert.equal(isRead(reading) ? 'read' : reading.code, trick.ours, isRead(reading) ? '' : text(reading))
      const { status, text: answer } = await send(trick)
      assert.equal(status, trick.dockerd, answer)
      // dockerd can't inspect all that it makes: a ulimit that is null makes it panic.
      const isShown = status === 201 && Buffer.from(trick.body ?? '').includes(image)
      const made = isShown && (isRead(reading) || trick.made) ? await containers.inspect(idOf(answer)) : undefined
      if (made) compare(trick, reading, made)
      if (made && isRead(reading)) assert.deepEqual(await remade(reading), withoutId(made))
    })
  }

  function compare({ made: ofAll = {}, madeSince27 }: Trick, reading: ReadRequest | Reason, made: Made): void {
    const expected = testedEngine().major >= 27 ? (madeSince27 ?? ofAll) : ofAll
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(made[name], value, name)
    if (isRead(reading)) assert.deepEqual(disagreements(made, reading.body, bare), [])
  }

  /** What dockerd makes of the request that we write. */
  async function remade(reading: ReadRequest): Promise<Made> {
    const { method, target, body = '' } = writeRequest({ ...reading, query: new Map() })
    const headers = [['Content-Type', 'application/json']] as const
    const { status, text: answer } = await send({ line: `${method} ${target}`, headers, body })
    assert.equal(status, 201, answer)
    return withoutId(await containers.inspect(idOf(answer)))
  }

  for (const [line, operation, name] of NAMED.filter(([, of]) => of !== 'distribution.inspect')) {
    test(`${line} is ${operation}`, async () => {
      const headers = [['X-Registry-Auth', 'e30=']] as const
      const { text: answer } = await send({ line: line + (NEEDED[operation] ?? ''), headers })
      assert.doesNotMatch(answer, /page not found/)
      // The routes of checkpoints answer so in a daemon that isn't experimental.
      if (operation.startsWith('checkpoints.')) assert.match(answer, /experimental/)
      else assert.ok(answer.includes(lastOf(name ?? '')), answer)
    })
  }

  for (const [code, line, status] of REFUSED) {
    if (status === undefined) continue
    test(`${line} is ${code} for us, and dockerd answers otherwise`, async () => {
      // It is one of the versions that a newer daemon knows.
      const isKnown = line.includes('/v1.45.1/') && testedEngine().api !== '1.45'
      const answer = await send({ line })
      assert.equal(answer.status, isKnown ? 200 : status, answer.text)
    })
  }

  test('an image to pull counts more than one to import', async () => {
    const line = 'POST /images/create?fromImage=localhost:1/a&fromSrc=-&repo=b'
    assert.equal(operationOf(line), 'images.pull')
    assert.match((await send({ line })).text, /localhost:1/)
    const importing = 'POST /images/create?fromImage=&fromSrc=http://localhost:2/x&repo=b'
    assert.equal(operationOf(importing), 'images.import')
    assert.match((await send({ line: importing })).text, /localhost:2/)
  })

  /** What dockerd makes of what is sent in the place of a body. */
  const madeOf = async (body = ''): Promise<Made> => {
    const id = await containers.create(body)
    assert.ok(id !== undefined, body)
    const made = await containers.inspect(id)
    await containers.remove(id)
    return withoutId(made)
  }

  test('random bodies', async (t) => {
    const counts = { made: 0, refusedByUs: 0, refusedByDockerd: 0, refusedByBoth: 0, written: 0 }
    const one = async (seed: number, isWritten: boolean): Promise<void> => {
      const body = randomBody(seed, image)
      const reading = readRequest(
        toPolicyRequest({
          line: 'POST /v1.45/containers/create',
          headers: [['Content-Type', 'application/json']],
          body,
        }),
      )
      const id = await containers.create(body)
      if (isRead(reading)) counts[id === undefined ? 'refusedByDockerd' : 'made'] += 1
      else counts[id === undefined ? 'refusedByBoth' : 'refusedByUs'] += 1
      if (id === undefined) return
      const made = isRead(reading) ? await containers.inspect(id) : undefined
      await containers.remove(id)
      if (made === undefined || !isRead(reading)) return
      const wrong = disagreements(made, reading.body, bare)
      assert.deepEqual(
        wrong,
        [],
        `seed ${seed}: ${body}\nread: ${text(reading.body)}\nmade: ${text(Object.fromEntries(wrong.map((name) => [name, made[name]])))}`,
      )
      if (!isWritten) return
      counts.written += 1
      assert.deepEqual(await madeOf(writeRequest(reading).body), withoutId(made), `seed ${seed}: ${body}`)
    }
    await assertSamples(t, fc.nat(), { numRuns: 300 }, async (seeds) => {
      const rest = [...seeds]
      const worker = async (): Promise<void> => {
        for (let seed = rest.pop(); seed !== undefined; seed = rest.pop()) await one(seed, rest.length % 10 === 0)
      }
      await Promise.all(Array.from({ length: 6 }, worker))
      t.diagnostic(JSON.stringify(counts))
      assert.ok(counts.made > seeds.length / 4, JSON.stringify(counts))
      assert.ok(counts.written > seeds.length / 50, JSON.stringify(counts))
      assert.ok(counts.refusedByUs > seeds.length / 50, JSON.stringify(counts))
    })
  })

  interface Kind {
    readonly line: string
    readonly numRuns: number
    readonly bodyOf: (seed: number) => string
    readonly inspect: (answer: string) => Promise<Made>
    readonly disagreements: (sent: Made, made: Made, seed: number) => string[] | Promise<string[]>
    readonly remove?: (made: Made) => Promise<unknown>
  }

  /** Compares what dockerd has made of random bodies, one after the other, with what we have read. */
  async function compareAll(t: TestContext, { line, numRuns, bodyOf, ...kind }: Kind): Promise<void> {
    const counts = { made: 0, refusedByUs: 0, refusedByDockerd: 0, refusedByBoth: 0 }
    await assertSamples(t, fc.nat(), { numRuns, most: 300 }, async (seeds) => {
      for (const seed of new Set(seeds)) {
        const request = { line, headers: [['Content-Type', 'application/json']] as const, body: bodyOf(seed) }
        const reading = readRequest(toPolicyRequest(request))
        const { status, text: answer } = await send(request)
        if (isRead(reading)) counts[status === 201 ? 'made' : 'refusedByDockerd'] += 1
        else counts[status === 201 ? 'refusedByUs' : 'refusedByBoth'] += 1
        if (status !== 201) continue
        const made = await kind.inspect(answer)
        if (isRead(reading)) {
          const wrong = await kind.disagreements(plain(reading.body) as Made, made, seed)
          assert.deepEqual(wrong, [], `seed ${seed}: ${request.body}\nmade: ${text(made)}`)
        }
        await kind.remove?.(made)
      }
      t.diagnostic(JSON.stringify(counts))
      assert.ok(counts.made > seeds.length / 4 && counts.refusedByUs > 0, JSON.stringify(counts))
    })
  }

  const inspectAt = async (path: string): Promise<Made> =>
    JSON.parse((await send({ line: `GET ${path}` })).text) as Made

  const networkIn = (answer: string): Promise<Made> => inspectAt(`/v1.45/networks/${idOf(answer)}`)

  /** Creates something with its name alone, and returns the answer. */
  async function createBare(line: string): Promise<string> {
    const headers = [['Content-Type', 'application/json']] as const
    return (await send({ line, headers, body: '{"Name":"bare"}' })).text
  }

  test('random volumes', async (t) => {
    const line = 'POST /v1.45/volumes/create'
    const first = await madeIn(await createBare(line))
    await compareAll(t, {
      line,
      numRuns: 60,
      bodyOf: randomVolume,
      inspect: madeIn,
      disagreements: (sent, made) => disagreementsOf({ sent, made, bare: first }),
      remove: (made) => send({ line: `DELETE /volumes/${String(made['Name'])}` }),
    })
  })

  test('random networks', async (t) => {
    const line = 'POST /v1.45/networks/create'
    const first = await networkIn(await createBare(line))
    await compareAll(t, {
      line,
      numRuns: 20,
      bodyOf: randomNetwork,
      inspect: networkIn,
      disagreements: (sent, made) => disagreementsOf({ sent, made, bare: first }),
      remove: (made) => send({ line: `DELETE /networks/${String(made['Id'])}` }),
    })
  })

  test('random execs, and what some of them print', async (t) => {
    const docker = await connect({}, { HOME: '/nonexistent', ...daemon.clientEnv })
    t.after(() => docker.close())
    const { Id } = await docker.containers.create({ Image: image, Cmd: ['sleep', '1000'], Env: ['B=of the image'] })
    await docker.containers.start(Id)
    const line = `POST /v1.45/containers/${Id}/exec`
    const headers = [['Content-Type', 'application/json']] as const
    const first = await send({ line, headers, body: text({ Cmd: PRINTING, AttachStdout: true }) })
    const bareLines = await linesOf(docker, idOf(first.text))
    const prints = ({ Cmd, AttachStdout, Tty }: Made): boolean =>
      text(Cmd) === text(PRINTING) && AttachStdout === true && Tty !== true
    let printed = 0
    await compareAll(t, {
      line,
      numRuns: 60,
      bodyOf: randomExec,
      inspect: (answer) => inspectAt(`/v1.45/exec/${idOf(answer)}/json`),
      disagreements: async (sent, made, seed) => {
        const wrong = execDisagreements(sent, made)
        if (wrong.length > 0 || seed % 3 !== 0 || !prints(sent)) return wrong
        printed += 1
        const { WorkingDir, Env = [] } = sent as { WorkingDir?: string; Env?: string[] }
        const names = new Set(Env.map((one) => one.split('=')[0]))
        const others = bareLines.slice(1).filter((one) => !names.has(one.split('=')[0]))
        const expected = [WorkingDir || bareLines[0] || '', ...[...others, ...Env].toSorted()]
        return text(await linesOf(docker, String(made['ID']))) === text(expected) ? [] : ['WorkingDir or Env']
      },
    })
    assert.ok(printed > 3, String(printed))
  })
})

function operationOf(line: string): string {
  const reading = readRequest(toPolicyRequest({ line }))
  return isRead(reading) ? reading.operation.name : reading.code
}

const madeIn = (answer: string): Promise<Made> => Promise.resolve(JSON.parse(answer) as Made)
const idOf = (answer: string): string => (JSON.parse(answer) as { Id: string }).Id
const text = (value: unknown): string =>
  JSON.stringify(plain(value), (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))
/** Where an exec is, and its variables but the home of its user. */
async function linesOf(docker: DockerClient, id: string): Promise<string[]> {
  const [where = '', ...variables] = (await (await docker.exec.start(id)).text()).trimEnd().split('\n')
  return [where, ...variables.filter((one) => !/^(HOME|SHLVL|PWD|OLDPWD)=/.test(one)).toSorted()]
}

/** dockerd shortens names in some messages to their last part. */
const lastOf = (name: string): string => name.split('/').at(-1) ?? ''
/** A container without a name of its own has the beginning of its id. */
const withoutId = (made: Made): Made => ({ ...made, Hostname: '' })
