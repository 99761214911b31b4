import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

const TCP = ['--host', 'tcp://127.0.0.1:1', '--cert-path', '.']
const TIMES = ['x', '-1s', '0', '1e3', '5 m', '10x', '99999999999h']
const HOSTS = ['tcp://h:99999', 'udp://h', 'unix:relative', 'h o s t', 'tcp://user:pw@h', 'tcp://h?x']
const LISTENERS = ['2376', ':99999', 'udp://0.0.0.0:2376', '0.0.0.0:0', 'x y', '127.0.0.1', '0.0.0.0:2375']
const DAYS = ['x', '0', '-5', '1.5', '1e3', '0x10', '99999999']

/** Command lines that end in a wrong value, and wrong values for it. */
const WRONG: readonly (readonly [before: string, values: readonly string[]])[] = [
  ...['ping', 'explain', 'doctor', 'audit', 'harden web', 'bridge --socket s', 'context create new'].map(
    (words) => [`${words} --cert-path . --host`, HOSTS] as const,
  ),
  ['client env ann --host', [...HOSTS, 'unix:///x']],
  ['ping --context', ['a/b', '..', '']],
  ...['ping', 'doctor', 'audit', 'harden web'].map((words) => [`${words} ${TCP.join(' ')} --timeout`, TIMES] as const),
  ['ping --wait', TIMES],
  ['harden web --try --wait', TIMES],
  ['audit --request-timeout', TIMES],
  ['setup ssh://root@h --rollback-after', [...TIMES, '5s', '2h']],
  ['daemon apply --from . --rollback-after', [...TIMES, '5s', '2h']],
  ['cert list --expiring', ['x', '0', '-1d', '10y']],
  ['cert schedule --expiring', ['x', '0', '-1d', '10y']],
  ...['cert ca', 'cert server h', 'cert client ann', 'cert renew', 'cert rotate-ca'].map(
    (words) => [`${words} --days`, DAYS] as const,
  ),
  ...['init h', 'cert ca', 'cert server h', 'cert client ann', 'client request ann'].map(
    (words) => [`${words} --key-type`, ['dsa', 'rsa1024', '']] as const,
  ),
  ...['init h', 'setup ssh://root@h', 'daemon render'].map((words) => [`${words} --listen`, LISTENERS] as const),
  ...['init h', 'daemon render'].map((words) => [`${words} --tlsdir`, ['relative', '/a/../b', '']] as const),
  ...['init h', 'daemon render'].map((words) => [`${words} --userns-remap=`, ['a b', ':', 'a:b:c', '-x']] as const),
  ['init', ['h o', '999.1.1.1', '-', '*']],
  ['cert server', ['h o', '999.1.1.1']],
  ['cert client', ['a/b', '..', 'a\nb']],
  ['client request', ['a/b', '..']],
  ['init h --client', ['a/b', '..', '']],
  ['setup', ['h', 'tcp://h', 'ssh://a:b@h', 'ssh://-oProxyCommand=id', 'ssh://h/x']],
  ['client env ann --shell', ['tcsh', '']],
  ['completion', ['tcsh']],
  ['cert rotate-ca --phase', ['5', 'x']],
  ['cert sign package.json --days', ['x', '1e3', '']],
  ['ping --proxy', ['ftp://p', 'socks5://p:1', 'p p']],
  ['audit --only', ['NO-SUCH', '']],
  ['audit --skip', ['NO-SUCH', '']],
  ['audit --fail-on', ['never', '']],
  ['audit --format', ['pdf', '']],
  ['audit --profile', ['none', '']],
  ['harden web --format', ['pdf', '']],
  ['context create --host unix:///x', ['a/b', 'default', 'x']],
  ['context rm', ['a/b', 'default']],
  ['context export', ['a/b', 'default']],
]

test('the message says which limit a time is beyond', async () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['ping --timeout 0', /--timeout "0": it is not more than 0\./],
    ['ping --timeout=-1s', /--timeout "-1s": it is not more than 0\./],
    ['ping --timeout x', /it is not a length of time\./],
    [
      'setup ssh://root@h --rollback-after 1s',
      /--rollback-after "1s": it is less than 10 seconds\.\nGive .*10 to 3600/,
    ],
    ['setup ssh://root@h --rollback-after 2h', /--rollback-after "2h": it is more than an hour\./],
  ]
  for (const [line, says] of rows) assert.match((await runCli(line.split(' '))).stderr, says)
})

/** Options whose values stand in files or other options, too, so the message names what the value is. */
const ALSO_IN_FILES = new Set(['--listen', '--userns-remap', '--client'])

describe('a wrong value on the command line ends with exit code 2, and the message names the option', () => {
  for (const [before, values] of WRONG) {
    test(before, async (t) => {
      const home = await temporaryFolder(t)
      for (const value of values) {
        const words = before.split(' ')
        const argv = before.endsWith('=') ? [...words.slice(0, -1), `${words.at(-1)}${value}`] : [...words, value]
        const { code, stdout, stderr } = await runCli(argv, { env: { HOME: home } })
        assert.equal(code, 2, `${argv.join(' ')}: ${stderr}`)
        assert.match(`${stderr}${stdout}`, /^(?:ERR_[A-Z_]+:|failed) /m)
        const [, flag] = / (--[a-z-]+)=?$/.exec(before) ?? []
        if (flag === undefined || ALSO_IN_FILES.has(flag)) continue
        assert.ok(`${stderr}${stdout}`.includes(flag), `${flag} is not named: ${stderr}${stdout}`)
      }
    })
  }
})
