import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quoteArgument, quoteExecutable, splitWords } from '../../lib/daemon-config/unit/words.ts'
import { refuses } from './support/refuses.ts'
import { carriable } from './support/strings.ts'
import { assertProperty, fc } from '../support/properties.ts'

describe('quoting one argument for systemd', () => {
  const rows: readonly (readonly [argument: string, quoted: string])[] = [
    ['-H', '-H'],
    ['fd://', 'fd://'],
    ['tcp://[::]:2376', 'tcp://[::]:2376'],
    ['--tlscert=/home/user/.docker/server-cert.pem', '--tlscert=/home/user/.docker/server-cert.pem'],
    ['', '""'],
    [';', '";"'],
    ['/a b', '"/a b"'],
    ['/a\tb', '"/a\\tb"'],
    ['/say "hi"', '"/say \\"hi\\""'],
    ["/it's", `"/it's"`],
    ['/100%', '"/100%%"'],
    ['%h', '"%%h"'],
    ['$HOME', '"$$HOME"'],
    ['/x${HOME}y', '"/x$${HOME}y"'],
    ['a\\', '"a\\\\"'],
    ['\\;', '"\\\\;"'],
    ['#no comment', '"#no comment"'],
    ['/ünïcode/文', '"/ünïcode/文"'],
  ]
  for (const [argument, quoted] of rows) {
    test(JSON.stringify(argument), () => {
      assert.equal(quoteArgument(argument), quoted)
      assert.deepEqual(
        splitWords(quoted).map((word) => word.literal),
        [argument],
      )
    })
  }

  test('after the prefix : a $ is itself', () => {
    assert.equal(quoteArgument('$HOME', { variables: false }), '"$HOME"')
    assert.equal(splitWords('"$HOME"', { variables: false })[0]?.literal, '$HOME')
  })

  for (const bad of [
    '\n',
    '\r',
    '\0',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\ud800',
    '\udc00x',
    '\ufffe',
    '\ufdd0',
    '\u{1ffff}',
  ]) {
    test(`${JSON.stringify(bad)} is refused`, () =>
      refuses(() => quoteArgument(`/a${bad}b`), 'ERR_PATH_INVALID', /U\+/))
  }

  test('the executable: % is doubled, $ is not, and what systemd refuses is refused', () => {
    assert.equal(quoteExecutable('/opt/100% $x/dockerd'), '"/opt/100%% $x/dockerd"')
    for (const bad of ['"', "'", '\\', '\t']) refuses(() => quoteExecutable(`/o${bad}/dockerd`), 'ERR_PATH_INVALID')
  })

  test('split is the inverse of quote, for any arguments', (t) => {
    assertProperty(
      t,
      fc.property(fc.array(carriable()), fc.boolean(), (args, variables) => {
        const line = args.map((argument) => quoteArgument(argument, { variables })).join(' ')
        assert.doesNotMatch(line, /[\n\r]/)
        assert.deepEqual(
          splitWords(line, { variables }).map((word) => word.literal),
          args,
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe('splitting a command line of a unit', () => {
  const rows: readonly (readonly [line: string, words: readonly (string | undefined)[]])[] = [
    ['', []],
    ['   \t ', []],
    ['a  b\tc', ['a', 'b', 'c']],
    [`--userns-remap="default"`, ['--userns-remap=default']],
    [`x'a b'y"c d"z`, ['xa byc dz']],
    [`'it"s' "it's"`, ['it"s', "it's"]],
    [`""`, ['']],
    [`"a\\tb\\s\\x41\\u00e4\\U0001F600\\101"`, ['a\tb Aä😀A']],
    [`a\\ b \\;`, ['a\\ b', ';']],
    [`a\\db`, ['a\\db']],
    [`\\xff`, ['\\xff']],
    ['$DOCKER_OPTS', [undefined]],
    ['${OPTS}', [undefined]],
    ['--x=${OPTS}', [undefined]],
    ['--x=$OPTS', ['--x=$OPTS']],
    ['$$OPTS', ['$OPTS']],
    ['$$${X}', [undefined]],
    ['unix://%t/docker.sock', [undefined]],
    ['%%t', ['%t']],
    ['%%%', [undefined]],
    ['; ";"', [';', ';']],
  ]
  for (const [line, words] of rows) {
    test(JSON.stringify(line), () =>
      assert.deepEqual(
        splitWords(line).map((word) => word.literal),
        words,
      ),
    )
  }

  test('raw words are kept as they are', () => {
    assert.deepEqual(
      splitWords(` "a b"  'c'd $X; ; `).map((word) => word.raw),
      ['"a b"', "'c'd", '$X;', ';'],
    )
  })

  for (const line of ['"', "a 'b", 'a "b\\"', 'x\\', 'a b"c']) {
    test(`${JSON.stringify(line)} is refused`, () => refuses(() => splitWords(line), 'ERR_UNIT_INVALID'))
  }

  test('a long line with many quotes takes no long time', () => {
    refuses(() => splitWords('\\'.repeat(200_001)), 'ERR_UNIT_INVALID')
    refuses(() => splitWords(`"${'\\"'.repeat(100_000)}`), 'ERR_UNIT_INVALID')
  })
})
