import type { ReadingCode } from '../../../../lib/policy/request.ts'
import type { RawRequest } from './raw-request.ts'

/** A request that is meant to be read in two ways. */
export interface Trick extends RawRequest {
  readonly name: string
  /** `read`: we read it, and dockerd makes a container of just that. */
  readonly ours: ReadingCode | 'read'
  /** Its status. */
  readonly dockerd: number
  /** What dockerd has made, in spite of the trick: fields of Config and HostConfig. */
  readonly made?: Readonly<Record<string, unknown>>
  /** What Docker 27 and newer make of it. Omitted: the same. */
  readonly madeSince27?: Readonly<Record<string, unknown>>
}

const IMAGE = '"Image":"busybox:made-here"'
type Headers = NonNullable<RawRequest['headers']>
const JSON_TYPE: Headers = [['Content-Type', 'application/json']]
const PRIVILEGED = { Privileged: true }
const BOTH = { Privileged: true, PidMode: 'host' }

type Rest = Partial<Pick<Trick, 'line' | 'headers' | 'made' | 'madeSince27'>>

/** A body of POST /containers/create, without its outer braces. */
function create(name: string, ours: Trick['ours'], dockerd: number, fields: string, rest: Rest = {}): Trick {
  return {
    name,
    ours,
    dockerd,
    line: 'POST /v1.45/containers/create',
    headers: JSON_TYPE,
    body: `{${IMAGE}${fields}}`,
    ...rest,
  }
}

const withType = (type: string): Rest => ({ headers: [['Content-Type', type]] })
const HOST = ',"HostConfig":{"Privileged":true}'
const ANY_HOST = { made: PRIVILEGED }

const BODIES: readonly Trick[] = [
  create('lower case', 'read', 201, ',"hostconfig":{"privileged":true,"pidmode":"host"}', { made: BOTH }),
  create('upper case', 'read', 201, ',"HOSTCONFIG":{"PRIVILEGED":true,"PIDMODE":"host"}', { made: BOTH }),
  create('the long s, escaped', 'read', 201, String.raw`,"Ho\u017ftConfig":{"Privileged":true}`, ANY_HOST),
  create('the long s', 'read', 201, ',"Hoſtconfig":{"Privileged":true}', ANY_HOST),
  create('the Kelvin sign', 'read', 201, ',"HostConfig":{"Networ\u212aMode":"host"}', {
    made: { NetworkMode: 'host' },
  }),
  create('an escaped key', 'read', 201, String.raw`,"\u0048ostConfig":{"\u0050rivileged":true}`, ANY_HOST),
  create('a dotless i', 'FIELD_UNKNOWN', 201, ',"HostConfıg":{"Privileged":true}', { made: { Privileged: false } }),
  create('a dotted I', 'FIELD_UNKNOWN', 201, ',"HostConfİg":{"Privileged":true}', { made: { Privileged: false } }),
  create('a Cyrillic letter', 'FIELD_UNKNOWN', 201, ',"НostConfig":{"Privileged":true}', {
    made: { Privileged: false },
  }),
  create('full width', 'FIELD_UNKNOWN', 201, ',"ＨostConfig":{"Privileged":true}', { made: { Privileged: false } }),
  create('a space behind a key', 'FIELD_UNKNOWN', 201, ',"HostConfig ":{"Privileged":true}', {
    made: { Privileged: false },
  }),
  create('NUL behind a key', 'FIELD_UNKNOWN', 201, String.raw`,"HostConfig\u0000":{"Privileged":true}`, {
    made: { Privileged: false },
  }),
  create('the same key twice', 'BODY_AMBIGUOUS', 201, `,"HostConfig":{}${HOST}`, ANY_HOST),
  create('the same key twice, merged', 'BODY_AMBIGUOUS', 201, `${HOST},"HostConfig":{"PidMode":"host"}`, {
    made: BOTH,
  }),
  create('two cases, merged', 'BODY_AMBIGUOUS', 201, `${HOST},"hostconfig":{"PidMode":"host"}`, { made: BOTH }),
  create('two foldings, merged', 'BODY_AMBIGUOUS', 201, `${HOST},"hoſtconfig":{"PidMode":"host"}`, { made: BOTH }),
  create('null behind it', 'BODY_AMBIGUOUS', 201, `${HOST},"hostconfig":null`, { made: { Privileged: false } }),
  create(
    'null behind a boolean',
    'BODY_AMBIGUOUS',
    201,
    ',"HostConfig":{"Privileged":true,"privileged":null}',
    ANY_HOST,
  ),
  create('false behind true', 'BODY_AMBIGUOUS', 201, ',"HostConfig":{"Privileged":false,"privileged":true}', ANY_HOST),
  create('a label twice', 'BODY_AMBIGUOUS', 201, ',"Labels":{"a":"1","a":"2"}', { made: { Labels: { a: '2' } } }),
  create('labels merged', 'BODY_AMBIGUOUS', 201, ',"Labels":{"a":"1"},"labels":{"b":"2"}', {
    made: { Labels: { a: '1', b: '2' } },
  }),
  create('labels that differ in case', 'read', 201, ',"Labels":{"a":"1","A":"2"}'),
  create('__proto__ as a label', 'read', 201, ',"Labels":{"__proto__":"x","constructor":"y"}'),
  create('__proto__ as a field', 'FIELD_UNKNOWN', 201, ',"__proto__":{"HostConfig":{"Privileged":true}}', {
    made: { Privileged: false },
  }),
  create('null as a label', 'read', 201, ',"Labels":{"a":null}'),
  create('null as HostConfig', 'read', 201, ',"HostConfig":null'),
  create('null as booleans', 'read', 201, ',"Tty":null,"HostConfig":{"Privileged":null,"PidMode":null,"Binds":null}'),
  create('null in a list', 'BODY_AMBIGUOUS', 201, ',"Cmd":["a",null]', { made: { Cmd: ['a', ''] } }),
  create('null as a device', 'BODY_AMBIGUOUS', 201, ',"HostConfig":{"Devices":[null]}'),
  create('null as a ulimit', 'BODY_AMBIGUOUS', 201, ',"HostConfig":{"Ulimits":[null]}'),
  create('a command as text', 'read', 201, ',"Cmd":"ls -l"', { made: { Cmd: ['ls -l'] } }),
  create('capabilities as text', 'BODY_INVALID', 201, ',"HostConfig":{"CapAdd":"ALL"}', { made: { CapAdd: ['ALL'] } }),
  create('text as a boolean', 'BODY_INVALID', 400, ',"HostConfig":{"Privileged":"true"}'),
  create('1 as a boolean', 'BODY_INVALID', 400, ',"HostConfig":{"Privileged":1}'),
  create('1e8 as an integer', 'BODY_INVALID', 400, ',"HostConfig":{"Memory":1e8}'),
  create('1.0 as an integer', 'BODY_INVALID', 400, ',"HostConfig":{"Memory":100000000.0}'),
  create('-0 as an integer', 'read', 201, ',"HostConfig":{"Memory":-0}'),
  create('2^53 + 1', 'read', 201, ',"HostConfig":{"NanoCpus":0,"ShmSize":9007199254740993}'),
  create('2^64', 'BODY_INVALID', 400, ',"HostConfig":{"Memory":18446744073709551616}'),
  create('a list as HostConfig', 'BODY_INVALID', 400, ',"HostConfig":[{"Privileged":true}]'),
  create('an object as a list', 'BODY_INVALID', 400, ',"HostConfig":{"Binds":{"0":"/:/h"}}'),
  // dockerd 26 still reads the fields of HostConfig there, if HostConfig itself is missing, and some beside it. dockerd 27 ignores them.
  create('a field of HostConfig outside', 'FIELD_UNKNOWN', 201, ',"Privileged":true', {
    ...ANY_HOST,
    madeSince27: { Privileged: false },
  }),
  create('such a field that is null', 'read', 201, ',"Privileged":null,"HostConfig":{"Memory":67108864}', {
    made: { Privileged: false, Memory: 67_108_864 },
  }),
  create(
    'an unknown field that is null',
    'read',
    201,
    ',"NetworkingConfig":{"web":null},"Frobnicate":null,"HostConfig":{}',
  ),
  create('an empty list of volumes outside', 'read', 201, ',"VolumesFrom":[],"HostConfig":{}', {
    made: { VolumesFrom: null },
  }),
  create('such a field in lower case', 'FIELD_UNKNOWN', 201, ',"privileged":true,"pidmode":"host"', {
    made: BOTH,
    madeSince27: { Privileged: false, PidMode: '' },
  }),
  create('a limit outside', 'FIELD_UNKNOWN', 201, ',"Memory":67108864,"HostConfig":{}', {
    made: { Memory: 67_108_864 },
    madeSince27: { Memory: 0 },
  }),
  create('the name of an embedded struct', 'FIELD_UNKNOWN', 201, ',"HostConfig":{"Resources":{"Memory":100000000}}', {
    made: { Memory: 0 },
  }),
  create('a dotted path as a key', 'FIELD_UNKNOWN', 201, ',"HostConfig.Privileged":true', {
    made: { Privileged: false },
  }),
  create('a lone surrogate', 'BODY_INVALID', 201, String.raw`,"Labels":{"a":"\ud800"}`, {
    made: { Labels: { a: '\ufffd' } },
  }),
  create('a name with NUL', 'read', 201, String.raw`,"User":"a\u0000b"`),
  create('a pair of surrogates', 'read', 201, String.raw`,"Labels":{"a":"\ud83d\ude00"}`, {
    made: { Labels: { a: '😀' } },
  }),
]

const GOOD = `{${IMAGE}}`
const user = (...bytes: readonly number[]): Uint8Array =>
  Buffer.concat([Buffer.from(`{${IMAGE},"User":"`), Buffer.from(bytes), Buffer.from('"}')])
const bare = (name: string, ours: ReadingCode, dockerd: number, body: string | Uint8Array): Trick => ({
  ...create(name, ours, dockerd, ''),
  body,
})

const AROUND: readonly Trick[] = [
  bare('a brace behind it', 'BODY_INVALID', 201, `${GOOD}}`),
  bare('a second value', 'BODY_INVALID', 400, `${GOOD}{"HostConfig":{"Privileged":true}}`),
  bare('a bracket and garbage behind it', 'BODY_INVALID', 201, `${GOOD}]garbage`),
  bare('a byte order mark', 'BODY_INVALID', 400, `\ufeff${GOOD}`),
  bare('a single-byte encoding', 'BODY_INVALID', 201, user(0xe9)),
  bare('an overlong encoding', 'BODY_INVALID', 201, user(0xc0, 0xaf)),
  bare('UTF-16', 'BODY_INVALID', 400, Buffer.from(GOOD, 'utf16le')),
  bare('null', 'BODY_MISSING', 400, 'null'),
  bare('nothing', 'BODY_MISSING', 400, ''),
]

const FORM = 'application/x-www-form-urlencoded'
const HEADERS: readonly Trick[] = [
  create('charset=utf-16', 'MEDIA_TYPE', 201, HOST, { ...withType('application/json; charset=utf-16'), ...ANY_HOST }),
  create('charset=utf-8', 'read', 201, HOST, withType('application/json; charset=utf-8')),
  create('a media type in upper case', 'read', 201, HOST, { ...withType('APPLICATION/JSON'), ...ANY_HOST }),
  create('text/json', 'MEDIA_TYPE', 400, HOST, withType('text/json')),
  create('no media type', 'MEDIA_TYPE', 400, HOST, { headers: [] }),
  create('a form', 'MEDIA_TYPE', 400, HOST, withType(FORM)),
  create('two media types', 'MEDIA_TYPE', 201, HOST, {
    headers: [...JSON_TYPE, ['Content-Type', 'text/plain']],
    ...ANY_HOST,
  }),
  create('two media types, JSON last', 'MEDIA_TYPE', 400, HOST, {
    headers: [['Content-Type', 'text/plain'], ...JSON_TYPE],
  }),
  create('a compression that is none', 'MEDIA_TYPE', 201, HOST, {
    headers: [...JSON_TYPE, ['Content-Encoding', 'gzip']],
    ...ANY_HOST,
  }),
  create('an upgrade', 'HEADER_UNEXPECTED', 201, HOST, { headers: [...JSON_TYPE, ['Upgrade', 'h2c']], ...ANY_HOST }),
  create('100-continue', 'read', 201, HOST, { headers: [...JSON_TYPE, ['Expect', '100-continue']] }),
  create('another expectation', 'HEADER_UNEXPECTED', 417, HOST, { headers: [...JSON_TYPE, ['Expect', 'x']] }),
]

const at = (target: string): Rest => ({ line: `POST ${target}`, ...ANY_HOST })
const TARGETS: readonly Trick[] = [
  create('no version', 'read', 201, HOST, at('/containers/create')),
  create('an older version', 'read', 201, HOST, at('/v1.40/containers/create')),
  create('an encoded letter', 'read', 201, HOST, at('/v1.45/%63ontainers/create')),
  create('an encoded slash', 'read', 201, HOST, at('/v1.45/containers%2Fcreate')),
  create('an encoded version', 'read', 201, HOST, at('/%76%31.45/containers/create')),
  create('a version with a zero', 'VERSION_UNKNOWN', 201, HOST, at('/v01.45/containers/create')),
  create('an absolute URL', 'PATH_AMBIGUOUS', 201, HOST, at('http://docker/v1.45/containers/create')),
  create('a URL of another scheme', 'PATH_AMBIGUOUS', 201, HOST, at('unix:/v1.45/containers/create')),
  create('two slashes', 'PATH_AMBIGUOUS', 301, HOST, { line: 'POST //v1.45//containers/create' }),
  create('the way through another folder', 'PATH_AMBIGUOUS', 301, HOST, {
    line: 'POST /v1.45/x/..%2Fcontainers/create',
  }),
  create('a slash behind it', 'PATH_AMBIGUOUS', 404, HOST, { line: 'POST /v1.45/containers/create/' }),
  create('encoded twice', 'PATH_AMBIGUOUS', 404, HOST, { line: 'POST /v1.45/%2563ontainers/create' }),
  create('a method in lower case', 'OPERATION_UNKNOWN', 404, HOST, { line: 'post /v1.45/containers/create' }),
  create('PUT', 'OPERATION_UNKNOWN', 404, HOST, { line: 'PUT /v1.45/containers/create' }),
  create('a name twice', 'QUERY_AMBIGUOUS', 201, HOST, at('/v1.45/containers/create?name=one&name=two')),
  create('a parameter in upper case', 'QUERY_UNKNOWN', 201, HOST, at('/v1.45/containers/create?NAME=upper')),
  create('a semicolon', 'QUERY_AMBIGUOUS', 400, HOST, { line: 'POST /v1.45/containers/create?name=a;b=c' }),
  create('empty pairs', 'read', 201, HOST, at('/v1.45/containers/create?&&n%61me=pairs&')),
]

const json = { headers: JSON_TYPE }
const form = { headers: [['Content-Type', FORM]] } as const
/** Of other operations, on a container `base`. */
const OTHERS: readonly Trick[] = [
  {
    name: 'a signal in a form',
    ours: 'MEDIA_TYPE',
    dockerd: 400,
    line: 'POST /containers/base/kill?signal=0',
    body: 'signal=NONSENSE',
    ...form,
  },
  {
    name: 'a condition in a form',
    ours: 'MEDIA_TYPE',
    dockerd: 400,
    line: 'POST /containers/base/wait?condition=removed',
    body: 'condition=x',
    ...form,
  },
  {
    name: 'a name in a form',
    ours: 'MEDIA_TYPE',
    dockerd: 204,
    line: 'POST /containers/base/rename',
    body: 'name=base2',
    ...form,
  },
  {
    name: 'a name in a form before that of the query',
    ours: 'MEDIA_TYPE',
    dockerd: 204,
    line: 'POST /containers/base2/rename?name=x',
    body: 'name=base',
    ...form,
  },
  { name: 'a build in a form', ours: 'MEDIA_TYPE', dockerd: 500, line: 'POST /build', body: 'securityopt=x', ...form },
  {
    name: 'a form of DELETE',
    ours: 'MEDIA_TYPE',
    dockerd: 404,
    line: 'DELETE /containers/none',
    body: 'force=1',
    ...form,
  },
  { name: 'an object to start', ours: 'read', dockerd: 204, line: 'POST /containers/base/start', body: '{}', ...json },
  { name: 'null to start', ours: 'read', dockerd: 304, line: 'POST /containers/base/start', body: 'null', ...json },
  {
    name: 'a body to start',
    ours: 'BODY_UNEXPECTED',
    dockerd: 400,
    line: 'POST /containers/base/start',
    body: '{"Binds":["/:/h"]}',
    ...json,
  },
  {
    name: 'a body to stop, as of dockerode',
    ours: 'read',
    dockerd: 204,
    line: 'POST /containers/base/stop?t=0',
    body: '{"t":0}',
    ...json,
  },
  {
    name: 'another body to stop',
    ours: 'BODY_UNEXPECTED',
    dockerd: 304,
    line: 'POST /containers/base/stop?t=0',
    body: '{"a":0}',
    ...json,
  },
  { name: 'null to commit', ours: 'read', dockerd: 201, line: 'POST /commit?container=base', body: 'null', ...json },
  { name: 'nothing to commit', ours: 'read', dockerd: 201, line: 'POST /commit?container=base' },
  {
    name: 'HostConfig to commit',
    ours: 'FIELD_UNKNOWN',
    dockerd: 201,
    line: 'POST /commit?container=base',
    body: '{"HostConfig":{}}',
    ...json,
  },
  {
    name: 'a brace behind a volume',
    ours: 'BODY_INVALID',
    dockerd: 201,
    line: 'POST /volumes/create',
    body: '{"Name":"v1"}}',
    ...json,
  },
  { name: 'no body for a volume', ours: 'BODY_MISSING', dockerd: 201, line: 'POST /volumes/create' },
  {
    name: 'a volume in lower case',
    ours: 'read',
    dockerd: 201,
    line: 'POST /volumes/create',
    body: '{"name":"v2","driveropts":{}}',
    ...json,
  },
  {
    name: 'options of a volume merged',
    ours: 'BODY_AMBIGUOUS',
    dockerd: 201,
    line: 'POST /volumes/create',
    body: '{"Name":"v3","DriverOpts":{"type":"none","o":"bind"},"driveropts":{"device":"/tmp"}}',
    ...json,
  },
  {
    name: 'exec in lower case',
    ours: 'read',
    dockerd: 409,
    line: 'POST /containers/base/exec',
    body: '{"cmd":["sh"],"privileged":true}',
    ...json,
  },
  {
    name: 'credentials as a body of a push',
    ours: 'read',
    dockerd: 200,
    line: 'POST /images/none/push',
    body: '{}',
    ...json,
  },
  {
    name: 'filters twice in JSON',
    ours: 'QUERY_AMBIGUOUS',
    dockerd: 200,
    line: 'GET /containers/json?filters={%22label%22:[%22a%22],%22label%22:[%22b%22]}',
  },
  {
    name: 'filters in the old form',
    ours: 'read',
    dockerd: 200,
    line: 'GET /containers/json?filters={%22label%22:{%22a%22:true}}',
  },
  {
    name: 'filters in upper case',
    ours: 'read',
    dockerd: 400,
    line: 'GET /containers/json?filters={%22Label%22:[%22a%22]}',
  },
  { name: 'two filters', ours: 'QUERY_AMBIGUOUS', dockerd: 400, line: 'GET /containers/json?filters={}{}' },
  { name: 'off as a boolean', ours: 'QUERY_AMBIGUOUS', dockerd: 200, line: 'GET /containers/json?all=off' },
  {
    name: 'a semicolon where nobody reads the query',
    ours: 'QUERY_AMBIGUOUS',
    dockerd: 200,
    line: 'GET /version?a=1;b=2',
  },
  { name: 'HEAD of GET', ours: 'OPERATION_UNKNOWN', dockerd: 404, line: 'HEAD /version' },
  { name: 'OPTIONS', ours: 'OPERATION_UNKNOWN', dockerd: 200, line: 'OPTIONS /version' },
  { name: 'HEAD of a ping', ours: 'read', dockerd: 200, line: 'HEAD /_ping' },
]

export const TRICKS: readonly Trick[] = [...BODIES, ...AROUND, ...HEADERS, ...TARGETS, ...OTHERS]
