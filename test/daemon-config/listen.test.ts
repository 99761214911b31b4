import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../lib/base/errors.ts'
import { parseListen, parseListener, parseUserns } from '../../lib/daemon.ts'
import { refuses } from './support/refuses.ts'

describe('a listener', () => {
  const taken = [
    'fd://',
    'unix:///var/run/docker.sock',
    'unix:///a b/ü.sock',
    `unix:///${'x'.repeat(106)}`,
    'tcp://0.0.0.0:2376',
    'tcp://127.0.0.1:1',
    'tcp://255.255.255.255:65535',
    'tcp://[::]:2376',
    'tcp://[::1]:2376',
    'tcp://[2001:db8::a:1]:23760',
    'tcp://[::ffff:10.0.0.1]:2376',
    'tcp://localhost:2376',
    'tcp://build-01.example.com:2376',
    'tcp://10.example:2376',
  ]
  for (const listener of taken) test(`${listener} is taken`, () => assert.equal(parseListener(listener), listener))

  const refused: readonly (readonly [listener: string, code: ErrorCode, words: RegExp])[] = [
    ['tcp://0.0.0.0:2375', 'ERR_LISTEN_PLAINTEXT', /0\.0\.0\.0:2376/],
    ['tcp://[::]:2375', 'ERR_LISTEN_PLAINTEXT', /\[::\]:2376/],
    ['tcp://:2375', 'ERR_LISTEN_PLAINTEXT', /2376/],
    ['tcp://0.0.0.0', 'ERR_LISTEN_PLAINTEXT', /no port/],
    ['tcp://0.0.0.0:', 'ERR_LISTEN_PLAINTEXT', /no port/],
    ['tcp://[::1]', 'ERR_LISTEN_PLAINTEXT', /\[::1\]:2376/],
    ['tcp://build01', 'ERR_LISTEN_PLAINTEXT', /build01:2376/],
    ['tcp://0.0.0.0:0', 'ERR_LISTEN_INVALID', /"0" is not a port/],
    ['tcp://0.0.0.0:65536', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:02376', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:02375', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:abc', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:2376/', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:2376 ', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:-1', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://0.0.0.0:2376\n', 'ERR_LISTEN_INVALID', /not a port/],
    ['tcp://:2376', 'ERR_LISTEN_INVALID', /no address/],
    ['tcp://', 'ERR_LISTEN_INVALID', /no address/],
    ['tcp://2376', 'ERR_LISTEN_INVALID', /without an address/],
    ['tcp://::1:2376', 'ERR_LISTEN_INVALID', /brackets: \[::1\]:2376\.$/m],
    ['tcp://fe80::1:2375', 'ERR_LISTEN_INVALID', /brackets: \[fe80::1\]:2376\.$/m],
    ['tcp://::1', 'ERR_LISTEN_INVALID', /brackets: \[::1\]:2376\.$/m],
    ['tcp://a:b:1', 'ERR_LISTEN_INVALID', /Write fd:/],
    ['tcp://[::1', 'ERR_LISTEN_INVALID', /brackets/],
    ['tcp://[::g]:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://[1.2.3.4]:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://[fe80::1%25eth0]:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://256.0.0.1:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://1.2.3:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://01.2.3.4:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://1.2.3.4.:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://user@host:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://-a:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://a_b:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['tcp://*:2376', 'ERR_LISTEN_INVALID', /neither an address nor a host name/],
    ['http://0.0.0.0:2376', 'ERR_LISTEN_INVALID', /not a listener scheme/],
    ['https://0.0.0.0:2376', 'ERR_LISTEN_INVALID', /not a listener scheme/],
    ['TCP://0.0.0.0:2376', 'ERR_LISTEN_INVALID', /not a listener of dockerd/],
    ['0.0.0.0:2376', 'ERR_LISTEN_INVALID', /not a listener of dockerd/],
    ['', 'ERR_LISTEN_INVALID', /not a listener of dockerd/],
    ['udp://x:1', 'ERR_LISTEN_INVALID', /not a listener of dockerd/],
    ['npipe:////./pipe/docker_engine', 'ERR_LISTEN_INVALID', /not a listener of dockerd/],
    ['fd://docker.socket', 'ERR_LISTEN_INVALID', /can't have a name/],
    ['unix://', 'ERR_LISTEN_INVALID', /empty/],
    ['unix://docker.sock', 'ERR_LISTEN_INVALID', /begin with/],
    ['unix:////run/docker.sock', 'ERR_LISTEN_INVALID', /\/\//],
    ['unix:///run/../docker.sock', 'ERR_LISTEN_INVALID', /\.\./],
    ['unix:///run/./docker.sock', 'ERR_LISTEN_INVALID', /\. or \.\. as a part/],
    ['unix:///run/', 'ERR_LISTEN_INVALID', /folder/],
    ['unix:///run/x.sock ', 'ERR_LISTEN_INVALID', /blanks/],
    ['unix:///run/a\nb', 'ERR_LISTEN_INVALID', /U\+000A/],
    ['unix:///run/a\0b', 'ERR_LISTEN_INVALID', /U\+0000/],
    [`unix:///${'x'.repeat(107)}`, 'ERR_LISTEN_INVALID', /107 bytes/],
    [`unix:///${'ü'.repeat(54)}`, 'ERR_LISTEN_INVALID', /107 bytes/],
  ]
  for (const [listener, code, words] of refused) {
    test(`${JSON.stringify(listener)} is refused`, () => refuses(() => parseListener(listener), code, words))
  }
})

describe('--listen', () => {
  for (const text of ['0.0.0.0:2376', '[::]:2376', 'build01.example.com:23760', '127.0.0.1:2376']) {
    test(`${text} is taken`, () => assert.equal(parseListen(text), `tcp://${text}`))
  }
  test('with its scheme', () => assert.equal(parseListen('tcp://0.0.0.0:2376'), 'tcp://0.0.0.0:2376'))
  const refused: readonly (readonly [text: string, code: ErrorCode])[] = [
    ['0.0.0.0:2375', 'ERR_LISTEN_PLAINTEXT'],
    ['0.0.0.0', 'ERR_LISTEN_PLAINTEXT'],
    ['2376', 'ERR_LISTEN_INVALID'],
    [':2376', 'ERR_LISTEN_INVALID'],
    ['', 'ERR_LISTEN_INVALID'],
    ['::1', 'ERR_LISTEN_INVALID'],
    ['fd://', 'ERR_LISTEN_INVALID'],
    ['unix:///x', 'ERR_LISTEN_INVALID'],
    ['tcp://tcp://x:1', 'ERR_LISTEN_INVALID'],
  ]
  for (const [text, code] of refused) test(`"${text}" is refused`, () => refuses(() => parseListen(text), code))
})

describe('userns-remap', () => {
  const taken = [
    'default',
    'dockremap',
    'dockremap:dockremap',
    'ann:1000',
    '1000',
    '1000:1000',
    'a_b-c.d',
    '2147483647',
  ]
  for (const value of taken) test(`${value} is taken`, () => assert.equal(parseUserns(value), value))
  const refused = [
    '',
    ':',
    'a:',
    ':b',
    'a:b:c',
    'a b',
    '-x',
    '"default"',
    'default"',
    'default:default',
    'root',
    'root:root',
    '0',
    '0:0',
    '0:1000',
    '00',
    '01000',
    '2147483648',
    '1000:2147483648',
    'x'.repeat(33),
    '%u',
    '$USER',
    'ann\n',
    'ünn',
  ]
  for (const value of refused) {
    test(`${JSON.stringify(value)} is refused`, () => refuses(() => parseUserns(value), 'ERR_USERNS_INVALID'))
  }
  test('with root, dockerd would start without user namespaces: said so', () =>
    refuses(() => parseUserns('root'), 'ERR_USERNS_INVALID', /without user namespaces/))
})
