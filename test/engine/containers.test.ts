import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { DockerApiError, NotFoundError, StreamError, type DockerClient } from '../../lib/index.ts'
import { frame, framed, pretend, UPGRADED, type Answer, type Upgrade } from '../support/pretend.ts'
import { temporaryFolder } from '../support/temporary.ts'

const code = (wanted: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, wanted, String(error))
  return true
}

describe('how a stream of output is read', () => {
  const inspect = JSON.stringify({ Config: { Tty: true } })
  const rows: [version: string, contentType: string | undefined, tty: boolean, asks: boolean][] = [
    ['1.45', 'application/vnd.docker.multiplexed-stream', false, false],
    ['1.45', 'application/vnd.docker.raw-stream', true, false],
    ['1.45', undefined, true, true],
    ['1.41', 'application/vnd.docker.raw-stream', true, true],
    ['1.40', undefined, true, true],
    ['1.55', 'application/vnd.docker.multiplexed-stream', false, false],
  ]
  for (const [version, contentType, tty, asks] of rows) {
    test(`API ${version} with ${contentType ?? 'no content type'}`, async (t) => {
      const answer: Answer = (request, response) => {
        if (request.url?.endsWith('/json')) return void response.end(inspect)
        if (contentType !== undefined) response.setHeader('Content-Type', contentType)
        response.end(tty ? 'raw' : frame(1, 'framed'))
      }
      const { docker, asked } = await pretend(t, { version, answer })
      const stream = await docker.containers.logs('x')
      assert.equal(stream.tty, tty)
      assert.equal(await stream.text(), tty ? 'raw' : 'framed')
      const wanted = ['GET /containers/x/logs?stdout=true&stderr=true', ...(asks ? ['GET /containers/x/json'] : [])]
      assert.deepEqual(asked, wanted)
    })
  }

  test('an option that is undefined has its default', async (t) => {
    const { docker, asked } = await pretend(t, { upgrade: framed(), answer: (_, response) => response.end() })
    const options = { stdout: undefined, stderr: undefined, stream: undefined } as object
    await (await docker.containers.attach('x', options)).collect()
    assert.deepEqual(asked, ['POST /containers/x/attach?stream=true&stdout=true&stderr=true'])
  })

  test('where the question fails, the stream is closed', async (t) => {
    let closed = false
    const answer: Answer = (request, response) => {
      if (request.url?.endsWith('/json')) return void response.writeHead(500).end('{"message":"no"}')
      response.write('x')
      response.on('close', () => (closed = true))
    }
    const { docker } = await pretend(t, { version: '1.41', answer })
    await assert.rejects(Promise.resolve(docker.containers.logs('x')), code('ERR_API_SERVER_ERROR'))
    await delay(50)
    assert.equal(closed, true)
  })
})

describe('a stream that breaks', () => {
  const multiplexed = { 'Content-Type': 'application/vnd.docker.multiplexed-stream' }
  const rows: [string, (response: ServerResponse) => void, string][] = [
    ['inside a frame', (response) => response.end(frame(1, 'half', 10)), 'ERR_API_STREAM_TRUNCATED'],
    ["inside a frame's head", (response) => response.end(frame(1, '').subarray(0, 5)), 'ERR_API_STREAM_TRUNCATED'],
    ['with what is no frame', (response) => response.end('Internal Server Error'), 'ERR_API_STREAM_INVALID'],
    ["with the daemon's failure", (response) => response.end(frame(3, 'log driver failed')), 'ERR_API_STREAM_FAILED'],
    [
      'with the connection',
      (response) => response.write(frame(1, 'x'), () => response.destroy()),
      'ERR_CONNECTION_CLOSED',
    ],
  ]
  for (const [name, respond, wanted] of rows) {
    test(name, async (t) => {
      const { docker } = await pretend(t, { answer: (_, response) => respond(response.writeHead(200, multiplexed)) })
      await assert.rejects((await docker.containers.logs('x')).collect(), code(wanted))
    })
  }

  test('statistics that are no JSON, or half of it', async (t) => {
    const { docker } = await pretend(t, {
      answer: (request, response) => {
        response.end(request.url?.includes('half') === true ? '{"read":' : '{"read":"x"}\n<html>\n')
      },
    })
    const read = async (id: string): Promise<void> => {
      for await (const _ of docker.containers.stats(id));
    }
    await assert.rejects(read('x'), code('ERR_API_STREAM_INVALID'))
    await assert.rejects(read('half'), code('ERR_API_STREAM_TRUNCATED'))
  })

  test("an archive's head that doesn't say what the path is", async (t) => {
    const { docker } = await pretend(t, {
      answer: (_, response) => {
        response.setHeader('X-Docker-Container-Path-Stat', 'no base64 of JSON').end('tar')
      },
    })
    await assert.rejects(docker.containers.archive.stat('x', '/'), code('ERR_API_RESPONSE_INVALID'))
    await assert.rejects(docker.containers.archive.get('x', '/'), code('ERR_API_RESPONSE_INVALID'))
  })

  test('a tar that the daemon could not finish is no success', async (t) => {
    const stat = Buffer.from('{"name":"a","mode":0,"linkTarget":""}').toString('base64')
    const whole = pack()
    whole.entry({ name: 'a' }, Buffer.alloc(4_000))
    whole.finalize()
    const begun = (await buffer(whole)).subarray(0, 2_000)
    const { docker } = await pretend(t, {
      answer: (_, response) => {
        response.setHeader('X-Docker-Container-Path-Stat', stat).write(begun)
        setImmediate(() => response.end('{"message":"input/output error"}\n'))
      },
    })
    const { tar } = await docker.containers.archive.get('x', '/a')
    for (const stream of [tar, await docker.containers.export('x')]) {
      await assert.rejects(buffer(stream), (error: unknown) => {
        assert.ok(error instanceof StreamError, String(error))
        assert.equal(error.daemonMessage, 'input/output error')
        return true
      })
    }
    const target = await temporaryFolder(t)
    await assert.rejects(docker.containers.copyFrom('x', '/a', target), code('ERR_API_STREAM_FAILED'))
  })
})

describe('a connection that is taken over', () => {
  test('keeps what came with its head, and splits it', async (t) => {
    const { docker, asked } = await pretend(t, { upgrade: framed(frame(1, 'first'), frame(2, 'second')) })
    const { stdout, stderr } = await (await docker.containers.attach('x')).collect()
    assert.deepEqual([stdout.toString(), stderr.toString()], ['first', 'second'])
    assert.deepEqual(asked, ['POST /containers/x/attach?stream=true&stdout=true&stderr=true'])
  })

  test('sends the options in the query, and nothing of them into the input', async (t) => {
    const received: Buffer[] = []
    const upgrade: Upgrade = (_, socket) => {
      socket.write(`${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`)
      socket.on('data', (chunk: Buffer) => received.push(chunk))
      socket.on('end', () => socket.end(frame(1, 'bye')))
    }
    const { docker, asked } = await pretend(t, { upgrade })
    const stream = await docker.containers.attach('x', { stdin: true, detachKeys: 'ctrl-x', logs: true, stderr: false })
    stream.stdin.end('typed')
    assert.equal(await stream.text(), 'bye')
    assert.equal(Buffer.concat(received).toString(), 'typed')
    const query = new URLSearchParams(asked[0]?.split('?')[1])
    assert.deepEqual(Object.fromEntries(query), {
      stream: 'true',
      stdout: 'true',
      stderr: 'false',
      stdin: 'true',
      detachKeys: 'ctrl-x',
      logs: 'true',
    })
  })

  test('asks for the terminal where an old API does not tell', async (t) => {
    const { docker, asked } = await pretend(t, {
      version: '1.40',
      upgrade: (_, socket) => socket.end(`${UPGRADED}\r\nraw`),
      answer: (_, response) => response.end('{"Config":{"Tty":true}}'),
    })
    assert.equal(await (await docker.containers.attach('x')).text(), 'raw')
    assert.equal(asked[1], 'GET /containers/x/json')
  })

  test('is refused in plain text with the content type of a stream', async (t) => {
    const head = 'HTTP/1.1 404 Not Found\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'
    const { docker } = await pretend(t, { upgrade: (_, socket) => socket.end(`${head}No such container: x\r\n`) })
    await assert.rejects(docker.containers.attach('x'), (error: unknown) => {
      assert.ok(error instanceof NotFoundError, String(error))
      assert.equal(error.daemonMessage, 'No such container: x')
      return true
    })
  })

  test('breaks, and whoever reads hears of it', async (t) => {
    const { docker } = await pretend(t, { upgrade: framed(frame(1, 'half', 100)) })
    const stream = await docker.exec.start('x')
    await assert.rejects(stream.collect(), code('ERR_API_STREAM_TRUNCATED'))
  })

  test('an exec that never started is an error even where the daemon has forgotten it', async (t) => {
    const words = 'OCI runtime exec failed: exec failed: no such file or directory: unknown\r\n'
    const { docker, asked } = await pretend(t, { upgrade: framed(frame(1, words)) })
    await assert.rejects((await docker.exec.start('x')).collect(), (error: unknown) => {
      assert.ok(error instanceof StreamError, String(error))
      assert.equal(error.code, 'ERR_API_EXEC_FAILED')
      return true
    })
    assert.deepEqual(asked, ['POST /exec/x/start', 'GET /exec/x/json'])
  })
})

describe('an exec that is started twice', () => {
  for (const says of ['Error: Exec command ID has already run', 'exec command ID has already run'])
    test(`says "${says}"`, async (t) => {
      const words = says.replace('ID', '0'.repeat(64))
      const { docker } = await pretend(t, { upgrade: framed(frame(1, `${words}\r\n`)) })
      await assert.rejects((await docker.exec.start('x')).collect(), (error: unknown) => {
        assert.ok(error instanceof StreamError, String(error))
        assert.deepEqual([error.code, error.daemonMessage], ['ERR_API_EXEC_FAILED', words])
        assert.match(error.todo, /docker\.exec\.create/)
        return true
      })
    })
})

describe('a web socket', () => {
  test('that is answered by something else', async (t) => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: no\r\n\r\n',
      'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    ]
    for (const text of answers) {
      const { docker } = await pretend(t, { upgrade: (_, socket) => socket.end(text) })
      await assert.rejects(docker.containers.attachWebSocket('x'), (error: unknown) => {
        const { code: found } = error as { code: string }
        assert.ok(['ERR_SERVER_NOT_DOCKER', 'ERR_CONNECTION_CLOSED'].includes(found), String(error))
        return true
      })
    }
  })

  test('that ends without a closing handshake has not ended well', async (t) => {
    const { docker } = await pretend(t, {
      upgrade: (request, socket) => {
        const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        const accept = createHash('sha1').update(key).digest('base64')
        const head = 'HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket'
        socket.write(`${head}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
        socket.end(Buffer.from([0x82, 2, 0x68, 0x69]))
      },
    })
    const stream = await docker.containers.attachWebSocket('x')
    let said = ''
    const reading = async (): Promise<void> => {
      for await (const { data } of stream) said += data.toString()
    }
    await assert.rejects(reading(), code('ERR_CONNECTION_CLOSED'))
    assert.equal(said, 'hi')
  })

  test('whose message would fill the memory is ended', { timeout: 20_000 }, async (t) => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
    const begin = Buffer.from([0xc2, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    begin.writeUInt32BE(bomb.length, 6)
    const { docker } = await pretend(t, {
      upgrade: (request, socket) => {
        const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        const accept = createHash('sha1').update(key).digest('base64')
        const head = 'HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket'
        socket.write(
          `${head}\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        )
        socket.write(Buffer.concat([begin, bomb]))
        // Ends what went well, too.
        setTimeout(() => socket.end(Buffer.from([0x88, 2, 3, 0xe8])), 500)
      },
    })
    const stream = await docker.containers.attachWebSocket('x')
    let size = 0
    const reading = async (): Promise<void> => {
      for await (const { data } of stream) size += data.length
    }
    await assert.rejects(reading(), code('ERR_CONNECTION_CLOSED'))
    assert.equal(size, 0)
  })
})

test('an old daemon takes all that it knows, and null for what it does not', async (t) => {
  const bodies: string[] = []
  const answer: Answer = (request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => response.writeHead(201).end('{"Id":"x","Warnings":null}'))
  }
  const { docker } = await pretend(t, { version: '1.40', answer })
  const config = {
    Image: 'a',
    HostConfig: { Mounts: [{ Type: 'bind' as const, BindOptions: { NonRecursive: true } }], Annotations: null },
  }
  assert.equal((await docker.containers.create(config)).Id, 'x')
  assert.deepEqual(JSON.parse(bodies.join('')), config)
})

describe('answers that are missing', () => {
  test('a list of changes that is null is empty', async (t) => {
    const { docker } = await pretend(t, { answer: (_, response) => response.end('null') })
    assert.deepEqual(await docker.containers.changes('x'), [])
    assert.deepEqual(await docker.checkpoints.list('x'), [])
  })

  test('a status that nobody knows is an error with its status', async (t) => {
    const { docker } = await pretend(t, {
      answer: (_, response) => response.writeHead(501).end('{"message":"not here"}'),
    })
    await assert.rejects(docker.checkpoints.create('x', { CheckpointID: 'y' }), (error: unknown) => {
      assert.ok(error instanceof DockerApiError, String(error))
      assert.deepEqual([error.status, error.daemonMessage], [501, 'not here'])
      return true
    })
  })
})

describe('likely mistakes', () => {
  const rows: [what: string, call: (docker: DockerClient) => Promise<unknown>, todo: RegExp][] = [
    [
      'a path in one word with its container, to',
      (d) => d.containers.copyTo('web:/tmp', 'a', undefined as never),
      /two arguments/,
    ],
    ['the same from there', (d) => d.containers.copyFrom('web:/tmp', 'a', undefined as never), /two arguments/],
    [
      'the name among the settings, where dockerode has it',
      (d) => d.containers.create({ Image: 'a', name: 'web' } as object),
      /last argument: \{ name \}/,
    ],
    [
      'a way to pull that there is not',
      (d) => d.run('a', [], { pull: 'ifNotPresent' as never }),
      /Pass 'always', 'missing' or 'never'/,
    ],
    [
      'devices to be left out, in other words',
      (d) => d.containers.copyFrom('web', '/dev', '/tmp', { special: 'ignore' as never }),
      /refuse devices and named pipes/,
    ],
    ['a Unix signal as signal', (d) => d.containers.stop('web', { signal: 'SIGKILL' as never }), /killSignal/],
    ['a promise instead of an id', (d) => d.containers.start(Promise.resolve('x') as never), /Await the promise/],
    ['what a promise has not', (d) => d.containers.start(undefined as never), /awaited\?/],
    ['the name that a list gives', (d) => d.containers.inspect('/web'), /Remove the slash: {2}web$/],
  ]
  for (const [what, call, todo] of rows) {
    test(what, async (t) => {
      const { docker, asked } = await pretend(t, {})
      await assert.rejects(call(docker), (error: Error & { todo?: string }) => {
        assert.ok(error instanceof TypeError, String(error))
        assert.match(error.todo ?? '', todo)
        return true
      })
      assert.deepEqual(asked, [])
    })
  }
})
