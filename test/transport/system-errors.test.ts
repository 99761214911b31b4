import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { getSystemErrorMap } from 'node:util'
import { fileReason } from '../../lib/base/files.ts'
import { systemReason } from '../../lib/base/system-error.ts'
import { sentencesOf, ConnectionError } from '../../lib/base/errors.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { explainFault } from '../../lib/transport/faults.ts'

/** As Node creates it, with its own message. */
function systemError(errno: number, code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.5:2376 - Local (0.0.0.0:0)`), {
    errno,
    code,
    syscall: 'connect',
  })
}

const blocked = (kind: 'tls' | 'unix'): unknown =>
  explainFault(systemError(-13, 'EACCES'), { target: 't', kind, host: 'h' })

async function reason(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => assert.fail('it worked'),
    (error: unknown) => fileReason(error),
  )
}

describe('a failed system call', () => {
  for (const kind of ['tls', 'unix', 'ssh'] as const) {
    test(`is told in words, whichever it is: ${kind}`, () => {
      for (const [errno, [code]] of getSystemErrorMap()) {
        const error = explainFault(systemError(errno, code), { target: 'tcp://h:2376', kind, host: 'h' })
        assert.ok(error instanceof ConnectionError)
        const got = renderSentence(sentencesOf(error).got)
        assert.match(got, /[a-z]{3,} \(?[A-Za-z]/, code)
        assert.doesNotMatch(got, /^[A-Z]{4}|^connect |10\.0\.0\.5/, code)
      }
    })
  }

  test('over TCP, a refused permission is about a firewall, not about a socket', () => {
    assert.equal((blocked('tls') as ConnectionError).code, 'ERR_CONNECTION_FAILED')
    assert.match((blocked('tls') as ConnectionError).todo, /firewall/)
    assert.equal((blocked('unix') as ConnectionError).code, 'ERR_SOCKET_PERMISSION')
  })

  test('of a file is told without its code and its paths', async () => {
    assert.equal(await reason(readFile('/nonexistent/x')), 'no such file or directory')
    assert.equal(await reason(readdir('/etc/hostname')), 'not a directory')
    assert.equal(await reason(readFile('/etc')), 'it is a folder, not a file')
    assert.equal(fileReason(new Error('something else: x')), 'something else: x')
  })

  test('of a real socket, too', async () => {
    const socket = connect({ path: '/nonexistent/docker.sock' })
    const error = await new Promise((resolve) => socket.once('error', resolve))
    assert.equal(systemReason(error), 'no such file or directory')
  })
})
