import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { connect, DockerApiError, path, type EndpointOptions } from '../../lib/index.ts'
import { compareVersions, NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { startWatch } from '../support/watch.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A daemon that only pretends, on a unix socket: for API versions and mistakes that the real one here hasn't. */
async function pretend(t: Cleanable, answer: Answer): Promise<{ host: string; asked: string[] }> {
  const socket = join(await temporaryFolder(t), 'docker.sock')
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  }).listen(socket)
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `unix://${socket}`, asked }
}

const serving = (version: string | undefined, then: Answer = (_, response) => response.end('{}')): Answer => {
  return (request, response) => {
    if (version !== undefined) response.setHeader('Api-Version', version)
    if (request.url === '/_ping') response.end('OK')
    else then(request, response)
  }
}

/** Refuses every version but 1.44, and names it. */
const tooNew: Answer = (request, response) => {
  if (request.url?.startsWith('/v1.44/')) return response.end('{"Version":"25.0.0"}')
  response.statusCode = 400
  response.setHeader('Api-Version', '1.44')
  response.end('{"message":"client version 1.45 is too new. Maximum supported API version is 1.44"}')
}

const code = (wanted: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, wanted)
  return true
}

describe('API version', () => {
  const ROWS: [string | undefined, EndpointOptions, string][] = [
    ['1.45', {}, '1.45'],
    ['1.40', {}, '1.40'],
    ['1.44', {}, '1.44'],
    [NEWEST_API_VERSION, {}, NEWEST_API_VERSION],
    ['1.99', {}, NEWEST_API_VERSION],
    ['2.0', {}, NEWEST_API_VERSION],
    [undefined, {}, NEWEST_API_VERSION],
    ['not a version', {}, NEWEST_API_VERSION],
    ['1.45', { apiVersion: '1.41' }, '1.41'],
    ['1.45', { apiVersion: 'v1.40' }, '1.40'],
  ]
  for (const [served, options, expected] of ROWS) {
    test(`a daemon of ${served}, asked with ${JSON.stringify(options)}: ${expected}`, async (t) => {
      const { host, asked } = await pretend(t, serving(served))
      const docker = await connect({ host, ...options })
      await docker.version()
      assert.equal(docker.apiVersion, expected)
      assert.deepEqual(asked, ['GET /_ping', `GET /v${expected}/version`])
      await docker.close()
    })
  }

  test('what is no object is refused instead of the options', async () => {
    for (const options of [null, 5, [], 'tcp://build01:2376', () => {}]) {
      const message = /^the options: they are (not an object|a string)\.\nPass  \{ host: /
      await assert.rejects(connect(options as never), { code: 'ERR_ARGUMENT_INVALID', name: 'ArgumentError', message })
    }
  })

  test('a daemon that is too old says so', async (t) => {
    const { host } = await pretend(t, serving('1.39'))
    await assert.rejects(connect({ host }), code('ERR_API_VERSION_UNSUPPORTED'))
  })

  test('a pinned version that the daemon does not serve fails in connect()', async (t) => {
    const { host, asked } = await pretend(t, serving('1.45'))
    const wanted = {
      code: 'ERR_API_VERSION_UNSUPPORTED',
      message: /API version 1\.46: [^]*\nRemove DOCKER_API_VERSION/,
    }
    await assert.rejects(connect({ host, apiVersion: '1.46' }), wanted)
    assert.deepEqual(asked, ['GET /_ping'])
  })

  const TOO_OLD = /API version (1\.39|1\.30|1\.10): docker-mtls needs at least 1\.40\.\nRemove DOCKER_API_VERSION/
  for (const [pin, served, message] of [
    ['1.39', '1.45', TOO_OLD],
    ['v1.30', '1.45', TOO_OLD],
    ['1.10', undefined, TOO_OLD],
    ['1.39', '1.39', /serves API versions up to 1\.39, and docker-mtls needs at least 1\.40\.\nUpdate Docker Engine/],
  ] as const) {
    test(`a pinned ${pin} with a daemon of ${served} fails in connect()`, async (t) => {
      const { host, asked } = await pretend(t, serving(served))
      const wanted = { code: 'ERR_API_VERSION_UNSUPPORTED', message }
      await assert.rejects(connect({ host, apiVersion: pin }), wanted)
      await assert.rejects(connect({}, { DOCKER_HOST: host, DOCKER_API_VERSION: pin }), wanted)
      assert.deepEqual(asked, ['GET /_ping', 'GET /_ping'])
    })
  }

  test('a field that is newer than the pinned version is refused with the pin, or with the daemon', async (t) => {
    const { host } = await pretend(t, serving('1.43'))
    const docker = await connect({ host, apiVersion: '1.41' })
    const pinned = docker.containers.create({ HostConfig: { Annotations: {} } })
    await assert.rejects(pinned, { code: 'ERR_API_FIELD_TOO_NEW', todo: /^Remove DOCKER_API_VERSION and apiVersion, / })
    const newer = docker.containers.create({ Healthcheck: { StartInterval: 1 } })
    await assert.rejects(newer, { code: 'ERR_API_FIELD_TOO_NEW', todo: /^Omit it, or update Docker Engine/ })
    await docker.close()
  })

  test('a daemon that was downgraded is asked once more, by its own version', async (t) => {
    const { host, asked } = await pretend(t, serving('1.45', tooNew))
    const docker = await connect({ host })
    assert.equal((await docker.version()).Version, '25.0.0')
    assert.equal(docker.apiVersion, '1.44')
    assert.deepEqual(asked, ['GET /_ping', 'GET /v1.45/version', 'GET /v1.44/version'])
    await docker.close()
    const pinned = await connect({ host, apiVersion: '1.45' })
    await assert.rejects(pinned.version(), (error: DockerApiError) => {
      assert.equal(error.code, 'ERR_API_VERSION_UNSUPPORTED', 'a pinned version is never changed')
      assert.equal(error.status, 400)
      assert.match(error.todo, /DOCKER_API_VERSION and apiVersion, .*negotiates/)
      return true
    })
    await pinned.close()
  })

  test('a downgraded daemon is not sent a stream twice: its begin is gone', async (t) => {
    const { host, asked } = await pretend(t, serving('1.45', tooNew))
    const docker = await connect({ host })
    const tar = Readable.from([Buffer.alloc(1024)])
    await assert.rejects(docker.containers.archive.put('web', '/', tar), code('ERR_API_VERSION_UNSUPPORTED'))
    assert.equal(asked.length, 2)
    assert.equal(docker.apiVersion, '1.44', 'the next call goes by its version')
    await docker.close()
  })

  test('versions are compared by number', () => {
    assert.ok(compareVersions('1.9', '1.40') < 0)
    assert.ok(compareVersions('2.0', '1.99') > 0)
    assert.equal(compareVersions('1.44', '1.44'), 0)
  })
})

describe('answers', () => {
  test('one that is no JSON is quoted nowhere: a token may be in it', async (t) => {
    const { host } = await pretend(
      t,
      serving('1.45', (_, response) => response.end('{"Worker":SWMTKN-1-secret')),
    )
    const docker = await connect({ host })
    await assert.rejects(docker.swarm.inspect(), (error: Error) => {
      assert.doesNotMatch(inspect(error), /SWMTKN/)
      return code('ERR_API_RESPONSE_INVALID')(error)
    })
    await docker.close()
  })

  test('a failure is never a success', async (t) => {
    const statuses: [number, string][] = [
      [400, 'ERR_API_BAD_REQUEST'],
      [401, 'ERR_API_UNAUTHORIZED'],
      [403, 'ERR_API_FORBIDDEN'],
      [404, 'ERR_API_NOT_FOUND'],
      [409, 'ERR_API_CONFLICT'],
      [500, 'ERR_API_SERVER_ERROR'],
      [503, 'ERR_API_UNAVAILABLE'],
      [418, 'ERR_API_STATUS'],
    ]
    const { host } = await pretend(
      t,
      serving('1.45', (request, response) => {
        response.statusCode = Number(new URL(request.url ?? '', 'http://x').searchParams.get('status') ?? 404)
        response.end('{"message":"because"}\n')
      }),
    )
    const docker = await connect({ host })
    for (const [status, wanted] of statuses) {
      const call = docker.request({ method: 'GET', path: '/x', query: { status } })
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof DockerApiError)
        assert.deepEqual([error.code, error.status, error.daemonMessage, error.path], [wanted, status, 'because', '/x'])
        return true
      })
    }
    await assert.rejects(docker.info(), code('ERR_API_NOT_FOUND'))
    await docker.close()
  })

  test('what is no JSON is no answer', async (t) => {
    const { host } = await pretend(
      t,
      serving('1.45', (_, response) => response.end('<html>')),
    )
    const docker = await connect({ host })
    await assert.rejects(docker.version(), code('ERR_API_RESPONSE_INVALID'))
    const answer = await docker.request({ method: 'GET', path: '/x' })
    await assert.rejects(answer.json(), code('ERR_API_RESPONSE_INVALID'))
    await docker.close()
  })

  test('a ping that went well costs no reading of its body', async (t) => {
    const docker = await connect({ host: (await pretend(t, serving('1.45'))).host })
    t.after(() => docker.close())
    const parse = t.mock.method(JSON, 'parse')
    assert.equal((await docker.ping()).apiVersion, '1.45')
    assert.equal(parse.mock.callCount(), 0)
  })

  test('an answer is read once', async (t) => {
    const { host } = await pretend(
      t,
      serving('1.45', (_, response) => response.end('[1]')),
    )
    const docker = await connect({ host })
    const answer = await docker.request({ method: 'GET', path: '/x' })
    assert.deepEqual(await answer.json(), [1])
    for (const again of [() => answer.json(), () => answer.text()]) {
      await assert.rejects(again(), { code: 'ERR_ARGUMENT_INVALID', message: /already been read/ })
    }
    await docker.close()
  })

  test('request() sends bodies and queries, and hands the body over as it comes', async (t) => {
    const { host, asked } = await pretend(
      t,
      serving('1.45', (request, response) => {
        response.setHeader('x-type', request.headers['content-type'] ?? 'none')
        request.pipe(response)
      }),
    )
    const docker = await connect({ host })
    const read = async (body: object | string | undefined): Promise<[string, unknown]> => {
      const answer = await docker.request({
        method: 'POST',
        path: path`/containers/${'a/b'}/echo`,
        query: { force: true },
        body,
      })
      return [await answer.text(), answer.headers['x-type']]
    }
    assert.deepEqual(await read({ Image: 'alpine' }), ['{"Image":"alpine"}', 'application/json'])
    assert.deepEqual(await read('text'), ['text', 'none'])
    assert.deepEqual(await read(Readable.from([Buffer.from('stream')])), ['stream', 'none'])
    assert.deepEqual(
      await read(
        (async function* () {
          yield Buffer.from('iterated')
        })(),
      ),
      ['iterated', 'none'],
    )
    assert.equal(asked.at(-1), 'POST /v1.45/containers/a%2Fb/echo?force=true')
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    await assert.rejects(read(cyclic), code('ERR_ARGUMENT_INVALID'))
    await assert.rejects(docker.request({ method: 'GET', path: '/../x' }), code('ERR_PATH_SEGMENT_INVALID'))
    await docker.close()
  })
})

describe('a client', () => {
  test("rejects with the signal's own reason at every stage", async (t) => {
    const { host } = await pretend(t, (request, response) => {
      if (request.url !== '/_ping') return
      response.setHeader('Api-Version', '1.45')
      response.end('OK')
    })
    const reason = { any: 'thing' }
    await assert.rejects(connect({ host, signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason)
    const docker = await connect({ host })
    const calls = [
      (signal: AbortSignal) => docker.version({ signal }),
      (signal: AbortSignal) => docker.request({ method: 'GET', path: '/x', signal }),
    ]
    for (const call of calls) {
      await assert.rejects(call(AbortSignal.abort(reason)), (thrown) => thrown === reason)
      const controller = new AbortController()
      setTimeout(() => controller.abort(reason), 20)
      await assert.rejects(call(controller.signal), (thrown) => thrown === reason)
    }
    await docker.close()
  })

  test('closes as often as it is asked to, and answers nothing afterwards', async (t) => {
    const { host } = await pretend(t, serving('1.45'))
    const docker = await connect({ host })
    await docker.close()
    await docker.close()
    await assert.rejects(docker.ping(), code('ERR_CLIENT_CLOSED'))
    {
      await using scoped = await connect({ host })
      assert.equal((await scoped.ping()).apiVersion, '1.45')
    }
  })

  test('closing ends a stream that is open', async (t) => {
    const { host } = await pretend(
      t,
      serving('1.45', (_, response) => void response.write('{}\n')),
    )
    const docker = await connect({ host })
    const { body } = await docker.request({ method: 'GET', path: '/events' })
    const ended = assert.rejects(async () => {
      for await (const _ of body);
    }, code('ERR_CLIENT_CLOSED'))
    await docker.close()
    await ended
  })

  test('refuses an option that it does not know', async () => {
    await assert.rejects(connect({ rejectUnauthorized: false } as EndpointOptions), code('ERR_OPTION_UNKNOWN'))
    await assert.rejects(connect({ tlsVerify: false } as EndpointOptions), code('ERR_OPTION_UNKNOWN'))
  })

  test('refuses a request that can not be meant, before it is sent', async (t) => {
    const { host, asked } = await pretend(t, serving('1.45'))
    const docker = await connect({ host })
    const get = { method: 'GET', path: '/x' }
    const rows: [unknown, string, RegExp][] = [
      [{ ...get, querry: { all: true } }, 'ERR_OPTION_UNKNOWN', /no option "querry"[^]*Did you mean query\?/],
      [{ ...get, deadline: 1 }, 'ERR_OPTION_UNKNOWN', /"deadline"/],
      [{ ...get, method: 'get' }, 'ERR_ARGUMENT_INVALID', /Use GET\.$/],
      [{ ...get, method: 'GET /y' }, 'ERR_ARGUMENT_INVALID', /such as GET or POST/],
      [{ path: '/x' }, 'ERR_ARGUMENT_INVALID', /the method undefined/],
      ['/x', 'ERR_ARGUMENT_INVALID', /are a string, not an object/],
      [undefined, 'ERR_ARGUMENT_INVALID', /are undefined, not an object/],
    ]
    for (const [request, wanted, says] of rows) {
      await assert.rejects(docker.request(request as never), (error: Error) => {
        assert.match(error.message, says)
        return code(wanted)(error)
      })
    }
    for (const call of ['ping', 'version', 'info'] as const) {
      await assert.rejects(docker[call]({ deadline: 1 } as object), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(
            `calling (system\\.)?${call}\\(\\): .*"deadline"\\.\\nThe options are signal, timeout and idleTimeout`,
          ),
        )
        return code('ERR_OPTION_UNKNOWN')(error)
      })
      await assert.rejects(docker[call](null as never), code('ERR_ARGUMENT_INVALID'))
      await docker[call]({ signal: undefined })
    }
    await docker.request({ ...get, query: undefined, headers: {}, body: undefined }).then((answer) => answer.text())
    assert.equal(asked.length, 5)
    await docker.close()
  })

  test('is shown by its endpoint, without the inner life of undici', async (t) => {
    const { host } = await pretend(t, serving('1.45'))
    const docker = await connect({ host })
    for (const shown of [inspect(docker), JSON.stringify(docker)]) {
      assert.match(shown, /docker\.sock/)
      assert.match(shown, /apiVersion"?: ?["']1\.45["']/)
      assert.doesNotMatch(shown, /Pool|Symbol|dispatcher/)
    }
    assert.match(inspect(docker), /^DockerClient \{/)
    await docker.close()
  })

  test('a daemon that accepts and stays silent is given up', async (t) => {
    const { host } = await pretend(t, () => {})
    await assert.rejects(connect({ host, connectTimeout: 300 }), code('ERR_RESPONSE_TIMEOUT'))
  })

  test('an answer that never ends is given up', async (t) => {
    const timers = new Set<NodeJS.Timeout>()
    t.after(() => timers.forEach((timer) => clearInterval(timer)))
    const { host } = await pretend(t, (_, response) => {
      response.setHeader('Api-Version', '1.45')
      timers.add(setInterval(() => response.write('x'), 50))
    })
    const began = startWatch()
    await assert.rejects(connect({ host, connectTimeout: 300 }), code('ERR_RESPONSE_TIMEOUT'))
    assert.ok(began() < 2_000)
  })

  test('what the daemon says can neither drive a terminal nor forge a line', async (t) => {
    const { host } = await pretend(t, (_, response) => {
      response.writeHead(500, { 'Api-Version': '1.45' }).end('{"message":"\\u001b[2J\\nERR_OK: all is well"}')
    })
    await assert.rejects(connect({ host }), (error: DockerApiError) => {
      assert.ok(error.got.includes('<U+001B>[2J<U+000A>ERR_OK'), error.got)
      assert.equal(error.message.split('\n').length, 2)
      return true
    })
  })

  test('tells other web servers from Docker', async (t) => {
    const { host } = await pretend(t, (_, response) => response.writeHead(404, { server: 'nginx' }).end('<html>'))
    await assert.rejects(connect({ host }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_SERVER_NOT_DOCKER')
      assert.match(error.message, /nginx/)
      return true
    })
  })
})
