import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReadingCode } from '../../../lib/policy/request.ts'
import { plain, read, refusal } from './support.ts'

const CREATE = 'POST /v1.45/containers/create'
const bodyOf = (text: string, line = CREATE): unknown => plain(read(line, text).body)

/** What is sent, and how dockerd reads it. */
const READ: readonly (readonly [name: string, sent: string, read: unknown])[] = [
  ['the names of the API', '{"HostConfig":{"Privileged":true}}', { HostConfig: { Privileged: true } }],
  ['lower case', '{"hostconfig":{"privileged":true}}', { HostConfig: { Privileged: true } }],
  ['upper case', '{"HOSTCONFIG":{"PRIVILEGED":true}}', { HostConfig: { Privileged: true } }],
  ['an escaped key', String.raw`{"\u0048ostConfig":{"Privi\u006ceged":true}}`, { HostConfig: { Privileged: true } }],
  ['the long s, escaped', String.raw`{"Ho\u017ftConfig":{"PidMode":"host"}}`, { HostConfig: { PidMode: 'host' } }],
  ['the long s', '{"Hoſtconfig":{"PidMode":"host"}}', { HostConfig: { PidMode: 'host' } }],
  ['the Kelvin sign', '{"HostConfig":{"Networ\u212aMode":"host"}}', { HostConfig: { NetworkMode: 'host' } }],
  ['null', '{"User":null,"HostConfig":{"Privileged":null}}', { HostConfig: {} }],
  ['an unknown field that is null', '{"X":null,"HostConfig":{"Y":null}}', { HostConfig: {} }],
  ['a command as text', '{"Cmd":"ls -l","Entrypoint":""}', { Cmd: ['ls -l'], Entrypoint: [''] }],
  ['a command as a list', '{"Cmd":["ls","-l"]}', { Cmd: ['ls', '-l'] }],
  ['keys of maps that differ in case', '{"Labels":{"a":"1","A":"2"}}', { Labels: { a: '1', A: '2' } }],
  ['null in a map of texts', '{"Labels":{"a":null}}', { Labels: { a: '' } }],
  ['null in a map of objects', '{"ExposedPorts":{"80/tcp":null}}', { ExposedPorts: { '80/tcp': null } }],
  ['an integer that is -0', '{"HostConfig":{"Memory":-0}}', { HostConfig: { Memory: 0 } }],
  ['2^53', '{"HostConfig":{"Memory":9007199254740992}}', { HostConfig: { Memory: 9_007_199_254_740_992n } }],
  ['2^63 - 1', '{"HostConfig":{"Memory":9223372036854775807}}', { HostConfig: { Memory: 2n ** 63n - 1n } }],
  ['-2^63', '{"HostConfig":{"Memory":-9223372036854775808}}', { HostConfig: { Memory: -(2n ** 63n) } }],
  ['all white space', ' \t\r\n{ "User" : "x" } \n', { User: 'x' }],
  ['all escapes', String.raw`{"User":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, { User: '"\\/\b\f\n\r\té😀' }],
  ['a surrogate pair, raw', '{"User":"😀"}', { User: '😀' }],
  ['an empty body', '{}', {}],
  [
    'a choice in another case',
    '{"HostConfig":{"RestartPolicy":{"Name":"Always"}}}',
    { HostConfig: { RestartPolicy: { Name: 'Always' } } },
  ],
  [
    'a list of lists',
    '{"HostConfig":{"DeviceRequests":[{"Capabilities":[["gpu"]]}]}}',
    { HostConfig: { DeviceRequests: [{ Capabilities: [['gpu']] }] } },
  ],
]

/** What is sent, and where it is refused. */
const REFUSED: readonly (readonly [code: ReadingCode, where: string, sent: string])[] = [
  ['BODY_AMBIGUOUS', 'HostConfig', '{"HostConfig":{},"HostConfig":{"Privileged":true}}'],
  ['BODY_AMBIGUOUS', 'hostconfig', '{"HostConfig":{"Privileged":true},"hostconfig":{"PidMode":"host"}}'],
  ['BODY_AMBIGUOUS', 'hoſtconfig', '{"HostConfig":{"Privileged":true},"hoſtconfig":{"PidMode":"host"}}'],
  ['BODY_AMBIGUOUS', 'HostConfig.privileged', '{"HostConfig":{"Privileged":true,"privileged":null}}'],
  ['BODY_AMBIGUOUS', 'hostconfig', '{"HostConfig":null,"hostconfig":{"Privileged":true}}'],
  ['BODY_AMBIGUOUS', 'Labels.a', '{"Labels":{"a":"1","a":"2"}}'],
  ['BODY_AMBIGUOUS', 'Labels.a', String.raw`{"Labels":{"a":"1","\u0061":"2"}}`],
  ['BODY_AMBIGUOUS', 'Labels.__proto__', '{"Labels":{"__proto__":"1","__proto__":"2"}}'],
  ['BODY_AMBIGUOUS', 'HostConfig.Networ\u212aMode', '{"HostConfig":{"NetworkMode":"none","Networ\u212aMode":"host"}}'],
  ['BODY_AMBIGUOUS', 'HostConfig.DiskQuota.A', '{"HostConfig":{"DiskQuota":{"a":1,"A":2}}}'],
  ['BODY_AMBIGUOUS', 'Nope', '{"nope":1,"Nope":2}'],
  ['BODY_AMBIGUOUS', 'Cmd.1', '{"Cmd":["a",null]}'],
  ['BODY_AMBIGUOUS', 'HostConfig.Devices.0', '{"HostConfig":{"Devices":[null]}}'],
  ['FIELD_UNKNOWN', 'Privileged', '{"Privileged":true}'],
  ['FIELD_UNKNOWN', 'HostConfig.Nope', '{"hostconfig":{"Nope":true}}'],
  ['FIELD_UNKNOWN', 'HostConfig.Mounts.0.Nope', '{"HostConfig":{"Mounts":[{"Nope":1}]}}'],
  ['FIELD_UNKNOWN', '__proto__', '{"__proto__":{"HostConfig":{"Privileged":true}}}'],
  ['FIELD_UNKNOWN', 'HostConfig.__proto__', '{"HostConfig":{"__proto__":{"Privileged":true}}}'],
  ['FIELD_UNKNOWN', 'НostConfig', '{"НostConfig":{"Privileged":true}}'],
  ['FIELD_UNKNOWN', 'HostConfıg', '{"HostConfıg":{}}'],
  ['FIELD_UNKNOWN', 'HostConfİg', '{"HostConfİg":{}}'],
  ['FIELD_UNKNOWN', 'HostConfig ', '{"HostConfig ":{}}'],
  ['FIELD_UNKNOWN', 'HostConfig\0', String.raw`{"HostConfig\u0000":{}}`],
  ['FIELD_UNKNOWN', 'Config', '{"Config":{"User":"root"}}'],
  ['FIELD_UNKNOWN', 'HostConfig.Resources', '{"HostConfig":{"Resources":{"Memory":1}}}'],
  // Something ambiguous counts more than something unknown, which a policy may allow.
  ['BODY_AMBIGUOUS', 'user', '{"Nope":1,"User":"a","user":"b"}'],
  ['BODY_INVALID', 'User', '{"Nope":1,"User":2}'],
  ['BODY_INVALID', 'HostConfig.Privileged', '{"HostConfig":{"Privileged":"true"}}'],
  ['BODY_INVALID', 'HostConfig.Privileged', '{"HostConfig":{"Privileged":1}}'],
  ['BODY_INVALID', 'HostConfig.Memory', '{"HostConfig":{"Memory":1.0}}'],
  ['BODY_INVALID', 'HostConfig.Memory', '{"HostConfig":{"Memory":1e8}}'],
  ['BODY_INVALID', 'HostConfig.Memory', '{"HostConfig":{"Memory":"1"}}'],
  ['BODY_INVALID', 'HostConfig.Memory', '{"HostConfig":{"Memory":18446744073709551616}}'],
  ['BODY_INVALID', 'HostConfig.CapAdd', '{"HostConfig":{"CapAdd":"ALL"}}'],
  ['BODY_INVALID', 'HostConfig.Binds', '{"HostConfig":{"Binds":{"0":"/:/h"}}}'],
  ['BODY_INVALID', 'HostConfig', '{"HostConfig":[]}'],
  ['BODY_INVALID', 'HostConfig', '{"HostConfig":"x"}'],
  ['BODY_INVALID', 'Labels', '{"Labels":["a"]}'],
  ['BODY_INVALID', 'Labels.a', '{"Labels":{"a":1}}'],
  ['BODY_INVALID', 'Cmd', '{"Cmd":{"0":"sh"}}'],
  ['BODY_INVALID', 'Cmd.0', '{"Cmd":[1]}'],
  ['BODY_INVALID', 'the body', '[]'],
  ['BODY_INVALID', 'the body', '"x"'],
  ['BODY_INVALID', 'the body', '{"User":"x"}}'],
  ['BODY_INVALID', 'the body', '{"User":"x"}]garbage'],
  ['BODY_INVALID', 'the body', '{"User":"x"}{"HostConfig":{"Privileged":true}}'],
  ['BODY_INVALID', 'the body', '{"User":"x"}\0'],
  ['BODY_INVALID', 'the body', '\ufeff{"User":"x"}'],
  ['BODY_INVALID', 'the body', '\u00a0{"User":"x"}'],
  ['BODY_INVALID', 'the body', String.raw`{"User":"\ud800"}`],
  ['BODY_INVALID', 'the body', String.raw`{"User":"\ude00\ud83d"}`],
  ['BODY_INVALID', 'the body', String.raw`{"\udfff":1}`],
  ['BODY_INVALID', 'the body', String.raw`{"User":"\x41"}`],
  ['BODY_INVALID', 'the body', String.raw`{"User":"\u12"}`],
  ['BODY_INVALID', 'the body', '{"User":"a\nb"}'],
  ['BODY_INVALID', 'the body', '{"User":"a'],
  ['BODY_INVALID', 'the body', "{'User':'a'}"],
  ['BODY_INVALID', 'the body', '{"User":"a",}'],
  ['BODY_INVALID', 'the body', '{,}'],
  ['BODY_INVALID', 'the body', '{User:"a"}'],
  ['BODY_INVALID', 'the body', '{"User" "a"}'],
  ['BODY_INVALID', 'the body', '{"Cmd":["a",]}'],
  ['BODY_INVALID', 'the body', '{/**/}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Memory":01}}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Memory":+1}}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Memory":0x10}}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Memory":NaN}}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Memory":1_0}}'],
  ['BODY_INVALID', 'the body', '{"HostConfig":{"Privileged":True}}'],
  ['BODY_INVALID', 'the body', `{"HostConfig":{"Memory":${'1'.repeat(101)}}}`],
  ['BODY_INVALID', 'HostConfig.DiskQuota', '{"HostConfig":{"DiskQuota":1e999}}'],
  ['BODY_INVALID', 'the body', `{"HostConfig":{"DiskQuota":${'['.repeat(101)}${']'.repeat(101)}}}`],
  ['BODY_INVALID', 'the body', '['.repeat(1_000_000)],
  ['BODY_TOO_LARGE', 'the body', `{"Cmd":[${'"",'.repeat(100_000)}""]}`],
  ['BODY_TOO_LARGE', 'the body', `{"User":"${'x'.repeat(4 * 1024 * 1024)}"}`],
]

describe('a body is read as by Go', () => {
  for (const [name, sent, expected] of READ) {
    test(name, () => assert.deepEqual(bodyOf(sent), expected))
  }

  test('__proto__ is a key of a map like others', () => {
    const labels = (read(CREATE, '{"Labels":{"__proto__":"x"}}').body as { Labels: object }).Labels
    assert.deepEqual(Object.entries(labels), [['__proto__', 'x']])
    assert.equal(Object.getPrototypeOf(labels), null)
  })

  test('a field with two names in the specification has one', () => {
    const service = '{"TaskTemplate":{"ContainerSpec":{"HEALTHCHECK":{"Test":["NONE"]}}}}'
    assert.deepEqual(bodyOf(service, 'POST /services/create'), {
      TaskTemplate: { ContainerSpec: { Healthcheck: { Test: ['NONE'] } } },
    })
    const both = '{"TaskTemplate":{"ContainerSpec":{"HealthCheck":{},"Healthcheck":{}}}}'
    assert.equal(refusal('POST /services/create', both).code, 'BODY_AMBIGUOUS')
  })
})

describe('a body is refused', () => {
  for (const [code, where, sent] of REFUSED) {
    test(`${code} ${where}: ${sent.slice(0, 60)}`, () => {
      const reason = refusal(CREATE, sent)
      assert.deepEqual({ code: reason.code, where: reason.where }, { code, where })
      assert.match(reason.got, /^\S.*[^.]$/)
    })
  }

  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    test(`bytes that aren't UTF-8: ${bytes.map((byte) => byte.toString(16)).join(' ')}`, () => {
      const body = Buffer.concat([Buffer.from('{"User":"'), Buffer.from(bytes), Buffer.from('"}')])
      assert.equal(refusal(CREATE, body).code, 'BODY_INVALID')
    })
  }
})

test('the time grows with the size of a body', () => {
  const start = performance.now()
  read(CREATE, `{"Env":[${'"\\u0041=\\"x\\"",'.repeat(99_000)}"A=B"]}`)
  read(CREATE, `{"Labels":{${Array.from({ length: 49_000 }, (_, index) => `"l${index}":"\\n"`).join()}}}`)
  refusal(CREATE, `{"User":"${'\\u0041'.repeat(600_000)}`)
  assert.ok(performance.now() - start < 5_000)
})
