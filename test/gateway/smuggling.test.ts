import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { dial, fakeDaemon, front, readUntil } from './support/fixture.ts'

/** What a smuggler wants the daemon to get. */
const HIDDEN = 'POST /containers/evil/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'

const CHUNKED_HIDDEN = `0\r\n\r\n${HIDDEN}`

/** Requests that two readers could read differently, as the bytes of one connection. Each must be refused. */
const REFUSED: Readonly<Record<string, string>> = {
  'Transfer-Encoding together with Content-Length': `POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: ${CHUNKED_HIDDEN.length}\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'Content-Length together with Transfer-Encoding': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${CHUNKED_HIDDEN}`,
  'two Content-Lengths': `POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  'two equal Content-Lengths': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab',
  'a list of lengths': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\nab',
  'a length with a sign': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab',
  'a hexadecimal length': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\nab',
  'a negative length': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\nab',
  'a length that overflows': 'POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551618\r\n\r\nab',
  'Transfer-Encoding: identity': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n${HIDDEN}`,
  'Transfer-Encoding: xchunked': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'Transfer-Encoding: gzip, chunked': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'Transfer-Encoding: chunked, identity': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n${CHUNKED_HIDDEN}`,
  'Transfer-Encoding twice': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${CHUNKED_HIDDEN}`,
  'a space before the colon': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'a tab before the name': `POST /build HTTP/1.1\r\nHost: x\r\n\tTransfer-Encoding: chunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'a folded line': `POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${CHUNKED_HIDDEN}`,
  'a folded line of another field': 'GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\n b\r\n\r\n',
  'a bare LF after a field': `POST /build HTTP/1.1\r\nHost: x\nContent-Length: 0\r\n\r\n${HIDDEN}`,
  'a bare LF after the request line': 'GET /_ping HTTP/1.1\nHost: x\r\n\r\n',
  'a bare LF at the end of the head': `GET /_ping HTTP/1.1\r\nHost: x\r\n\n${HIDDEN}`,
  'a bare CR in a field': `GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\rTransfer-Encoding: chunked\r\n\r\n`,
  'a NUL in a field': 'GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\0b\r\n\r\n',
  'a chunk size with a sign':
    'POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n',
  'a chunk size with 0x': 'POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n',
  'a chunk size that overflows':
    'POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n',
  'a chunk that ends with LF': 'POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n',
  'two Hosts': 'GET /_ping HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'no Host': 'GET /_ping HTTP/1.1\r\n\r\n',
  'two Content-Types':
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  'two X-Registry-Auths':
    'POST /images/create HTTP/1.1\r\nHost: x\r\nX-Registry-Auth: a\r\nX-Registry-Auth: b\r\nContent-Length: 0\r\n\r\n',
  'an absolute target': 'GET http://other/_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'an asterisk': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  CONNECT: 'CONNECT docker:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  TRACE: 'TRACE /_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'an unknown method': 'PURGE /_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'a method of WebDAV': 'PROPFIND /_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'two slashes at the beginning': 'GET //_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'dot segments': 'GET /containers/../_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'encoded dot segments': 'GET /containers/%2e%2e/_ping HTTP/1.1\r\nHost: x\r\n\r\n',
  'a fragment': 'GET /_ping#/x HTTP/1.1\r\nHost: x\r\n\r\n',
  'a byte that is not ASCII': 'GET /_p\xefng HTTP/1.1\r\nHost: x\r\n\r\n',
  'HTTP/1.0': 'GET /_ping HTTP/1.0\r\nHost: x\r\n\r\n',
  'HTTP/0.9': 'GET /_ping\r\n\r\n',
  'HTTP/2.0 as a version': 'GET /_ping HTTP/2.0\r\nHost: x\r\n\r\n',
  "HTTP/2's preface": 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'h2c with settings': `GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
  'h2c elsewhere than /session and /grpc': `POST /containers/create HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n${HIDDEN}`,
  'a web socket elsewhere': 'GET /events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'an unknown upgrade':
    'POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tls/1.2\r\n\r\n',
  'two upgrades': 'POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp, h2c\r\n\r\n',
  'Upgrade without Connection':
    'POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n',
  'Expect: 200-ok': 'POST /build HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nab',
  'a form': `POST /containers/create?name=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nname=b`,
  'a GET with a body': `GET /_ping HTTP/1.1\r\nHost: x\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
}

describe('a request that two readers could read differently', () => {
  for (const [name, bytes] of Object.entries(REFUSED)) {
    test(`${name} is refused, and the daemon gets nothing hidden`, async (t) => {
      const daemon = await fakeDaemon(t)
      const fronted = await front(t, { socketPath: daemon.socketPath })
      const socket = await dial(t, fronted.port)
      socket.write(bytes, 'latin1')
      const answer = await readUntil(socket, /\}\n$/)
      const [head = ''] = answer.split('\r\n')
      assert.match(head, /^HTTP\/1\.1 4\d\d /, answer)
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer)
      await delay(5)
      assert.doesNotMatch(daemon.received(), /evil/)
      assert.deepEqual(
        daemon.requests.filter((request) => !request.startsWith('POST /build')),
        [],
      )
    })
  }
})
