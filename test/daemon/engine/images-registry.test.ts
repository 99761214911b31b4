import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pack } from 'tar-stream'
import {
  DockerApiError,
  loadRegistryCredentials,
  NotFoundError,
  ServerError,
  StreamError,
  UnauthorizedError,
  type DockerClient,
  type RegistryAuth,
} from '../../../lib/index.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { testedEngine } from '../harness/engine.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { startSlowProxy, type SlowProxy } from '../support/slow-proxy.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')
const DIGEST = /^sha256:[0-9a-f]{64}$/
const MIB = 1024 * 1024
const { isContainerd } = testedEngine()
const auth = { username: 'ann', password: 'it\'s "secret" ?>~\u00ff $1' }
const wrong = { username: 'ann', password: 'another secret that is wrong' }

describe('images and registries', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let open: Registry
  let closed: Registry
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    open = await startRegistry()
    closed = await startRegistry({ auth })
  })
  after(() => Promise.all([open?.stop(), closed?.stop(), engine?.stop()]))

  /** Gives the image a name in a registry, and takes the name away when the test ends. */
  async function named(t: TestContext, name: string, image = engine.image): Promise<string> {
    await docker.images.tag(image, name)
    t.after(() => docker.images.remove(name).catch(() => undefined))
    return name
  }

  test('push and pull: what is said meanwhile, and what comes of it', async (t) => {
    const name = await named(t, `${open.host}/team/sub.part/app:1.2-rc`)
    const pushing = docker.images.push(name)
    const said: string[] = []
    for await (const { id, status, progressDetail } of pushing) {
      said.push(`${status}`)
      if (status === 'Pushing') {
        assert.match(id ?? '', /^[0-9a-f]{12}$/)
        // In containerd, a layer that waits has none.
        if (!isContainerd) assert.equal(typeof progressDetail?.current, 'number')
      }
    }
    const pushed = await pushing
    assert.equal(pushed.tag, '1.2-rc')
    assert.match(pushed.digest, DIGEST)
    assert.ok(pushed.size > 100 && pushed.size < 10_000, `a manifest of ${pushed.size} bytes`)
    assert.deepEqual(pushed.tags, [{ tag: pushed.tag, digest: pushed.digest, size: pushed.size }])
    assert.equal(said[0], `The push refers to repository [${open.host}/team/sub.part/app]`)
    assert.ok(said.includes('Pushed'), said.join())

    const upToDate = await docker.images.pull(name)
    assert.deepEqual(upToDate, { reference: name, digest: pushed.digest, status: 'up to date' })
    await docker.images.remove(name)
    const pulling = docker.images.pull(name)
    const heard: (string | undefined)[] = []
    for await (const { status } of pulling) heard.push(status)
    assert.deepEqual(await pulling, { reference: name, digest: pushed.digest, status: 'downloaded' })
    assert.equal(heard[0], 'Pulling from team/sub.part/app')
    const { RepoDigests } = await docker.images.inspect(name)
    assert.ok(RepoDigests.includes(`${open.host}/team/sub.part/app@${pushed.digest}`), RepoDigests.join())
    assert.equal((await docker.images.push(name)).digest, pushed.digest)
  })

  test('pull and remove by digest', async (t) => {
    const name = await named(t, `${open.host}/by/digest:1`)
    const { digest } = await docker.images.push(name)
    await docker.images.remove(name)
    const exact = `${open.host}/by/digest@${digest}`
    assert.deepEqual(await docker.images.pull(exact), { reference: exact, digest, status: 'downloaded' })
    const image = await docker.images.inspect(exact)
    assert.deepEqual(
      [image.RepoTags.filter((tag) => tag.includes('by/digest')), image.RepoDigests.includes(exact)],
      [isContainerd ? [exact] : [], true],
    )
    assert.equal((await docker.images.history(exact)).length, 1)
    assert.deepEqual((await docker.distribution.inspect(exact)).Descriptor.digest, digest)
    const both = await docker.images.pull(`${open.host}/by/digest:1@${digest}`)
    assert.equal(both.digest, digest)
    await docker.images.remove(exact)
    const other = `${open.host}/by/digest@sha256:${'0'.repeat(64)}`
    await assert.rejects(Promise.resolve(docker.images.pull(other)), NotFoundError)
    await assert.rejects(Promise.resolve(docker.images.push(exact)), { code: 'ERR_REFERENCE_INVALID' })
  })

  test('without a tag latest is meant, and all tags only where all are asked for', async (t) => {
    const repository = `${open.host}/many/tags`
    const tags = ['latest', 'one', 'two']
    for (const tag of tags) await named(t, `${repository}:${tag}`)
    const { tag } = await docker.images.push(repository)
    assert.equal(tag, 'latest')
    await assert.rejects(docker.distribution.inspect(`${repository}:one`), NotFoundError)
    const pushed = await docker.images.push(repository, { allTags: true })
    assert.deepEqual(pushed.tags.map((one) => one.tag).toSorted(), tags)
    const here = async (): Promise<string[]> => {
      const found = await docker.images.list({ filters: { reference: repository } })
      return found.flatMap(({ RepoTags }) => RepoTags).toSorted()
    }
    for (const one of tags) await docker.images.remove(`${repository}:${one}`)
    assert.equal((await docker.images.pull(repository)).reference, `${repository}:latest`)
    assert.deepEqual(await here(), [`${repository}:latest`])
    const pulled = await docker.images.pull(repository, { allTags: true })
    assert.deepEqual(pulled, { reference: repository, status: 'downloaded' })
    assert.deepEqual(
      await here(),
      tags.map((one) => `${repository}:${one}`),
    )
    assert.equal((await docker.images.pull(repository, { allTags: true })).status, 'up to date')
    const refused = { code: 'ERR_ARGUMENT_INVALID', message: /allTags/ }
    const tagged = `${repository}:one`
    await assert.rejects(Promise.resolve(docker.images.pull(tagged, { allTags: true })), refused)
    await assert.rejects(Promise.resolve(docker.images.push(tagged, { allTags: true })), refused)
  })

  test('create, with the words of the API', async (t) => {
    const name = await named(t, `${closed.host}/created:1`)
    await docker.images.push(name, { auth })
    await docker.images.remove(name)
    const said: (string | undefined)[] = []
    const creating = docker.images.create({ fromImage: `${closed.host}/created`, tag: '1', platform: 'linux', auth })
    for await (const { status } of creating) said.push(status)
    assert.equal(said.at(-1), `Status: Downloaded newer image for ${name}`)
    await docker.images.inspect(name)
    await assert.rejects(Promise.resolve(docker.images.create({ fromImage: name })), /docker login/)
  })

  test('distribution: what a registry has', async (t) => {
    const name = await named(t, `${open.host}/distributed/app:1`)
    const { digest, size } = await docker.images.push(name)
    const { Descriptor, Platforms } = await docker.distribution.inspect(name)
    assert.deepEqual([Descriptor.digest, Descriptor.size], [digest, size])
    assert.match(Descriptor.mediaType, isContainerd ? /oci\.image\.manifest\.v1\+json$/ : /manifest\.v2\+json$/)
    assert.deepEqual(
      Platforms?.map(({ os, architecture }) => `${os}/${architecture}`),
      isContainerd ? undefined : ['linux/amd64'],
    )
    await assert.rejects(docker.distribution.inspect(`${open.host}/distributed/app:2`), NotFoundError)
    for (const bad of ['', '../x', 'A', 'a b', 'x?y=z', '%2e', 7, undefined])
      await assert.rejects(docker.distribution.inspect(bad as string), { code: /^ERR_(REFERENCE|ARGUMENT)_INVALID$/ })
    await assert.rejects(docker.distribution.inspect(name, { tag: 'x' } as object), { code: 'ERR_OPTION_UNKNOWN' })
  })

  test('what is not there, by what the registry and the daemon say', async (t) => {
    const name = await named(t, `${open.host}/there:1`)
    await docker.images.push(name)
    const absent = [
      docker.images.pull(`${open.host}/there:2`),
      docker.images.pull(`${open.host}/nowhere`),
      docker.images.pull(`${open.host}/nowhere`, { allTags: true }),
    ]
    for (const pulling of absent) {
      await assert.rejects(Promise.resolve(pulling), (error) => {
        assert.ok(error instanceof NotFoundError, String(error))
        assert.match(
          error.message,
          new RegExp(`^POST /images/create, for which the daemon asks the registry ${open.host}: .*404`),
        )
        assert.match(error.todo, /Check the name and the tag/)
        return true
      })
    }
    const unknown = [
      docker.images.push(`${open.host}/nowhere:1`),
      docker.images.push(`${open.host}/there`, { allTags: true }),
    ]
    await assert.rejects(
      Promise.resolve(unknown[0]),
      (error) =>
        error instanceof StreamError &&
        /(does not exist locally|tag does not exist)[^]*docker\.images\.tag/.test(error.message),
    )
    await unknown[1]
    const other = Promise.resolve(docker.images.pull(name, { platform: 'linux/arm64' }))
    // Containerd takes an image for one platform for any.
    if (isContainerd) await other
    else
      await assert.rejects(other, (error) => {
        assert.ok(error instanceof StreamError, String(error))
        assert.match(error.daemonMessage ?? '', /does not match the specified platform/)
        return true
      })
    await assert.rejects(Promise.resolve(docker.images.pull(name, { platform: 'a/b/c/d' })), { status: 400 })
    await assert.rejects(Promise.resolve(docker.images.pull('127.0.0.1:1/x')), (error) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.message, /connection refused[^]*it can't reach 127\.0\.0\.1:1/)
      return true
    })
  })

  test('names that are none, and options that can not be meant, are refused before anything is sent', async () => {
    const seen = open.log().length
    const { images } = docker
    for (const bad of [
      '',
      '../x',
      'A',
      'a b',
      'x?y=z',
      'x:',
      'x@sha256:1',
      '%2e',
      'f'.repeat(64),
      7,
      undefined,
      null,
    ]) {
      await assert.rejects(Promise.resolve(images.pull(bad as string)), { code: /^ERR_(REFERENCE|ARGUMENT)_INVALID$/ })
      await assert.rejects(Promise.resolve(images.push(bad as string)), { code: /^ERR_(REFERENCE|ARGUMENT)_INVALID$/ })
    }
    const name = `${open.host}/x:1`
    const unknown = [
      images.pull(name, { fromSrc: '-' } as object),
      images.pull(name, { tag: '2' } as object),
      images.pull(name, { alltags: true } as object),
      images.push(name, { tag: '2' } as object),
      images.push(name, null as unknown as object),
      images.pull(name, { auth: { username: 'x' } as RegistryAuth }),
      images.pull(name, { auth: { username: 'x', pasword: 'y' } as unknown as RegistryAuth }),
      images.push(name, { auth: 'x' as unknown as RegistryAuth }),
    ]
    for (const call of unknown)
      await assert.rejects(Promise.resolve(call), { code: /^ERR_OPTION_UNKNOWN$|^ERR_ARGUMENT_INVALID$/ })
    assert.equal(open.log().length, seen, 'the registry was asked')
  })

  test('a registry that wants to know who asks: nobody, a wrong password, and whoever has logged in', async (t) => {
    const name = await named(t, `${closed.host}/private/app:1`)
    const config = await temporaryFolder(t)
    const logIn = async ({ username, password }: typeof auth): Promise<void> => {
      const entry = { auth: Buffer.from(`${username}:${password}`).toString('base64') }
      await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: entry } }))
    }
    const credentials = loadRegistryCredentials({ config })
    const refused = async (given: { auth?: RegistryAuth | typeof credentials }): Promise<void> => {
      const calls = [
        async () => docker.images.push(name, given),
        async () => docker.images.pull(name, given),
        () => docker.distribution.inspect(name, given),
      ]
      for (const call of calls) {
        await assert.rejects(call, (error) => {
          assert.ok(error instanceof DockerApiError, String(error))
          assert.match(error.tried, new RegExp(`for which the daemon asks the registry ${closed.host}$`))
          assert.match(error.got, /no basic auth credentials|unauthorized: authentication required|401 Unauthorized/)
          assert.match(error.todo, new RegExp(`docker login ${closed.host} .*the option auth `))
          return true
        })
      }
    }
    await refused({})
    await refused({ auth: wrong })
    await refused({ auth: credentials })
    await logIn(wrong)
    await refused({ auth: credentials })
    await assert.rejects(docker.distribution.inspect(name, { auth: wrong }), UnauthorizedError)

    const { digest } = await docker.images.push(name, { auth })
    await docker.images.remove(name)
    await assert.rejects(Promise.resolve(docker.images.pull(name)), /docker login/)
    await logIn(auth)
    assert.equal((await docker.images.pull(name, { auth: credentials })).status, 'downloaded')
    assert.equal((await docker.images.push(name, { auth: credentials })).digest, digest)
    assert.equal((await docker.distribution.inspect(name, { auth: credentials })).Descriptor.digest, digest)
    assert.equal(
      (await docker.images.pull(name, { auth: { ...auth, serveraddress: closed.host } })).status,
      'up to date',
    )
    await mkdir(join(config, 'none'))
    const nobody = loadRegistryCredentials({ config: join(config, 'none') })
    await assert.rejects(Promise.resolve(docker.images.pull(name, { auth: nobody })), /no basic auth credentials/)
  })

  test('user name and password are in no error, no message, no URL and no published event', async (t) => {
    const name = await named(t, `${closed.host}/secret/app:1`)
    const username = 'a user whose name is told to nobody'
    const traces = tracesOf({ username, password: wrong.password, right: auth.password })
    const silent = (value: unknown, what: string): void => assert.deepEqual(leaksOf(value, traces), [], what)
    const seen: unknown[] = []
    const channels = ['docker-mtls:connect', 'docker-mtls:request']
    const note = (event: unknown): void => void seen.push(event)
    for (const channel of channels) subscribe(channel, note)
    t.after(() => {
      for (const channel of channels) unsubscribe(channel, note)
    })
    for (const given of [{ username, password: wrong.password }, auth]) {
      const calls = [
        docker.images.push(name, { auth: given }),
        docker.images.pull(name, { auth: given }),
        docker.images.pull(`${closed.host}/secret/none`, { auth: given }),
      ]
      for (const call of calls) {
        silent(call, 'a call that has not begun')
        for await (const message of tolerant(call)) silent(message, 'a message')
        await call.then(
          (result) => silent(result, 'a result'),
          (error) => silent(error, String(error)),
        )
        silent(call, 'a call that is over')
      }
      await docker.distribution.inspect(name, { auth: given }).catch((error) => silent(error, String(error)))
      const malformed = { ...given, pasword: given.password } as unknown as RegistryAuth
      await docker.distribution.inspect(name, { auth: malformed }).catch((error) => silent(error, String(error)))
    }
    silent(docker, 'the client')
    assert.ok(seen.length >= 7, `only ${seen.length} events`)
    silent(seen, 'what was published')
    assert.deepEqual(leaksOf(engine.daemon.log(), traces), [], "the daemon's log, which has every URL")
  })

  describe('on a slow way', () => {
    const SIZE = 24 * MIB
    let proxy: SlowProxy
    let big: string
    before(async () => {
      const tar = pack()
      tar.entry({ name: 'noise' }, randomBytes(SIZE))
      tar.finalize()
      const { id } = await docker.images.import(tar as unknown as AsyncIterable<Uint8Array>, { repo: 'big:1' })
      await docker.images.tag(id, `${open.host}/big:1`)
      await docker.images.push(`${open.host}/big:1`)
      big = id
      proxy = await startSlowProxy(open.host, 4 * MIB)
    })
    after(() => proxy?.stop())

    /** Nothing goes on behind our back: the daemon lets the registry go when we let the daemon go. */
    async function assertEnded(what: string, passed: () => number): Promise<void> {
      for (let tries = 0; proxy.connections() > 0 && tries < 100; tries += 1) await delay(50)
      const then = passed()
      await delay(300)
      assert.equal(passed(), then, `${what} goes on`)
      assert.ok(then < SIZE, `${what} had come to its end`)
    }

    test('a pull that is aborted, or left, ends', async () => {
      await docker.images.remove(big, { force: true })
      const reason = new Error('enough')
      for (const how of ['abort', 'break', 'abort while awaited'] as const) {
        const from = proxy.passed.down
        const controller = new AbortController()
        const pulling = docker.images.pull(`${proxy.host}/big:1`, { signal: controller.signal })
        let most = 0
        const loop = async (): Promise<void> => {
          for await (const { status, progressDetail } of pulling) {
            if (status !== 'Downloading') continue
            most = progressDetail?.current ?? 0
            if (how === 'break') break
            controller.abort(reason)
          }
        }
        if (how === 'abort') await assert.rejects(soon(how, loop()), reason)
        if (how === 'break') await soon(how, loop())
        if (how === 'abort while awaited') {
          setTimeout(() => controller.abort(reason), 1000)
          await assert.rejects(soon(how, pulling), reason)
        } else assert.ok(most > 0 && most < SIZE, `it had come to ${most}`)
        await assertEnded(`a pull after ${how}`, () => proxy.passed.down - from)
      }
      const signal = AbortSignal.abort(reason)
      await assert.rejects(Promise.resolve(docker.images.pull(`${proxy.host}/big:1`, { signal })), reason)
    })

    test('a pull tells how far it has come', async () => {
      const far: number[] = []
      let total: number | undefined
      const pulling = docker.images.pull(`${proxy.host}/big:1`)
      for await (const { status, progressDetail } of pulling) {
        if (status !== 'Downloading') continue
        far.push(progressDetail?.current ?? 0)
        total = progressDetail?.total
      }
      assert.equal((await pulling).status, 'downloaded')
      assert.ok(far.length > 5, `told ${far.length} times`)
      assert.deepEqual(
        far,
        far.toSorted((a, b) => a - b),
      )
      assert.ok(total !== undefined && total >= SIZE, `${total} in all`)
    })

    test('a push that is aborted, or left, ends', async (t) => {
      const tar = pack()
      tar.entry({ name: 'noise' }, randomBytes(SIZE))
      tar.finalize()
      const { id } = await docker.images.import(tar as unknown as AsyncIterable<Uint8Array>)
      const name = await named(t, `${proxy.host}/fresh:1`, id)
      const reason = new Error('enough')
      for (const how of ['abort', 'break'] as const) {
        const from = proxy.passed.up
        const controller = new AbortController()
        const pushing = docker.images.push(name, { signal: controller.signal })
        const loop = async (): Promise<void> => {
          for await (const { status, progressDetail } of pushing) {
            if (status !== 'Pushing' || (progressDetail?.current ?? 0) < MIB) continue
            if (how === 'break') break
            controller.abort(reason)
          }
        }
        if (how === 'abort') await assert.rejects(soon(how, loop()), reason)
        else await soon(how, loop())
        await assertEnded(`a push after ${how}`, () => proxy.passed.up - from)
      }
      await assert.rejects(docker.distribution.inspect(`${open.host}/fresh:1`), NotFoundError)
    })
  })
})

/** Its messages until it fails. */
async function* tolerant<Message>(call: AsyncIterable<Message>): AsyncGenerator<Message, void, undefined> {
  try {
    yield* call
  } catch {
    // Whoever awaits it hears of it.
  }
}
