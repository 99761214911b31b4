/** What a smuggler wants a daemon to get, and with which request. */
export interface Smuggler {
  /** The bytes of a whole request. */
  readonly hidden: string
  /** Method and target of the request that hides it in its body. */
  readonly streamed?: string
}

/** Requests that two readers could read differently, as the bytes of one connection, by their names. A gateway refuses each. */
export function smuggled({ hidden, streamed = 'POST /build' }: Smuggler): Readonly<Record<string, string>> {
  const chunked = `0\r\n\r\n${hidden}`
  return {
    'Transfer-Encoding together with Content-Length': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'Content-Length together with Transfer-Encoding': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
    'two Content-Lengths': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    'two equal Content-Lengths': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab`,
    'a list of lengths': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\nab`,
    'a length with a sign': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab`,
    'a hexadecimal length': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\nab`,
    'a negative length': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\nab`,
    'a length that overflows': `${streamed} HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551618\r\n\r\nab`,
    'Transfer-Encoding: identity': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n${hidden}`,
    'Transfer-Encoding: xchunked': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${chunked}`,
    'Transfer-Encoding: gzip, chunked': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked}`,
    'Transfer-Encoding: chunked, identity': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
    'Transfer-Encoding twice': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunked}`,
    'a space before the colon': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n${chunked}`,
    'a tab before the name': `${streamed} HTTP/1.1\r\nHost: x\r\n\tTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'a folded line': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}`,
    'a folded line of another field': 'GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\n b\r\n\r\n',
    'a bare LF after a field': `${streamed} HTTP/1.1\r\nHost: x\nContent-Length: 0\r\n\r\n${hidden}`,
    'a bare LF after the request line': 'GET /_ping HTTP/1.1\nHost: x\r\n\r\n',
    'a bare LF at the end of the head': `GET /_ping HTTP/1.1\r\nHost: x\r\n\n${hidden}`,
    'a bare CR in a field': `GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\rTransfer-Encoding: chunked\r\n\r\n`,
    'a NUL in a field': 'GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: a\0b\r\n\r\n',
    'a chunk size with a sign': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n`,
    'a chunk size with 0x': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`,
    'a chunk size that overflows': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n`,
    'a chunk that ends with LF': `${streamed} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`,
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
    'h2c elsewhere than /session and /grpc': `POST /containers/create HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n${hidden}`,
    'a web socket elsewhere': 'GET /events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'an unknown upgrade':
      'POST /containers/nobody/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tls/1.2\r\n\r\n',
    'two upgrades':
      'POST /containers/nobody/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp, h2c\r\n\r\n',
    'Upgrade without Connection':
      'POST /containers/nobody/attach HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n',
    'Expect: 200-ok': `${streamed} HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nab`,
    'a form': `POST /containers/create?name=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nname=b`,
    'a GET with a body': `GET /_ping HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
  }
}
