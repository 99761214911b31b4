import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { parseSubids, planUserns, withLine, type UsernsFacts, type UsernsPlan } from '../../lib/daemon.ts'
import { freeStart, limitsOf, RANGE_SIZE, overlap } from '../../lib/daemon-config/userns/parse-subids.ts'
import { inNamespaces } from '../../scripts/namespaces.ts'
import { lacks } from '../support/requirements.ts'
import { refuses } from './support/refuses.ts'
import { assertProperty, fc } from '../support/properties.ts'

const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  'ann:x:1500:1600::/home/ann:/usr/sbin/nologin',
  'ann:x:1599:1600:the first one counts:/:/usr/sbin/nologin',
  'bob:x:1501:1501::/home/bob:/bin/bash',
  'toor:x:0:0::/:/bin/false',
  '+::::::',
  '',
].join('\n')
const GROUP = 'root:x:0:\nann:x:1700:\nstaff:x:1600:ann\nbob:x:1501:\n'
const DOCKREMAP = { passwd: `${PASSWD}dockremap:x:104:108::/:/bin/false\n`, group: `${GROUP}dockremap:x:108:\n` }

function facts(both: string, more: Partial<UsernsFacts> = {}): UsernsFacts {
  return { passwd: PASSWD, group: GROUP, subuid: both, subgid: both, ...more }
}

describe('a file of subordinate ids', () => {
  test('blanks around a line, empty lines and comments are nothing', () => {
    assert.deepEqual(parseSubids('# c\n\n  ann:300000:65536  \r\n#ann:1:2\n1500:5:1'), {
      ranges: [
        { owner: 'ann', start: 300000, count: 65536, line: 3 },
        { owner: '1500', start: 5, count: 1, line: 5 },
      ],
      faults: [],
    })
  })

  const faulty: readonly (readonly [line: string, words: RegExp, stopsAll: boolean])[] = [
    ['bob:1', /three fields/, true],
    ['bob', /three fields/, true],
    ['bob:1:2:3', /three fields/, true],
    ['bob:x:65536', /"x" in .* is not a number/, false],
    ['bob:1:65536 # mine', /"65536 # mine" in .* is not a number/, false],
    ['bob:-5:65536', /"-5" in/, false],
    ['bob:1: 2', /" 2" in/, false],
    ['bob::', /"" in/, false],
    ['bob:1:99999999999999999999', /not a number/, false],
    ['bob:1:0', /empty range/, false],
    ['bob:4294967295:1', /beyond 4294967294/, false],
    ['bob:4294901760:65536', /beyond 4294967294/, false],
    ['bob:\u0007:1', /<U\+0007>/, false],
  ]
  for (const [line, words, stopsAll] of faulty) {
    test(`${JSON.stringify(line)} is reported, and the rest is read`, () => {
      const { ranges, faults } = parseSubids(`ann:1:2\n${line}\nann:3:4\n`)
      assert.deepEqual(
        ranges.map(({ line: number }) => number),
        [1, 3],
      )
      assert.equal(faults.length, 1)
      assert.equal(faults[0]?.line, 2)
      assert.equal(faults[0]?.owner, 'bob')
      assert.equal(faults[0]?.stopsAll, stopsAll)
      assert.match(faults[0]?.got ?? '', words)
    })
  }

  test('the last id of all is one', () => assert.equal(parseSubids('a:4294901759:65536').ranges.length, 1))

  const added: readonly (readonly [text: string | undefined, result: string])[] = [
    [undefined, 'x:1:2\n'],
    ['', 'x:1:2\n'],
    ['a:1:2\n', 'a:1:2\nx:1:2\n'],
    ['a:1:2', 'a:1:2\nx:1:2\n'],
  ]
  for (const [text, result] of added) {
    test(`a line is added to ${JSON.stringify(text)}`, () => assert.equal(withLine(text, 'x:1:2'), result))
  }
})

describe('a value of userns-remap on a host', () => {
  type Row = readonly [what: string, value: string, facts: UsernsFacts, plan: Partial<UsernsPlan>]
  const rows: readonly Row[] = [
    [
      'default, and nothing is there',
      'default',
      facts('', { subuid: undefined, subgid: undefined }),
      {
        user: 'dockremap',
        uid: undefined,
        group: 'dockremap',
        gid: undefined,
        subuid: [{ start: 100000, count: 65536 }],
        subgid: [{ start: 100000, count: 65536 }],
        rootUid: 100000,
        rootGid: 100000,
        dataFolder: '100000.100000',
        missing: { user: 'dockremap', subuid: 'dockremap:100000:65536', subgid: 'dockremap:100000:65536' },
        warnings: [],
      },
    ],
    [
      'default, and dockremap has no ranges',
      'default',
      facts('', DOCKREMAP),
      {
        uid: 104,
        gid: 108,
        missing: { subuid: 'dockremap:100000:65536', subgid: 'dockremap:100000:65536' },
      },
    ],
    [
      'default, and all is there',
      'default',
      facts('', { ...DOCKREMAP, subuid: 'dockremap:231072:65536\n', subgid: 'dockremap:300000:65536\n' }),
      { dataFolder: '231072.300000', rootUid: 231072, rootGid: 300000, missing: {}, warnings: [] },
    ],
    [
      'default, and its lines are there before it',
      'default',
      facts('dockremap:200000:65536\n'),
      { dataFolder: '200000.200000', missing: { user: 'dockremap' } },
    ],
    [
      'a user with several ranges has them in the order of the lines',
      'ann',
      facts('', { subuid: 'ann:300000:1000\nann:200000:65536\n', subgid: 'ann:400000:65536' }),
      {
        subuid: [
          { start: 300000, count: 1000 },
          { start: 200000, count: 65536 },
        ],
        dataFolder: '300000.400000',
        missing: {},
        warnings: [],
      },
    ],
    ['by its uid', 'ann', facts('1500:300000:65536'), { dataFolder: '300000.300000', missing: {}, warnings: [] }],
    [
      'by its uid, whatever is there by its name',
      'ann',
      facts('ann:400000:65536\n1500:300000:65536'),
      { subuid: [{ start: 300000, count: 65536 }], dataFolder: '300000.300000' },
    ],
    ['uid:gid', '1500:1600', facts('ann:300000:65536'), { user: 'ann', uid: 1500, group: 'staff', gid: 1600 }],
    ['user:group', 'ann:staff', facts('ann:300000:65536'), { group: 'staff', dataFolder: '300000.300000' }],
    ["a group's name is the user's", 'ann', facts('ann:300000:65536'), { group: 'ann', gid: 1700 }],
    [
      "the group's ranges are nobody's",
      'ann:staff',
      facts('', { subuid: 'ann:300000:65536', subgid: 'staff:400000:65536' }),
      { dataFolder: '300000.300000', missing: { subgid: 'ann:300000:65536' } },
    ],
    [
      'only one of the files has a range: the other gets the same start',
      'ann',
      facts('', { subgid: 'ann:700000:65536' }),
      { missing: { subuid: 'ann:700000:65536' }, dataFolder: '700000.700000' },
    ],
    [
      'or another, where somebody has that',
      'ann',
      facts('', { subuid: 'ann:100000:65536', subgid: 'bob:120000:10' }),
      { missing: { subgid: 'ann:120010:65536' }, dataFolder: '100000.120010' },
    ],
    [
      'both lack one: a start that is free in both',
      'ann',
      facts('', { subuid: 'bob:100000:65536', subgid: 'bob:165536:65536' }),
      { missing: { subuid: 'ann:231072:65536', subgid: 'ann:231072:65536' } },
    ],
    [
      'a short range within the first is seen, as dockerd 26.1.5 does not',
      'default',
      facts('bob:110000:1000\n'),
      { missing: { user: 'dockremap', subuid: 'dockremap:111000:65536', subgid: 'dockremap:111000:65536' } },
    ],
    [
      "accounts' own ids are not taken",
      'default',
      facts('', { passwd: `${PASSWD}far:x:120000:1::/:/bin/false\n`, group: `${GROUP}far:x:150000:\n` }),
      { dataFolder: '150001.150001' },
    ],
    [
      'the limits of login.defs are kept',
      'default',
      facts('', {
        loginDefs: 'SUB_UID_MIN\t\t  500000\n# SUB_GID_MIN 1\nSUB_GID_MIN 900000\nSUB_GID_MAX 2000000\n',
      }),
      { dataFolder: '900000.900000' },
    ],
    ['a user of uid 0 by another name', 'toor:staff', facts('toor:300000:65536'), { user: 'toor', uid: 0 }],
  ]
  for (const [what, value, given, expected] of rows) {
    test(what, () => {
      const plan = planUserns(value, given)
      for (const [key, wanted] of Object.entries(expected)) assert.deepEqual(Reflect.get(plan, key), wanted, key)
    })
  }

  const warned: readonly (readonly [what: string, value: string, facts: UsernsFacts, words: readonly RegExp[]])[] = [
    [
      'fewer than 65536',
      'ann',
      facts('ann:300000:1000'),
      [/"ann" has 1000 ids in \/etc\/subuid, .* file of uid 1000 or higher/, /in \/etc\/subgid, .* file of gid 1000/],
    ],
    ['65536 in two pieces is enough', 'ann', facts('ann:300000:65535\nann:400000:1'), []],
    [
      "others' ranges, by name and by uid",
      'ann',
      facts('', {
        subuid: 'ann:300000:65536\nbob:365535:1\n1501:299999:2\nzoe:365536:65536\nyan:200000:100000',
        subgid: 'ann:1000000:65536',
      }),
      [
        /In \/etc\/subuid the ranges 300000-365535 of "ann" and 365535-365535 of "bob" overlap/,
        /299999-300000 of "bob" \(uid 1501\) overlap/,
      ],
    ],
    [
      "accounts' ids",
      'ann',
      facts('', { subuid: 'ann:1000:65536', subgid: 'ann:1700:65536' }),
      [
        /uids 1000-66535 include those of "ann" \(1500\), "ann" \(1599\) and "bob" \(1501\)\./,
        /gids 1700-67235 include those of "ann" \(1700\)/,
      ],
    ],
    [
      'by name and by uid',
      'ann',
      facts('ann:400000:65536\n1500:300000:65536'),
      [/subuid has lines by the name "ann" and by its uid 1500.*another data folder/, /subgid has lines by/],
    ],
    [
      'by uid and by name',
      'ann',
      facts('', { subuid: '1500:300000:65536\nann:400000:65536', subgid: 'ann:1000000:65536' }),
      [/by its uid 1500\. .*Docker 28 uses both\.$/],
    ],
    [
      'many ranges',
      'ann',
      facts('', {
        subuid: Array.from({ length: 6 }, (_, index) => `ann:${(index + 1) * 100000}:20000`).join('\n'),
        subgid: 'ann:1000000:65536',
      }),
      [/6 ranges in \/etc\/subuid\. Kernels before 4\.15 accept at most 5/],
    ],
    [
      "others' faults",
      'ann',
      facts('', { subuid: 'bob:x:1\nann:300000:65536', subgid: 'ann:300000:65536' }),
      [/Line 1 of \/etc\/subuid is invalid, [^:]*: "x" in "bob:x:1" is not a number\./],
    ],
    ['a user who logs in', 'bob', facts('bob:300000:65536'), [/"bob" can log in, with "\/bin\/bash"/]],
    [
      'the group without the user',
      'default',
      facts('', { group: `${GROUP}dockremap:x:108:\n` }),
      [/group dockremap exists without its user/],
    ],
  ]
  for (const [what, value, given, words] of warned) {
    test(`warns of: ${what}`, () => {
      const { warnings } = planUserns(value, given)
      assert.equal(warnings.length, words.length, warnings.join('\n'))
      for (const [index, word] of words.entries()) assert.match(warnings[index] ?? '', word)
    })
  }

  const ok = facts('ann:300000:65536')
  const refused: readonly (readonly [what: string, value: string, facts: UsernsFacts, words: RegExp])[] = [
    ['no such user', 'zoe', ok, /no user "zoe"[^]*useradd --system --user-group .* zoe$/],
    ['no such uid', '4711', ok, /no user has the uid 4711[^]*useradd .* --uid 4711 NAME$/],
    [
      'no group of the name',
      'toor',
      ok,
      /no group "toor", which dockerd uses if you name no group[^]*groupadd --system toor$/,
    ],
    ['no group of the number', '1500', ok, /no group has the gid 1500[^]*1500:GID[^]* {2}id -g ann$/],
    ['no such group', 'ann:zoe', ok, /no group "zoe"[^]*groupadd --system zoe$/],
    ['no such gid', 'ann:4711', ok, /no group has the gid 4711[^]*groupadd --system --gid 4711 NAME$/],
    [
      'root by its name in the file',
      '7',
      facts('', { passwd: 'root:x:7:0::/:', group: 'r:x:7:' }),
      /without user names/,
    ],
    ['root', 'root', ok, /cannot remap root/],
    ['not a value', 'a:b:c', ok, /more than one colon/],
    [
      'dockremap without its group',
      'default',
      facts('', { passwd: DOCKREMAP.passwd }),
      /no group of that name[^]*groupadd --system dockremap$/,
    ],
    ["root's own ids", 'ann', facts('ann:0:65536'), /line 1 of \/etc\/subuid gives "ann" the id 0/],
    ['as a later range, too', 'ann', facts('ann:300000:65536\nann:0:1'), /line 2 of .* the id 0/],
    ['as gids', 'ann', facts('', { subuid: 'ann:1:2', subgid: 'ann:0:65536' }), /line 1 of \/etc\/subgid gives/],
    ['a range twice', 'ann', facts('ann:300000:65536\n\nann:310000:5'), /lines 1 and 3 of \/etc\/subuid overlap/],
    ['a line of nobody', 'ann', facts('bob:1\nann:300000:65536'), /line 1 of \/etc\/subuid: "bob:1" does not have/],
    ['a comment behind a number', 'ann', facts('ann:300000:65536 # x'), /line 1 of \/etc\/subuid: "65536 # x" in/],
    ['by the uid, too', 'ann', facts('1500:x:65536\nann:300000:65536'), /line 1 of .* "x" in/],
    ['a range of nothing', 'ann', facts('ann:300000:0'), /empty range/],
    [
      '341 ranges',
      'ann',
      facts(Array.from({ length: 341 }, (_, index) => `ann:${(index + 1) * 1000}:10`).join('\n')),
      /341 ranges in \/etc\/subuid, and the kernel accepts 340/,
    ],
    ['no room', 'ann', facts('bob:100000:600000000'), /no 65536 consecutive ids free between 100000 and 600100000/],
    ['no room by login.defs', 'ann', facts('', { loginDefs: 'SUB_UID_MAX 165534\n' }), /between 100000 and 165534/],
  ]
  for (const [what, value, given, words] of refused) {
    test(`refuses: ${what}`, () => refuses(() => planUserns(value, given), 'ERR_USERNS_INVALID', words))
  }

  test('340 ranges are taken', () => {
    const lines = Array.from({ length: 340 }, (_, index) => `ann:${(index + 1) * 1000 + 100000}:200`).join('\n')
    assert.equal(planUserns('ann', facts(lines)).subuid.length, 340)
  })

  test('a mistake in the call is one', () => {
    const call = planUserns as (value: unknown, facts: unknown) => unknown
    refuses(() => call('ann', { ...ok, sub_uid: '' }), 'ERR_OPTION_UNKNOWN')
    refuses(() => call('ann', { ...ok, passwd: undefined }), 'ERR_ARGUMENT_INVALID')
    refuses(() => call('ann', { ...ok, subuid: 7 }), 'ERR_ARGUMENT_INVALID')
    refuses(() => call('ann', null), 'ERR_ARGUMENT_INVALID')
    refuses(() => call(7, ok), 'ERR_ARGUMENT_INVALID')
  })
})

const RANGES = fc.array(
  fc.record({ start: fc.integer({ min: 0, max: 700_000 }), count: fc.integer({ min: 1, max: 90_000 }) }),
)

describe('a free range', () => {
  const rows: readonly (readonly [taken: readonly (readonly [start: number, count: number])[], start: number])[] = [
    [[], 100_000],
    [[[165_536, 1]], 100_000],
    [[[165_535, 1]], 165_536],
    [[[34_465, 65_536]], 100_001],
    [[[34_464, 65_536]], 100_000],
    [
      [
        [100_000, 200_000],
        [150_000, 1],
      ],
      300_000,
    ],
  ]
  for (const [taken, start] of rows) {
    test(`beside ${JSON.stringify(taken)} is ${start}`, () => {
      const ranges = taken.map(([first, count]) => ({ start: first, count }))
      assert.equal(freeStart(ranges, limitsOf(undefined, 'UID')), start)
    })
  }

  test('overlaps nobody, and is the lowest one', (t) => {
    assertProperty(
      t,
      fc.property(RANGES, (taken) => {
        const start = freeStart(taken, limitsOf(undefined, 'UID')) ?? assert.fail('no room')
        const isFree = (at: number): boolean => !taken.some((range) => overlap(range, { start: at, count: RANGE_SIZE }))
        assert.ok(isFree(start))
        // A lower one would begin at the limit or behind a range.
        const others = [100_000, ...taken.map((range) => range.start + range.count)]
        assert.ok(!others.some((other) => other >= 100_000 && other < start && isFree(other)))
      }),
    )
  })

  test('is the one that useradd takes', { skip: lacks('namespaces', 'useradd') }, async (t) => {
    assert.ok(inNamespaces())
    const files = ['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow', '/etc/subuid', '/etc/subgid']
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
    t.after(() => Promise.all(files.map((file, index) => writeFile(file, before[index] ?? ''))))
    const loginDefs = await readFile('/etc/login.defs', 'utf8')
    for (const text of [
      '',
      'a:110000:1000\n',
      'a:165536:65536\nb:100000:65536\n',
      'a:165535:1\n',
      'a:1:100000\n',
      'a:1:99999\n',
    ]) {
      await Promise.all([writeFile('/etc/subuid', text), writeFile('/etc/subgid', text)])
      const made = spawnSync('useradd', ['--user-group', '--no-create-home', 'judge'], { encoding: 'utf8' })
      assert.equal(made.status, 0, made.stderr)
      const line = parseSubids(await readFile('/etc/subuid', 'utf8')).ranges.find(({ owner }) => owner === 'judge')
      assert.equal(spawnSync('userdel', ['judge']).status, 0)
      assert.equal(freeStart(parseSubids(text).ranges, limitsOf(loginDefs, 'UID')), line?.start, JSON.stringify(text))
    }
  })
})
