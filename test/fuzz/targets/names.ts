import { hasDotSegment } from '../../../lib/base/dot-segments.ts'
import { parseContextName } from '../../../lib/contexts/name.ts'
import { formatEndpoint } from '../../../lib/endpoint/endpoint.ts'
import { parseHost } from '../../../lib/endpoint/host.ts'
import { parseProxy } from '../../../lib/endpoint/proxy.ts'
import { parseListener } from '../../../lib/daemon-config/listen.ts'
import { checkPath, expandPath } from '../../../lib/engine/path.ts'
import { partsOf } from '../../../lib/engine/workflows/copy/safe-name.ts'
import { parseClientName, suggestClientName } from '../../../lib/pki/client-name.ts'
import { parseServerName } from '../../../lib/pki/server-name.ts'
import { formatReference, parseReference } from '../../../lib/registry/reference.ts'
import { serverOfRegistry } from '../../../lib/registry/server.ts'
import { demand, REFUSED, type Target } from '../target.ts'

/** A host reads the same when it is written again. */
function readHost(bytes: Buffer): void {
  const shown = formatEndpoint(parseHost(bytes.toString('utf8')))
  demand(formatEndpoint(parseHost(shown)) === shown, `${shown} reads differently when written again`)
}

/** Not by our own rule: what a proxy would make of the path. */
function escapes(path: string): boolean {
  let decoded = path
  for (let round = 0; round < 4; round++) {
    const { pathname } = new URL(`http://h/prefix${decoded.startsWith('/') ? '' : '/'}${decoded.replaceAll('#', '')}`)
    if (!pathname.startsWith('/prefix/') && pathname !== '/prefix') return true
    decoded = decoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  }
  return false
}

function readPath(bytes: Buffer): void {
  const text = bytes.toString('utf8')
  const checked = checkPath(text)
  demand(!escapes(checked), `${checked} leaves the prefix`)
}

/** A value in a path stays one segment. */
function readId(bytes: Buffer): void {
  const path = expandPath('/containers/{id}/json', [bytes.toString('utf8')])
  demand(path.split('/').length === 4 && !/[?#\s]/.test(path), `the path is ${path}`)
  demand(!escapes(path), `${path} leaves the prefix`)
}

function readReference(bytes: Buffer): void {
  const shown = formatReference(parseReference(bytes.toString('utf8')))
  demand(formatReference(parseReference(shown)) === shown, `${shown} reads differently when written again`)
}

function readNames(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  const suggested = suggestClientName(text)
  if (suggested !== undefined) demand(parseClientName(suggested) === suggested, `${suggested} is no client name`)
  const readers = [parseClientName, parseContextName, parseServerName, parseListener, serverOfRegistry, parseProxy]
  const index = bytes.length % readers.length
  return readers[index]?.(text)
}

const HOSTS = [
  'tcp://docker.example:2376',
  'tcp://[2001:db8::7]:2376',
  'https://proxy.example/docker/build01',
  'ssh://root@build01:22',
  'ssh://build01/run/user/1000/docker.sock',
  'unix:///var/run/docker.sock',
  'npipe:////./pipe/docker_engine',
  '192.0.2.7:2376',
  'fd://',
]
const REFERENCES = ['alpine', 'ghcr.io/a/b:1.2', 'localhost:5000/x/y@sha256:' + 'a'.repeat(64), 'docker.io/library/a:b']
const PATHS = ['/containers/json', '/v1.45/info', '/images/a%2fb/json?x=1', '/a/..%2fb', '/a/%252e%252e/b']
const NAMES = [
  'alice',
  'alice@example.com',
  'docker.example',
  '*.example.com',
  '192.0.2.7',
  'tcp://0.0.0.0:2376',
  'ghcr.io',
]
const WORDS = [
  '://',
  ':',
  '/',
  '@',
  '[',
  ']',
  '%2e',
  '%2f',
  '%5c',
  '\\',
  '..',
  '::',
  'xn--',
  'ﬀ',
  '①',
  ';',
  '?',
  '#',
  '*',
]

export const targets: readonly Target[] = [
  { name: 'host', seeds: () => HOSTS, read: readHost, words: WORDS, accepts: 0.02 },
  { name: 'path', seeds: () => PATHS, read: readPath, words: WORDS, accepts: 0.05 },
  {
    name: 'path-value',
    seeds: () => ['web', 'a/b', 'ä ?#'],
    read: readId,
    words: WORDS,
    longest: 100_000,
    accepts: 0.05,
  },
  {
    name: 'dot-segments',
    seeds: () => PATHS,
    read: (bytes) => (hasDotSegment(bytes.toString()) ? REFUSED : 0),
    words: WORDS,
  },
  { name: 'image-reference', seeds: () => REFERENCES, read: readReference, words: WORDS, accepts: 0.02 },
  { name: 'names', seeds: () => [...NAMES, ...HOSTS], read: readNames, words: WORDS, accepts: 0.02 },
  {
    name: 'entry-name',
    seeds: () => ['web/a', './web//b/'],
    read: (bytes) => checkParts(bytes.toString('utf8')),
    words: WORDS,
  },
]

function checkParts(name: string): void {
  const bad = partsOf(name).find((part) => part === '' || part === '.' || part === '..' || /[/\0]/.test(part))
  demand(bad === undefined, `a part is ${bad}`)
}
