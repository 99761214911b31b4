import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { formatEndpoint, type Endpoint } from '../../lib/endpoint/endpoint.ts'
import { parseHost } from '../../lib/endpoint/host.ts'
import { isDockerMtlsError, type AnyDockerMtlsError } from '../../lib/base/errors.ts'
import { type Arbitrary, assertProperty, fc } from '../support/properties.ts'

function tls(host: string, port = 2376, prefix = ''): Endpoint {
  return { kind: 'tls', host, port, prefix }
}

function refusal(text: string, tlsOnPort2375 = false): AnyDockerMtlsError {
  try {
    const endpoint = parseHost(text, { tlsOnPort2375, source: 'DOCKER_HOST' })
    return assert.fail(`${inspect(text)} was taken for ${formatEndpoint(endpoint)}`)
  } catch (error) {
    if (isDockerMtlsError(error)) return error
    throw error
  }
}

const TAKEN: [string, Endpoint][] = [
  ['tcp://h:2376', tls('h')],
  ['tcp://h', tls('h')],
  ['tcp://h:', tls('h')],
  ['tcp://h/', tls('h')],
  ['tcp://h:2376/', tls('h')],
  ['h', tls('h')],
  ['h:2376', tls('h')],
  ['h:', tls('h')],
  ['h:65535', tls('h', 65_535)],
  ['h:1', tls('h', 1)],
  ['10.0.0.5', tls('10.0.0.5')],
  ['10.0.0.5:2376', tls('10.0.0.5')],
  ['255.255.255.255', tls('255.255.255.255')],
  ['my_host-1.example.com', tls('my_host-1.example.com')],
  ['1password.example.com', tls('1password.example.com')],
  ['example.com.', tls('example.com.')],
  ['xn--bcher-kva.example', tls('xn--bcher-kva.example')],
  ['tcp://BUILD01.Example.COM', tls('build01.example.com')],
  ['TCP://h', tls('h')],
  ['Https://h', tls('h', 443)],
  [' \t\r\ntcp://h:2376 \r\n', tls('h')],
  ['[::1]', tls('::1')],
  ['[::1]:2376', tls('::1')],
  ['[::1]:', tls('::1')],
  ['tcp://[::1]', tls('::1')],
  ['tcp://[::1]:2377', tls('::1', 2377)],
  ['::1', tls('::1')],
  ['2001:DB8:0:0::5', tls('2001:db8::5')],
  ['tcp://[64:ff9b::10.0.0.5]', tls('64:ff9b::a00:5')],
  ['tcp://[fe80::1%25eth0]:2376', tls('fe80::1%eth0')],
  ['tcp://[fe80::1%25br-1.2_~]', tls('fe80::1%br-1.2_~')],
  ['https://h', tls('h', 443)],
  ['https://h:', tls('h', 443)],
  ['https://h:8443', tls('h', 8443)],
  ['https://h/docker', tls('h', 443, '/docker')],
  ['tcp://h/docker', tls('h', 2376, '/docker')],
  ['tcp://h:2376/a/b', tls('h', 2376, '/a/b')],
  ['tcp://h:2376/a/b/', tls('h', 2376, '/a/b')],
  ['tcp://h:2376/a%20b/c:d;e=f', tls('h', 2376, '/a%20b/c:d;e=f')],
  ['h:2376/p', tls('h', 2376, '/p')],
  ['unix://', { kind: 'unix', path: '/var/run/docker.sock' }],
  ['unix:///run/d.sock', { kind: 'unix', path: '/run/d.sock' }],
  ['UNIX:///run/d.sock', { kind: 'unix', path: '/run/d.sock' }],
  ['/run/d.sock', { kind: 'unix', path: '/run/d.sock' }],
  ['unix:///run/a b@c?d#e%20f', { kind: 'unix', path: '/run/a b@c?d#e%20f' }],
  [`/${'a'.repeat(106)}`, { kind: 'unix', path: `/${'a'.repeat(106)}` }],
  ['npipe://', { kind: 'npipe', path: '//./pipe/docker_engine' }],
  ['npipe:////./pipe/docker_engine', { kind: 'npipe', path: '//./pipe/docker_engine' }],
  ['NPIPE:////./PIPE/dockerDesktopLinuxEngine', { kind: 'npipe', path: '//./pipe/dockerDesktopLinuxEngine' }],
  ['npipe:////./pipe/podman-machine-default', { kind: 'npipe', path: '//./pipe/podman-machine-default' }],
  ['npipe:////./pipe/a/b.c', { kind: 'npipe', path: '//./pipe/a/b.c' }],
  ['ssh://h', { kind: 'ssh', host: 'h' }],
  ['ssh://h/', { kind: 'ssh', host: 'h' }],
  ['ssh://h:', { kind: 'ssh', host: 'h' }],
  ['ssh://Alias', { kind: 'ssh', host: 'Alias' }],
  ['ssh://me@h', { kind: 'ssh', host: 'h', user: 'me' }],
  ['ssh://me@h:22', { kind: 'ssh', host: 'h', user: 'me', port: 22 }],
  ['ssh://h:2375', { kind: 'ssh', host: 'h', port: 2375 }],
  ['ssh://[2001:db8::5]:22', { kind: 'ssh', host: '2001:db8::5', port: 22 }],
  [
    'ssh://me@h/run/user/1000/docker.sock',
    { kind: 'ssh', host: 'h', user: 'me', socketPath: '/run/user/1000/docker.sock' },
  ],
]

/** Each with its own reason, and with what was probably meant where that can be guessed. */
const REFUSED: [string, RegExp][] = [
  ['', /is empty/],
  ['   ', /is empty/],
  [`tcp://${'a'.repeat(5000)}`, /longer than 4096/],
  ['tcp://h\0', /control character U\+0000/],
  ['tcp://h\n:2376', /control character U\+000A/],
  ['unix:///run/\u001b[2Jx', /control character U\+001B/],
  ['unix:///run/\ud800', /character U\+D800/],
  ['h\u007f', /control character U\+007F/],
  ['h\u2028x', /U\+2028/],
  ['h\u200bx', /"h<U\+200B>x" is not a host name|ASCII/],
  // No scheme of ours, or not written as one
  ['udp://h', /udp:\/\/ is not a scheme.*\nDid you mean tcp:\/\/h:2376\?/],
  ['tls://h:2375', /\nDid you mean tcp:\/\/h:2376\?/],
  ['http+unix://%2Frun%2Fd.sock', /is not a scheme/],
  ['fd://', /systemd passes to dockerd/],
  ['fd://3', /systemd passes to dockerd/],
  ['unix:/run/d.sock', /begins with unix:\/ instead of unix:\/\/.\nDid you mean unix:\/\/\/run\/d\.sock\?/],
  ['unix//run/d.sock', /a colon is missing after unix.\nDid you mean unix:\/\/\/run\/d\.sock\?/],
  ['unix///run/d.sock', /begins with unix\/\/\/ instead of unix:\/\/.\nDid you mean unix:\/\/\/run\/d\.sock\?/],
  ['unix:', /begins with unix: instead of unix:\/\//],
  ['tcp:h:2375', /begins with tcp: instead of tcp:\/\/.\nDid you mean tcp:\/\/h:2376\?/],
  ['tcp:/h', /a slash is missing after tcp:.\nDid you mean tcp:\/\/h:2376\?/],
  ['tcp//h:2376', /a colon is missing after tcp.\nDid you mean tcp:\/\/h:2376\?/],
  ['tcp/h:2376', /begins with tcp\/ instead of tcp:\/\/.\nDid you mean tcp:\/\/h:2376\?/],
  ['http:/h:2375', /a slash is missing after http:.\nDid you mean tcp:\/\/h:2376\?/],
  ['https:/h', /a slash is missing after https:.\nDid you mean https:\/\/h\?/],
  ['https//h:2376', /a colon is missing after https.\nDid you mean https:\/\/h:2376\?/],
  ['HTTPS:h', /Did you mean https:\/\/h\?/],
  ['ssh:me@h', /begins with ssh: instead of ssh:\/\/.\nDid you mean ssh:\/\/me@h\?/],
  ['ssh//me@h:22', /=ssh\/\/me@h:22: a colon is missing after ssh.\nDid you mean ssh:\/\/me@h:22\?/],
  ['ssh:/root@x', /=ssh:\/root@x: a slash is missing after ssh:.\nDid you mean ssh:\/\/root@x\?/],
  ['ssh:/me:pw@h', /=ssh:\/\*\*\*@h: /],
  ['tcp:/me@h', /=\*\*\*@h: /],
  ['ssh:/h', /a slash is missing after ssh:.\nDid you mean ssh:\/\/h\?/],
  ['npipe:x', /begins with npipe: instead of npipe:\/\//],
  ['fd:', /begins with fd: instead of fd:\/\//],
  // Names and addresses
  ['tcp://', /has no host.\n.*tcp:\/\/localhost:2376/],
  ['tcp://:2376', /has no host/],
  [':2376', /has no host/],
  [':', /has no host/],
  ['https://', /has no host/],
  ['tcp:///path', /has no host/],
  ['tcp://h name:2376', /"h name" is not a host name/],
  ['-h', /is not a host name/],
  ['h-', /is not a host name/],
  ['a..b', /is not a host name/],
  ['h..', /is not a host name/],
  ['*.example.com', /is not a host name/],
  ['h%41', /is not a host name/],
  ['$HOST', /is not a host name/],
  [`${'a'.repeat(64)}.example`, /is not a host name/],
  [Array.from({ length: 64 }, () => 'abc').join('.'), /is not a host name/],
  ['b\u00fccher.example', /must be written in ASCII.\nDid you mean xn--bcher-kva\.example\?/],
  ['①②.com', /must be written in ASCII.\nDid you mean 12\.com\?/],
  ['tcp://[::ffff:10.0.0.5]', /\[::ffff:10\.0\.0\.5\] is the IPv4 address 10\.0\.0\.5.\nDid you mean 10\.0\.0\.5\?/],
  ['::FFFF:a00:5', /is the IPv4 address 10\.0\.0\.5.\nDid you mean 10\.0\.0\.5\?/],
  ['10.0.0.256', /not an IPv4 address/],
  ['10.0.0', /not an IPv4 address/],
  ['127.1', /not an IPv4 address/],
  ['2130706433', /not an IPv4 address/],
  ['010.0.0.5', /not an IPv4 address/],
  ['0x7f.0.0.1', /not an IPv4 address/],
  ['10.0.0.5.', /not an IPv4 address/],
  ['a.b.0x10', /not an IPv4 address/],
  ['tcp://::1:2376', /needs brackets.\nDid you mean tcp:\/\/\[::1\]:2376\?/],
  ['tcp://::1:2375', /needs brackets.\nDid you mean tcp:\/\/\[::1\]:2376\?/],
  ['tcp://fe80::1%eth0:2376', /Did you mean tcp:\/\/\[fe80::1%25eth0\]:2376\?/],
  ['tcp://2001:db8:1:2:3:4:5:2376', /Did you mean tcp:\/\/\[2001:db8:1:2:3:4:5:2376\]:2376\?/],
  ['tcp://::1', /needs brackets.\nDid you mean tcp:\/\/\[::1\]:2376\?/],
  ['tcp://::1:2376', /Did you mean tcp:\/\/\[::1\]:2376\?/],
  ['tcp://fe80::1:2375', /Did you mean tcp:\/\/\[fe80::1\]:2376\?/],
  ['fe80::1%eth0', /Did you mean tcp:\/\/\[fe80::1%25eth0\]:2376\?/],
  ['tcp://[fe80::1%eth0]', /must be written %25.\nDid you mean tcp:\/\/\[fe80::1%25eth0\]:2376\?/],
  ['tcp://[fe80::1%25]', /zone/],
  ['tcp://[fe80::1%25a/b]', /bracket/],
  ['tcp://[fe80::1%25a%2f]', /zone/],
  ['::1:2376', /could be the end of the IPv6 address.\nDid you mean tcp:\/\/\[::1\]:2376\?/],
  ['::1:2375', /Did you mean tcp:\/\/\[::1\]:2376\?/],
  ['tcp://[10.0.0.5]', /not an IPv6 address/],
  ['tcp://[]', /not an IPv6 address/],
  ['tcp://[::1', /brackets/],
  ['tcp://::1]', /brackets/],
  ['tcp://[::1]2376', /brackets/],
  ['tcp://[::1]]:1', /brackets/],
  ['tcp://[12345::]', /not an IPv6 address/],
  ['h:1:2', /more than one colon/],
  // Ports
  ...['0', '65536', '99999', '02376', '-1', '+1', 'abc', '2376 ', '23 76', '2376a', '1e3'].map(
    (port): [string, RegExp] => {
      return [`tcp://h:${port}/`, /is not a port/]
    },
  ),
  // Parts of a URL that a daemon's address doesn't have
  ['tcp://me@h', /user name or password/],
  ['tcp://@h', /user name or password/],
  ['me@h', /user name or password/],
  ['tcp://me%40h', /user name or password/],
  ['tcp://h?x=1', /a query/],
  ['tcp://h/p?x=1', /a query/],
  ['h:2376?', /a query/],
  ['tcp://h#f', /a fragment/],
  // Prefixes
  ...[
    '//',
    '/a//b',
    '/a/../b',
    '/..',
    '/.',
    '/a/%2e%2E/b',
    '/a%2fb',
    '/a%5cb',
    '/a%00',
    '/a%',
    '/a%zz',
    '/a%ff',
    '/a b',
    '/a\\b',
    '/\u00e9',
  ].map((prefix): [string, RegExp] => [`tcp://h:2376${prefix}`, /not a normalized path/]),
  // Paths
  ['host/path', /may be a host with a path prefix or a local path.\nDid you mean tcp:\/\/host:2376\/path\?/],
  ['run/docker.sock', /must begin with \//],
  ['docker.sock', /must begin with \//],
  ['./docker.sock', /must begin with \//],
  ['../docker.sock', /must begin with \//],
  ['~/.docker/run/docker.sock', /must begin with \//],
  ['unix://run/docker.sock', /must begin with \/.\nDid you mean unix:\/\/\/run\/docker\.sock\?/],
  ['unix://~/d.sock', /must begin with \//],
  ['unix://@abstract', /must begin with \//],
  ['unix:///', /root folder/],
  ['/', /root folder/],
  ['unix:////run/d.sock', /not a normalized path.\nDid you mean unix:\/\/\/run\/d\.sock\?/],
  ['/run/d.sock/', /not a normalized path.\nDid you mean unix:\/\/\/run\/d\.sock\?/],
  ['/run/../etc/x', /not a normalized path.\nDid you mean unix:\/\/\/etc\/x\?/],
  ['/run/./d.sock', /not a normalized path/],
  [`/${'a'.repeat(107)}`, /at most 107 bytes/],
  [`/${'\u00e9'.repeat(54)}`, /at most 107 bytes/],
  // Windows
  ['//./pipe/docker_engine', /needs its scheme.\nDid you mean npipe:\/\/\/\/\.\/pipe\/docker_engine\?/],
  ['\\\\.\\pipe\\docker_engine', /Windows path/],
  ['C:\\docker.sock', /Windows path/],
  ['c:/docker.sock', /Windows path/],
  ['npipe:///./pipe/docker_engine', /Did you mean npipe:\/\/\/\/\.\/pipe\/docker_engine\?/],
  ['npipe://./pipe/docker_engine', /Did you mean npipe:\/\/\/\/\.\/pipe\/docker_engine\?/],
  ['npipe://\\\\.\\pipe\\x', /Did you mean npipe:\/\/\/\/\.\/pipe\/x\?/],
  ['npipe:////server/pipe/x', /another machine/],
  ['npipe://\\\\server\\pipe\\x', /another machine/],
  ['npipe:////./pipe/../x', /named pipe/],
  ['npipe:////./pipe/a/./b', /named pipe/],
  ['npipe:////./pipe/', /named pipe/],
  ['npipe:////./pipe/a/', /named pipe/],
  ['npipe:////./mailslot/a', /named pipe/],
  ['npipe://x', /named pipe/],
  // ssh
  ['ssh://', /has no host/],
  ['ssh://me@', /has no host/],
  ['ssh:///run/d.sock', /has no host/],
  ['ssh://-oProxyCommand=touch', /"-oProxyCommand=touch" is not a host for ssh/],
  ['ssh://-oProxyCommand=touch@h', /not a user name for ssh/],
  ['ssh://me@-h', /not a host for ssh/],
  ['ssh://-h:22', /not a host for ssh/],
  ['ssh://[-oX]', /not a host for ssh/],
  ['ssh://me:pw@h', /password/],
  ['ssh://me:@h', /password/],
  ['ssh://@h', /not a user name for ssh/],
  ['ssh://a@b@h', /not a user name for ssh/],
  ['ssh://a/b@h', /not a user name for ssh/],
  ['ssh://h;id', /not a host for ssh/],
  ['ssh://$(id)', /not a host for ssh/],
  ['ssh://h h', /not a host for ssh/],
  ['ssh://h:0', /is not a port.*\n.*The usual port is 22\./],
  ['ssh://h:22x', /is not a port/],
  ['ssh://h?x', /a query/],
  ['ssh://h%0a', /percent-encoding/],
  ['ssh://h/run/$(id)', /not a valid path of a socket for ssh/],
  ['ssh://h/run/a b', /not a valid path of a socket for ssh/],
  ['ssh://h/../etc', /not a normalized path/],
  ['ssh://h/run//d', /not a normalized path.\nDid you mean ssh:\/\/HOST\/run\/d\?/],
]

describe('parseHost', () => {
  for (const [text, endpoint] of TAKEN) {
    test(`takes ${inspect(text)}`, () => {
      assert.deepEqual(parseHost(text), endpoint)
      assert.deepEqual(parseHost(formatEndpoint(endpoint)), endpoint)
    })
  }

  for (const [text, reason] of REFUSED) {
    test(`refuses ${inspect(text.slice(0, 60))}`, () => {
      const { code, message, tried } = refusal(text)
      assert.equal(code, 'ERR_HOST_INVALID')
      assert.match(message, reason)
      assert.match(tried, /^DOCKER_HOST=/)
      // One line each for the reason and for what to do; nothing that moves a terminal's cursor.
      assert.match(message, /^[^\p{Cc}]+\n[^\p{Cc}]+$/u)
    })
  }

  for (const text of ['http://h', 'HTTP://h:2376', 'http://[::1]:2375/p', 'http://', 'http://me:pw@h']) {
    test(`refuses plaintext: ${text}`, () => assert.equal(refusal(text, true).code, 'ERR_PLAINTEXT_REFUSED'))
  }

  for (const text of ['h:2375', 'tcp://h:2375', 'https://h:2375', '[::1]:2375', 'tcp://h:2375/p', ' 10.0.0.5:2375']) {
    test(`refuses the plaintext port: ${text}`, () => {
      const { code, todo } = refusal(text)
      assert.equal(code, 'ERR_PLAINTEXT_PORT')
      assert.match(todo, /tcp:\/\/.*:2376.*tlsOnPort2375/)
      assert.doesNotMatch(todo, /\n/)
      const endpoint = parseHost(text, { tlsOnPort2375: true })
      assert.equal(endpoint.kind === 'tls' && endpoint.port, 2375)
    })
  }

  test('says what was tried, with its source', () => {
    assert.equal(refusal('tcp://h:2375').tried, 'DOCKER_HOST=tcp://h:2375')
    assert.throws(() => parseHost('h:0', { source: 'option host' }), { tried: 'option host "h:0"' })
    assert.throws(() => parseHost('h:0'), { tried: 'host "h:0"' })
  })

  const wrong: [unknown, unknown, string][] = [
    [undefined, {}, 'ERR_ARGUMENT_INVALID'],
    [7, {}, 'ERR_ARGUMENT_INVALID'],
    [new String('h'), {}, 'ERR_ARGUMENT_INVALID'],
    ['h:2375', { tlsOnPort2375: 'false' }, 'ERR_ARGUMENT_INVALID'],
    ['h:2375', { tlsOnPort2375: 1 }, 'ERR_ARGUMENT_INVALID'],
    ['h', { source: 7 }, 'ERR_ARGUMENT_INVALID'],
    ['h', { tlsOnPort2376: true }, 'ERR_OPTION_UNKNOWN'],
  ]
  for (const [text, options, code] of wrong) {
    test(`refuses the arguments ${inspect(text)}, ${inspect(options)}`, () => {
      assert.throws(() => parseHost(text as string, options as object), { code, name: 'ArgumentError' })
    })
  }
})

const SCHEMES = [
  'ssh//',
  'ssh:',
  'tcp//',
  'https:/',
  '',
  'tcp://',
  'https://',
  'http://',
  'unix://',
  'npipe://',
  'ssh://',
  'fd://',
  'udp://',
  'tcp:',
  'unix:/',
  '//',
]
const HOSTS = [
  '',
  'h',
  'a.b',
  '10.0.0.5',
  '[::1]',
  '::1',
  '[fe80::1%25eth0]',
  '-oX=y',
  'h:',
  '\\\\.\\pipe\\x',
  '//./pipe/x',
  '~',
]
const PORTS = ['', ':2376', ':2375', ':0', ':22', ':', ':x']
const PATHS = ['', '/', '/p', '/a/../b', '//', '/%2e%2e', '?q=1', '#f', '/run/d.sock']
const USERS = ['', 'me@', 'me:pw@', '-oX=y@', '@']

/** Texts that are nearly hosts, or anything at all. */
const hostText = fc.oneof(
  fc
    .tuple(
      ...[SCHEMES, USERS, HOSTS, PORTS, PATHS].map((list) =>
        fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...list) }, fc.string({ maxLength: 5 })),
      ),
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  fc.string(),
)

const label = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,20}[a-z0-9_]$/)
const sshName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)
const cleanPath = fc
  .array(fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,8}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join('/')}`)
const address = fc.ipV6().map((text) => new URL(`http://[${text}]`).hostname.slice(1, -1))
const port = fc.integer({ min: 1, max: 65_535 })

const endpoint: Arbitrary<Endpoint> = fc.oneof(
  fc.record({
    kind: fc.constant('tls' as const),
    host: fc.oneof(
      label,
      fc.ipV4(),
      address,
      address.map((text) => `${text}%eth0`),
      fc.tuple(label, label).map((labels) => labels.join('.')),
    ),
    port: port.filter((number) => number !== 2375),
    prefix: fc.oneof(fc.constant(''), cleanPath),
  }),
  fc.record({ kind: fc.constant('unix' as const), path: cleanPath }),
  fc.record({ kind: fc.constant('npipe' as const), path: cleanPath.map((path) => `//./pipe${path}`) }),
  fc.record(
    { kind: fc.constant('ssh' as const), host: fc.oneof(sshName, address), user: sshName, port, socketPath: cleanPath },
    { requiredKeys: ['kind', 'host'] },
  ),
)

describe('for any text', () => {
  test('an endpoint that survives being written down, or an error of ours', (t) => {
    const property = fc.property(hostText, fc.boolean(), (text, tlsOnPort2375) => {
      try {
        const parsed = parseHost(text, { tlsOnPort2375 })
        assert.deepEqual(parseHost(formatEndpoint(parsed), { tlsOnPort2375 }), parsed)
        if (parsed.kind === 'tls' && !tlsOnPort2375) assert.notEqual(parsed.port, 2375)
        if (parsed.kind === 'ssh') assert.doesNotMatch(`${parsed.host} ${parsed.user ?? ''}`, /(?:^| )-/)
        if (parsed.kind === 'unix') assert.match(parsed.path, /^\/[^/]/)
        if (parsed.kind === 'npipe') assert.match(parsed.path, /^\/\/\.\/pipe\/[^/]/)
        assert.doesNotMatch(formatEndpoint(parsed), /\p{Cc}/u)
      } catch (error) {
        if (!isDockerMtlsError(error)) throw error
      }
    })
    assertProperty(t, property, { numRuns: 5000 })
  })

  test('parse(format(endpoint)) is the endpoint', (t) => {
    assertProperty(
      t,
      fc.property(endpoint, (one) => assert.deepEqual(parseHost(formatEndpoint(one)), { ...one })),
      { numRuns: 1000 },
    )
  })

  test('no password is ever repeated', (t) => {
    const secret = fc.stringMatching(/^[A-Z]{8}$/)
    const around = fc.tuple(...[SCHEMES, HOSTS, PORTS, PATHS].map((list) => fc.constantFrom(...list)))
    const shapes = [
      'me:SECRET@',
      'SECRET:x@',
      ':SECRET@',
      'me:a/SECRET@',
      'me:a?SECRET@',
      'me:a@SECRET@',
      'me%3ASECRET@',
      'me:SECRET%40',
      'me:#SECRET@',
    ]
    const property = fc.property(
      secret,
      fc.constantFrom(...shapes),
      around,
      (password, shape, [scheme, host, ...rest]) => {
        const text = `${scheme}${shape.replace('SECRET', password)}${host}${rest.join('')}`
        // Behind unix:// and npipe:// and a slash it is a path, and no password.
        if (/^(?:unix|npipe|\/)/.test(text)) return
        assert.doesNotMatch(inspect(refusal(text)), new RegExp(password), text)
      },
    )
    assertProperty(t, property, { numRuns: 2000 })
  })
})
