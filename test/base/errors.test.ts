import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import {
  ArgumentError,
  BuildFailedError,
  ConnectionError,
  DockerApiError,
  DockerMtlsError,
  EndpointError,
  isDockerMtlsError,
  NotFoundError,
  sentencesOf,
  StreamError,
} from '../../lib/base/errors.ts'
import type * as errorsModule from '../../lib/base/errors.ts'
import { option, ours, plainTexts, renderSentence, sentence, sentencesIn } from '../../lib/base/sentence.ts'

type Errors = typeof errorsModule

/** A second copy of the classes, as another version of the package beside this one brings along. */
async function loadCopy(): Promise<Errors> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-mtls-copy-'))
  after(() => rm(folder, { recursive: true }))
  await cp(new URL('../../lib/base/', import.meta.url), folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  return (await import(pathToFileURL(join(folder, 'errors.ts')).href)) as Errors
}

const other = await loadCopy()

const failure = { tried: 'connecting', got: 'nothing listens', todo: sentence`Run  ${ours('ping')}` } as const
const http = { ...failure, status: 404, method: 'GET', path: '/containers/x/json' } as const

test('the second copy has classes of its own', () => {
  assert.notEqual(other.ConnectionError, ConnectionError)
  assert.notEqual(other.DockerMtlsError, DockerMtlsError)
})

describe('instanceof', () => {
  test('knows an error of the other copy, in both directions', () => {
    const [mine, theirs] = [ConnectionError, other.ConnectionError].map(
      (Class) => new Class('ERR_CONNECTION_REFUSED', failure),
    )
    for (const error of [mine, theirs]) {
      assert.ok(error instanceof ConnectionError)
      assert.ok(error instanceof other.ConnectionError)
      assert.ok(error instanceof DockerMtlsError)
      assert.ok(error instanceof other.DockerMtlsError)
      assert.ok(error instanceof Error)
      assert.ok(!(error instanceof EndpointError))
      assert.ok(!(error instanceof other.EndpointError))
    }
  })

  test('follows the hierarchy across copies', () => {
    const missing = new other.NotFoundError('ERR_API_NOT_FOUND', http)
    assert.ok(missing instanceof NotFoundError)
    assert.ok(missing instanceof DockerApiError)
    assert.ok(!(missing instanceof StreamError))
    const failed = new other.BuildFailedError({ ...http, step: undefined, log: '', exitCode: undefined })
    assert.ok(failed instanceof BuildFailedError)
    assert.ok(failed instanceof StreamError)
    const plain = new other.DockerApiError('ERR_API_STATUS', http)
    assert.ok(!(plain instanceof NotFoundError))
  })

  test('takes ArgumentError for a TypeError, and for no DockerMtlsError', () => {
    const mistake = new other.ArgumentError('ERR_OPTION_UNKNOWN', failure)
    assert.ok(mistake instanceof ArgumentError)
    assert.ok(mistake instanceof TypeError)
    assert.ok(!(mistake instanceof DockerMtlsError))
  })

  test('compares a class that an app derives by its prototype alone', () => {
    class Retried extends ConnectionError {}
    class Namesake extends other.ConnectionError {}
    const retried = new Retried('ERR_CONNECTION_RESET', failure)
    assert.ok(retried instanceof Retried)
    assert.ok(retried instanceof ConnectionError)
    assert.ok(retried instanceof other.ConnectionError)
    assert.ok(!(retried instanceof Namesake))
    assert.ok(!(new ConnectionError('ERR_CONNECTION_RESET', failure) instanceof Retried))
    assert.ok(!(new Namesake('ERR_CONNECTION_RESET', failure) instanceof Retried))
  })

  test('takes nothing else for an error of ours', () => {
    const lookalike = Object.assign(new Error('x'), { name: 'ConnectionError', code: 'ERR_CONNECTION_RESET' })
    for (const value of [undefined, null, 'ERR_CONNECTION_RESET', {}, new Error('x'), lookalike]) {
      assert.ok(!(value instanceof DockerMtlsError))
      assert.ok(!(value instanceof ArgumentError))
      assert.equal(isDockerMtlsError(value), false)
    }
  })
})

test('the guard agrees on both copies, and looks for codes', () => {
  for (const Class of [ConnectionError, other.ConnectionError]) {
    const error = new Class('ERR_CONNECTION_REFUSED', failure)
    for (const guard of [isDockerMtlsError, other.isDockerMtlsError]) {
      assert.ok(guard(error))
      assert.ok(guard(error, 'ERR_CONNECTION_RESET', 'ERR_CONNECTION_REFUSED'))
      assert.ok(!guard(error, 'ERR_CONNECTION_RESET'))
    }
  }
})

describe('an error', () => {
  const error = new ConnectionError('ERR_CONNECTION_REFUSED', { ...failure, cause: new Error('ECONNREFUSED') })

  test('has its name on the prototype, as built-in errors have it', () => {
    assert.equal(error.name, 'ConnectionError')
    assert.equal(Object.hasOwn(error, 'name'), false)
    assert.equal(Object.prototype.propertyIsEnumerable.call(ConnectionError.prototype, 'name'), false)
    assert.equal(new ArgumentError('ERR_USAGE', failure).name, 'ArgumentError')
    class Derived extends ConnectionError {
      static {
        Object.defineProperty(this.prototype, 'name', { value: 'Derived' })
      }
    }
    assert.equal(new Derived('ERR_CONNECTION_REFUSED', failure).name, 'Derived')
  })

  test('has code and texts as its own keys, and nothing else', () => {
    assert.deepEqual(Object.keys(error), ['code', 'tried', 'got', 'todo'])
    assert.equal(error.message, 'connecting: nothing listens.\nRun  docker-mtls ping')
    assert.equal((error.cause as Error).message, 'ECONNREFUSED')
    assert.equal('cause' in new ConnectionError('ERR_CONNECTION_REFUSED', failure), false)
    const plain: unknown = JSON.parse(JSON.stringify(error))
    const [code, tried, got, todo] = [
      'ERR_CONNECTION_REFUSED',
      'connecting',
      'nothing listens',
      'Run  docker-mtls ping',
    ]
    assert.deepEqual(plain, { code, tried, got, todo })
  })

  test('keeps its sentences as data, where neither inspect nor JSON shows them', () => {
    assert.deepEqual(sentencesOf(error).todo, failure.todo)
    assert.deepEqual(other.sentencesOf(error).todo, failure.todo)
    assert.doesNotMatch(inspect(error), /Symbol|command:/)
    assert.match(inspect(error), /^ConnectionError: connecting/)
  })

  test('without sentences, as an older copy makes it, has its texts', () => {
    const older = { tried: 'a', got: 'b', todo: 'c' }
    assert.deepEqual(sentencesOf(older), older)
  })
})

test('characters of a peer that steer a terminal are escaped in every text', () => {
  const evil = 'a\x1b[2J\u202e\n\u2028b'
  const texts = { tried: evil, got: sentence`got ${evil}`, todo: sentence`${ours(evil)} ${option(evil, evil)}` }
  for (const error of [new ConnectionError('ERR_TLS_FAILED', texts), new ArgumentError('ERR_USAGE', texts)]) {
    for (const text of [error.tried, error.got, error.todo]) {
      assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}]/u)
      assert.match(text, /<U\+001B>\[2J<U\+202E><U\+000A><U\+2028>/)
    }
    assert.equal(error.message.split('\n').length, 2)
  }
})

test('a list of texts keeps the sentences that it was rendered from', () => {
  const sentences = ['It is kept', sentence`To change it:  ${ours('cert', 'client', 'a')}`]
  const texts = plainTexts(sentences)
  assert.deepEqual(texts, ['It is kept', 'To change it:  docker-mtls cert client a'])
  assert.deepEqual(sentencesIn(texts), sentences)
  assert.doesNotMatch(inspect(texts) + JSON.stringify(texts), /Symbol|"command"/)
  assert.deepEqual(sentencesIn(['plain']), ['plain'])
})

test('a sentence is rendered by the style of whoever shows it', () => {
  const text = sentence`Set ${option('certPath')} or ${option('proxy', "'x'")}, then run  ${ours('cert', 'client', "it's")}`
  assert.equal(renderSentence(text), `Set certPath or proxy: 'x', then run  docker-mtls cert client 'it'\\''s'`)
  const style = {
    command: (words: readonly string[]) => `<${words.join('|')}>`,
    option: ({ option: name }: { option: string }) => `--${name}`,
  }
  assert.equal(renderSentence(text, style), "Set --certPath or --proxy, then run  <docker-mtls|cert|client|it's>")
})
