import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { DockerClient } from '../../lib/index.ts'
import { frame, pretend } from '../support/pretend.ts'

const HEADERS = { 'Content-Type': 'application/vnd.docker.multiplexed-stream' }

async function logging(t: TestContext, ...frames: Buffer[]): Promise<{ docker: DockerClient; asked: string[] }> {
  return pretend(t, { answer: (_, response) => response.writeHead(200, HEADERS).end(Buffer.concat(frames)) })
}

test('lines() is the text of the lines of both streams, in order, open or not', async (t) => {
  const { docker } = await logging(t, frame(1, 'one\r\ntwo\n'), frame(2, 'three\n'), frame(1, 'four'))
  const { containers, services, tasks } = docker
  const openings = [containers.logs('x'), services.logs('x'), tasks.logs('x'), await containers.logs('x')]
  for (const logs of openings) {
    const lines: string[] = []
    for await (const line of logs.lines()) lines.push(line)
    assert.deepEqual(lines, ['one', 'two', 'three', 'four'])
  }
  const pieces: string[] = []
  for await (const line of docker.containers.logs('x').lines({ maxLength: 3 })) pieces.push(line)
  assert.deepEqual(pieces, ['one', 'two', 'thr', 'ee', 'fou', 'r'])
})

test('linesWithStream() has the stream of each line, open or not', async (t) => {
  const { docker } = await logging(t, frame(1, 'one\n'), frame(2, 'three\n'))
  for (const logs of [docker.containers.logs('x'), await docker.containers.logs('x')]) {
    const lines: object[] = []
    for await (const line of logs.linesWithStream({ maxLength: 3 })) lines.push(line)
    assert.deepEqual(lines, [
      { stream: 'stdout', line: 'one' },
      { stream: 'stderr', line: 'thr', partial: true },
      { stream: 'stderr', line: 'ee' },
    ])
  }
})

test('text() is all of it, and copyTo() writes each stream to its target', async (t) => {
  const { docker } = await logging(t, frame(1, 'one\n'), frame(2, 'two\n'))
  assert.equal(await docker.containers.logs('x').text(), 'one\ntwo\n')
  const [out, err] = [new PassThrough(), new PassThrough()]
  await docker.containers.logs('x').copyTo(out, err)
  assert.deepEqual([String(out.read()), String(err.read())], ['one\n', 'two\n'])
})

test('text() is limited by maxAnswerBytes', async (t) => {
  const { docker } = await logging(t, frame(1, 'x'.repeat(2000)))
  Object.defineProperty(docker.dispatcher, 'maxAnswerBytes', { value: 1000 })
  await assert.rejects(docker.containers.logs('x').text(), { code: 'ERR_ANSWER_TOO_LARGE' })
  assert.equal((await (await docker.containers.logs('x')).text()).length, 2000)
})

test('a mistake is refused before anything is sent, and an error of the opening rejects', async (t) => {
  const { docker, asked } = await pretend(t, {})
  const logs = docker.containers.logs('x')
  assert.throws(() => logs.lines({ maxLength: 1 }), { code: 'ERR_ARGUMENT_INVALID' })
  assert.throws(() => logs.linesWithStream({ maxLength: 1 }), { code: 'ERR_ARGUMENT_INVALID' })
  await assert.rejects(logs.copyTo({} as never), { code: 'ERR_ARGUMENT_INVALID' })
  assert.deepEqual(asked, [])
  await assert.rejects(logs.text(), { status: 404 })
  await assert.rejects(logs.copyTo(new PassThrough()), { status: 404 })
  await assert.rejects(Promise.resolve(logs.lines().next()), { status: 404 })
})

test('it is read once', async (t) => {
  const { docker } = await logging(t, frame(1, 'one\n'))
  const logs = docker.containers.logs('x')
  assert.equal(await logs.text(), 'one\n')
  for (const again of [logs.text(), logs.copyTo(new PassThrough()), logs.lines().next()])
    await assert.rejects(again, { code: 'ERR_ARGUMENT_INVALID', message: /already been read/ })
})

test('what nobody awaits sends nothing, and is a Promise all the same', async (t) => {
  const { docker, asked } = await logging(t)
  const calls = [docker.images.pull('x'), docker.containers.logs('x'), docker.system.events()]
  await delay(20)
  assert.deepEqual(asked, [])
  for (const call of calls) assert.ok(call instanceof Promise)
})
