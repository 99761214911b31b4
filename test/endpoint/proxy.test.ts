import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { parseProxy } from '../../lib/endpoint/proxy.ts'
import { explainEndpoint, resolveEndpoint } from '../../lib/index.ts'

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`
const HOME = { HOME: '/nowhere' }
const VALUES = { ca: 'a', cert: 'b', key: 'c' }

describe('an HTTP proxy', () => {
  const taken: [text: string, name: string, authorization: string | undefined][] = [
    ['http://proxy:3128', 'http://proxy:3128', undefined],
    ['HTTP://Proxy.Example:8080/', 'http://proxy.example:8080', undefined],
    ['http://proxy', 'http://proxy:80', undefined],
    ['http://[::1]:3128', 'http://[::1]:3128', undefined],
    ['http://10.0.0.5:3128', 'http://10.0.0.5:3128', undefined],
    ['http://ann:secret@proxy:3128', 'http://proxy:3128', basic('ann:secret')],
    ['http://ann@proxy:3128', 'http://proxy:3128', basic('ann:')],
    ['http://:secret@proxy:3128', 'http://proxy:3128', basic(':secret')],
    ['http://a%40b:s%3Ae%20c%C3%A9@proxy:3128', 'http://proxy:3128', basic('a@b:s:e cé')],
    ['http://ann:a:b@proxy:3128', 'http://proxy:3128', basic('ann:a:b')],
    ['http://ann:a@b@proxy:3128', 'http://proxy:3128', basic('ann:a@b')],
    ['http://b\u00fccher.example:3128', 'http://xn--bcher-kva.example:3128', undefined],
    ['http://[2001:DB8:0::1]', 'http://[2001:db8::1]:80', undefined],
  ]
  for (const [text, name, authorization] of taken) {
    test(text, () => {
      const proxy = parseProxy(text)
      assert.equal(proxy.name, name)
      assert.equal(proxy.authorization(), authorization)
      assert.doesNotMatch(proxy.host, /[[\]]/)
    })
  }

  const refused: [text: string, got: RegExp, todo: RegExp][] = [
    ['https://proxy:3128', /TLS to the proxy itself/, /Use http:\/\//],
    ['socks5://proxy:1080', /socks5:\/\/ is not a scheme/, /http:\/\/PROXY:PORT/],
    ['proxy:3128', /no scheme/, /http:\/\/PROXY:PORT/],
    ['ann:secret@proxy:3128', /no scheme/, /http/],
    ['http//ann:secret@proxy:3128', /a colon is missing after http/, /http:\/\/PROXY:PORT/],
    ['http:/ann:secret@proxy:3128', /a slash is missing after http:/, /http:\/\/PROXY:PORT/],
    ['http://', /not a URL/, /http/],
    ['http://proxy:0', /0 is not a port/, /http/],
    ['http://proxy:65536', /not a URL/, /http/],
    ['http://ann:secret@proxy:abc', /not a URL/, /http/],
    ['http://ann:sec/ret@proxy:3128', /not a URL|a path/, /http/],
    ['http://proxy:3128/path', /a path/, /http/],
    ['http://proxy:3128?token=secret', /a query/, /http/],
    ['http://proxy:3128/#secret', /fragment/, /http/],
    ['http://ann:secret#1@proxy:3128', /not a URL|fragment/, /http/],
    ['http://ann:secret%zz@proxy:3128', /can't be decoded/, /%XX/],
    ['http://ann:secret%0D%0AEvil:1@proxy:3128', /can't be decoded/, /%XX/],
    ['http://a%3Ab:secret@proxy:3128', /contain a colon/, /http/],
    ['http://127.1:3128', /its host would be 127\.0\.0\.1/, /Did you mean http:\/\/127\.0\.0\.1:3128\?/],
    ['http://0x7f000001', /its host would be 127\.0\.0\.1/, /Did you mean http:\/\/127\.0\.0\.1\?/],
    ['http://ann:secret@①②.com:3128', /its host would be 12\.com/, /Did you mean http:\/\/12\.com:3128\?/],
    ['http://pro%78y:3128', /its host would be proxy/, /Did you mean/],
    ['http://pro\u00adxy:3128', /its host would be proxy/, /Did you mean/],
    ['http://ann:secret@pro\r\nxy:3128', /control character/, /http/],
  ]
  for (const [text, got, todo] of refused) {
    test(`refused: ${inspect(text)}`, async () => {
      await assert.rejects(resolveEndpoint({ host: 'h', ...VALUES, proxy: text }, HOME), (error: Error) => {
        const { code, got: said, todo: remedy, message } = error as Error & Record<'code' | 'got' | 'todo', string>
        assert.equal(code, 'ERR_ARGUMENT_INVALID')
        assert.match(said, got)
        assert.match(remedy, todo)
        assert.match(message, /^the option proxy "/)
        assert.doesNotMatch(message, /secret|sec\/ret|Evil/)
        return true
      })
    })
  }

  test('knows its credentials again in what it says, and parts of them', () => {
    const proxy = parseProxy('http://ann:s%40cret%C3%A9@proxy:3128')
    const basicOnes = btoa('ann:s@cret\u00c3\u00a9')
    const latin1 = Buffer.from('s@creté').toString('latin1')
    for (const text of [
      'Ann may not',
      's@cret',
      'S%40CRET',
      latin1,
      basicOnes,
      `cut: ${basicOnes.slice(3, 8)}`,
      '@cre',
    ]) {
      assert.equal(proxy.isRepeatedIn(text), true, text)
    }
    for (const text of ['', 'Proxy Authentication Required', 'Access violation', 'Forbidden']) {
      assert.equal(proxy.isRepeatedIn(text), false, text)
      assert.equal(parseProxy('http://proxy:3128').isRepeatedIn(text), false, text)
    }
    assert.equal(parseProxy('http://:pw@proxy').isRepeatedIn('pw?'), true, 'a short one')
  })

  for (const host of ['unix:///run/docker.sock', 'npipe:////./pipe/docker_engine', 'ssh://h']) {
    test(`is of no use for ${host}, and refused`, async () => {
      const proxy = 'http://ann:secret@proxy:3128'
      const expected = { code: 'ERR_ARGUMENT_INVALID', message: /^the option proxy for / }
      await assert.rejects(resolveEndpoint({ host, proxy }, HOME), expected)
      await assert.rejects(resolveEndpoint({ proxy }, { ...HOME, DOCKER_HOST: host }), expected)
      const { steps, error } = await explainEndpoint({ host, proxy }, HOME)
      assert.equal(error?.code, 'ERR_ARGUMENT_INVALID')
      const step = steps.find(({ source }) => source === 'option proxy')
      assert.deepEqual([step?.verdict, step?.value], ['refused', 'http://***@proxy:3128'])
    })
  }

  test('goes with an endpoint of any source, and chooses none', async () => {
    const proxy = 'http://ann:secret@proxy:3128'
    const env = { ...HOME, DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1' }
    const explanation = await explainEndpoint({ proxy }, env)
    assert.equal(explanation.endpoint?.source, 'DOCKER_HOST')
    assert.deepEqual(
      explanation.steps.find(({ source }) => source === 'option proxy'),
      {
        source: 'option proxy',
        value: 'http://***@proxy:3128',
        verdict: 'chosen',
        because: 'the connection goes through it',
      },
    )
    assert.doesNotMatch(JSON.stringify(explanation), /secret|ann/)
    assert.equal('proxy' in (await resolveEndpoint({ proxy }, env)), false)
  })

  test('is of a wrong type', async () => {
    for (const proxy of [true, 3128, new URL('http://proxy'), '']) {
      await assert.rejects(resolveEndpoint({ proxy: proxy as string, host: 'h', ...VALUES }, HOME), {
        code: 'ERR_ARGUMENT_INVALID',
        message: /option proxy: it is not a string/,
      })
    }
  })
})
