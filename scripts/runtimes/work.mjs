/**
 * An app as a user writes it, in plain JavaScript, for all runtimes. It does the work of a client on a real daemon, and prints
 * a line of JSON for each step: its name, and the problem if there was one. Then it has to end by itself.
 *
 *     RUNTIME work.mjs IMAGE FOLDER [host-error]
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { connect } from 'docker-mtls'

const [image, folder] = process.argv.slice(2)
const LONG = ['sh', '-c', 'trap exit TERM; echo started; sleep 1000 & wait']
let docker
let container

const STEPS = {
  'connect, with negotiation': async () => {
    docker = await connect({ connectTimeout: 5_000 })
    expect(docker.apiVersion, /^1\.\d+$/)
  },
  ping: async () => expect((await docker.ping()).apiVersion, /^1\./),
  version: async () => expect((await docker.version()).Version, /^\d+\./),
  'system.info': async () => expect((await docker.system.info()).OSType, /^linux$/),
  'containers.list': async () => expect(String((await docker.containers.list({ all: true })).length), /^0$/),
  '40 calls at once': async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => docker.version()))
    expect(String(new Set(answers.map(({ Version }) => Version)).size), /^1$/)
  },
  'run, with stdin': async () => {
    const { exitCode, stdout } = await docker.run(image, ['sh', '-c', 'sort; sleep 0.5; exit 3'], { stdin: 'b\na\n' })
    expect(`${exitCode} ${stdout}`, /^3 a\nb\n$/)
  },
  'run, with 5 MB through stdin and stdout': async () => {
    const { stdout } = await docker.run(image, ['sh', '-c', 'cat; sleep 0.5'], { stdin: 'x'.repeat(5_000_000) })
    expect(String(stdout.length), /^5000000$/)
  },
  'containers.create and start': async () => {
    const { Id } = await docker.containers.create({ Image: image, Cmd: LONG })
    container = Id
    await docker.containers.start(Id)
  },
  'logs, leaving the loop': async () => {
    for await (const line of docker.containers.logs(container, { follow: true }).lines()) {
      expect(line.text ?? line.line ?? String(line), /started/)
      break
    }
  },
  'logs, as text': async () => expect(await docker.containers.logs(container).text(), /started/),
  'exec.run, with stdin': async () => {
    const { exitCode, stdout } = await docker.exec.run(container, ['wc', '-c'], { stdin: 'abc' })
    expect(`${exitCode} ${String(stdout).trim()}`, /^0 3$/)
  },
  'exec.run, with an exit code and stderr': async () => {
    const { exitCode, stderr } = await docker.exec.run(container, ['sh', '-c', 'echo no >&2; exit 4'])
    expect(`${exitCode} ${stderr}`, /^4 no\n$/)
  },
  'events, leaving the loop': async () => {
    const events = await docker.system.events({ filters: { type: 'container' } })
    const renamed = docker.containers.rename(container, 'renamed')
    for await (const { Action } of events) {
      expect(Action, /^rename$/)
      break
    }
    await renamed
  },
  'stats, leaving the loop': async () => {
    for await (const { read } of docker.containers.stats(container)) {
      expect(read, /^\d{4}-/)
      break
    }
  },
  'copyTo and copyFrom': async () => {
    const [there, back] = [join(folder, 'there'), join(folder, 'back')]
    await mkdir(there, { recursive: true })
    await mkdir(back, { recursive: true })
    await writeFile(join(there, 'file'), 'copied')
    await docker.containers.copyTo(container, there, '/tmp')
    await docker.containers.copyFrom(container, '/tmp/there/file', back)
    expect(await readFile(join(back, 'file'), 'utf8'), /^copied$/)
  },
  'pull, with an error': async () => {
    await docker.images.pull('localhost:1/none:1').then(
      () => expect('pulled', /^refused$/),
      (error) => expect(error.code, /^ERR_API_/),
    )
  },
  'an image that is not there: 404': async () => {
    const code = await docker.images.inspect('none:1').then(
      () => 'found',
      (error) => error.code,
    )
    expect(code, /^ERR_API_NOT_FOUND$/)
  },
  'build, with the classic builder': () => build('classic'),
  'build, with BuildKit': () => build('buildkit'),
  'a call that is aborted': async () => {
    const signal = AbortSignal.timeout(300)
    const name = await docker.containers.wait(container, { signal }).then(
      () => 'ended',
      (error) => error.name,
    )
    expect(name, /^(TimeoutError|AbortError)$/)
  },
  'a call with a time limit': async () => {
    const code = await docker.exec.run(container, ['sleep', '20'], { timeout: 500 }).then(
      () => 'ended',
      (error) => error.code,
    )
    expect(code, /^ERR_.*TIMEOUT/)
  },
  'containers.stop and remove': async () => {
    await docker.containers.stop(container)
    await docker.containers.remove(container)
  },
  'close, with an open stream': async () => {
    const events = await docker.system.events()
    const reading = (async () => {
      for await (const event of events) void event
    })().catch((error) => error.code)
    await docker.close()
    expect(await reading, /^ERR_CLIENT_CLOSED$/)
  },
}

async function build(builder) {
  const context = join(folder, builder)
  await mkdir(context, { recursive: true })
  await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nCOPY file /file\nRUN cat /file\n`)
  await writeFile(join(context, 'file'), `for ${builder}`)
  const { ID } = await docker.images.build(context, { t: `built:${builder}`, builder })
  expect(ID, /^sha256:/)
  expect((await docker.run(`built:${builder}`, ['sh', '-c', 'cat /file; sleep 0.5'])).stdout, new RegExp(builder))
}

function expect(text, pattern) {
  if (!pattern.test(text)) throw new Error(`it is ${JSON.stringify(text)}, not ${pattern}`)
}

for (const [name, step] of Object.entries(STEPS)) {
  const problem = await step().then(
    () => undefined,
    (error) => `${error.code ?? ''} ${error.message}`,
  )
  console.log(JSON.stringify({ name, problem }))
}
