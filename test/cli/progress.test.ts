import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeContext, type CommandSpec, type Context } from '../../lib/cli/command.ts'
import { COMMANDS, type Entry } from '../../lib/cli/commands.ts'
import { confirm } from '../../lib/cli/terminal/confirm.ts'
import { addJsonLines, addYes } from '../../lib/cli/command-line/options.ts'
import { cut, textWidth } from '../../lib/base/terminal/text-width.ts'
import { makeProgress, withProgress } from '../../lib/cli/terminal/progress.ts'
import { askYes } from '../../lib/cli/terminal/prompt.ts'
import { duration, marksOf } from '../../lib/base/terminal/marks.ts'
import { ProvisionError } from '../../lib/base/errors.ts'
import { runStep, type StepEvent } from '../../lib/base/progress.ts'
import { runCommand } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { screenOf } from './support/screen.ts'
import { runCli } from './support/run-cli.ts'

const ESCAPE = '\u001B['
const UTF8 = { LANG: 'C.UTF-8', NO_COLOR: '1' }

interface Terminal {
  readonly tty?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
}

/** A context whose streams are strings. */
function pretend({ tty = true, columns = 60, rows = 24, env = UTF8 }: Terminal = {}): {
  context: Context
  out: () => string
  err: () => string
  screen: () => string[]
  keyboard: PassThrough
} {
  const said = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: tty,
    columns,
    rows,
    write: (text: string | Uint8Array) => (said[name] += String(text)),
  })
  const keyboard = Object.assign(new PassThrough(), { isTTY: tty })
  const { signal } = new AbortController()
  const io = { stdin: keyboard, stdout: stream('stdout'), stderr: stream('stderr'), env, signal, root: '/nonexistent' }
  const context = makeContext(io, { jsonLines: true, done: () => undefined })
  const [out, err] = [() => said.stdout, () => said.stderr]
  return { context, out, err, screen: () => screenOf(said.stderr, columns, rows), keyboard }
}

/** Time that passes when a test says so. */
function clock(t: TestContext): (milliseconds: number) => void {
  // Whole: a second after a fraction of one may be a little less than a second.
  let now = Math.ceil(performance.now())
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  return (milliseconds) => {
    now += milliseconds
    t.mock.timers.tick(milliseconds)
  }
}

const running = (step: string, rest: Partial<StepEvent> = {}): StepEvent => ({
  step,
  title: `${step} it`,
  state: 'running',
  ...rest,
})
const ended = (step: string, rest: Partial<StepEvent> = {}): StepEvent =>
  running(step, { state: 'done', milliseconds: 1234, ...rest })

describe('on a terminal', () => {
  test('one line a step, rewritten while it runs', (t) => {
    const pass = clock(t)
    const { context, screen } = pretend()
    const { onStep, close } = makeProgress(context, {})
    onStep(running('copy'))
    assert.deepEqual(screen(), ['⠋ copy it', ''])
    pass(100)
    assert.deepEqual(screen(), ['⠙ copy it', ''])
    pass(1400)
    assert.deepEqual(screen(), ['⠴ copy it  1 s', ''])
    onStep(ended('copy', { note: 'three files' }))
    assert.deepEqual(screen(), ['✓ copy it: three files  1.2 s', ''])
    onStep(running('restart'))
    onStep(running('restart', { state: 'waiting', note: 'port 2376' }))
    pass(2000)
    assert.deepEqual(screen().slice(1), ['⠴ restart it: waiting for port 2376  2 s', ''])
    onStep(ended('restart', { state: 'failed' }))
    onStep(ended('prove', { state: 'skipped', note: 'no identity' }))
    onStep(running('left'))
    close()
    close()
    const all = ['✓ copy it: three files  1.2 s', '✗ restart it  1.2 s', '- prove it: no identity  1.2 s']
    assert.deepEqual(screen(), [...all, '✗ left it: not finished', ''])
    pass(1000)
    assert.equal(screen().length, 5, 'the clock still runs')
  })

  test('what has not changed is not written again', (t) => {
    const pass = clock(t)
    const { context, err } = pretend()
    const { onStep, close } = makeProgress(context, {})
    onStep(ended('copy'))
    const before = err()
    pass(5000)
    assert.equal(err(), before)
    close()
  })

  test('never hides the cursor, and leaves it below its lines: nothing has to be repaired after a kill', (t) => {
    const pass = clock(t)
    const { context, err } = pretend()
    const { onStep } = makeProgress(context, {})
    for (const step of ['a', 'b']) onStep(running(step))
    pass(3000)
    assert.doesNotMatch(err(), /\?25/)
    assert.match(err(), /\n$/)
  })

  test('what is too long is cut while it runs, and folded when it has ended', (t) => {
    clock(t)
    const note = 'the port 2376 of 10.0.0.4 that opens rather late'
    for (const columns of [40, 60, 200]) {
      const { context, screen } = pretend({ columns })
      const { onStep, close } = makeProgress(context, {})
      onStep(running('restart', { state: 'waiting', note }))
      const [line = '', ...rest] = screen()
      assert.deepEqual(rest, [''])
      assert.ok(line.length < columns && line.length <= 80, line)
      assert.equal(line.endsWith('…'), columns < 100)
      onStep(ended('restart', { note }))
      const text = screen().filter((shown) => shown !== '')
      assert.ok(text.every((shown) => shown.length <= columns))
      const words = text.join(' ').replaceAll(/ +/g, ' ')
      assert.equal(words, `✓ restart it: ${note} 1.2 s`, 'a word is lost')
      assert.ok(text.slice(1).every((shown) => shown.startsWith('  ')))
      close()
    }
  })

  test('a terminal that is narrower than anything, or says nothing of its width, keeps its lines', (t) => {
    clock(t)
    for (const columns of [12, 0]) {
      const { context, err } = pretend({ columns })
      makeProgress(context, {}).onStep(running('restart', { note: 'x'.repeat(200) }))
      const [line = ''] = err().split('\n')
      assert.ok(line.length < (columns || 80) && line.endsWith('…'), line)
    }
  })

  test('foreign words can not move the cursor, and wide characters count twice', (t) => {
    clock(t)
    const { context, screen } = pretend({ columns: 40 })
    const { onStep } = makeProgress(context, {})
    onStep(running('a', { note: 'x\u001B[5Ay\nz' }))
    onStep(running('b', { note: '字'.repeat(40) }))
    const [first = '', second = ''] = screen()
    assert.equal(first, '⠋ a it: x<U+001B>[5Ay<U+000A>z')
    assert.equal(second, `⠋ b it: ${'字'.repeat(15)}…`)
  })

  test('at most as many lines as the terminal has', (t) => {
    const pass = clock(t)
    const { context, screen } = pretend({ rows: 5 })
    const { onStep, close } = makeProgress(context, {})
    for (let index = 0; index < 9; index++) onStep(running(`s${index}`))
    pass(300)
    assert.deepEqual(screen(), ['⠸ s0 it', '⠸ s1 it', '⠸ s2 it', '… and 6 more', ''])
    for (let index = 0; index < 9; index++) onStep(ended(`s${index}`, { milliseconds: 20 }))
    close()
    assert.deepEqual(
      screen(),
      Array.from({ length: 10 }, (_, index) => (index === 9 ? '' : `✓ s${index} it  20 ms`)),
    )
  })

  test('marks are in colour', (t) => {
    clock(t)
    const { context, err } = pretend({ env: { LANG: 'C.UTF-8' } })
    const { onStep } = makeProgress(context, {})
    onStep(ended('a'))
    onStep(ended('b', { state: 'failed' }))
    assert.ok(err().includes(`${ESCAPE}32m✓${ESCAPE}39m a it  1.2 s\n`))
    assert.ok(err().includes(`${ESCAPE}31m✗${ESCAPE}39m b it  1.2 s\n`))
  })

  test('a work that fails is closed, and its error comes through', async () => {
    const { context, screen } = pretend()
    const work = withProgress(context, {}, (onStep) =>
      runStep(onStep, { step: 'a', title: 'try' }, () => Promise.reject(new Error('no'))),
    )
    await assert.rejects(work, /^Error: no$/)
    const before = screen()
    assert.match(before.join('\n'), /^✗ try {2}\d+ ms\n$/)
    context.say('next')
    assert.deepEqual(screen(), [...before.slice(0, -1), 'next', ''])
    assert.equal(await withProgress(context, {}, () => Promise.resolve(7)), 7)
  })
})

describe('several hosts', () => {
  const names = ['build01', 'db.example.com']

  test('one line each, with the step that it is at', (t) => {
    const pass = clock(t)
    const { context, screen } = pretend()
    const { onStep, close } = makeProgress(context, {}, names)
    for (const subject of names) onStep(running('copy', { subject }))
    assert.deepEqual(screen(), ['⠋ build01         copy it', '⠋ db.example.com  copy it', ''])
    pass(2000)
    onStep(ended('copy', { subject: 'build01' }))
    assert.deepEqual(screen(), ['✓ build01         copy it  2 s', '⠋ db.example.com  copy it  2 s', ''])
    pass(1000)
    assert.match(screen()[0] ?? '', / 2 s$/, 'a host that is done has no clock')
    onStep(running('restart', { subject: 'build01', state: 'waiting', note: 'port 2376' }))
    assert.match(screen()[0] ?? '', /^⠋ build01 {9}restart it: waiting for port 2376 {2}3 s$/)
    onStep(ended('restart', { subject: 'build01' }))
    onStep(ended('copy', { subject: 'db.example.com', state: 'failed', note: 'no space' }))
    onStep(running('undo', { subject: 'db.example.com' }))
    assert.match(screen()[1] ?? '', /^⠋ db\.example\.com {2}undo it/)
    onStep(ended('undo', { subject: 'db.example.com' }))
    close()
    const last = ['✓ build01         restart it  3.0 s', '✗ db.example.com  copy it: no space  3.0 s', '']
    assert.deepEqual(screen(), last, 'a failure stays one')
  })

  test('nothing but skipped steps is no work; what has not ended is unfinished', (t) => {
    clock(t)
    const { context, screen } = pretend()
    const { onStep, close } = makeProgress(context, {}, names)
    onStep(ended('copy', { subject: 'build01', state: 'skipped', note: 'it is there' }))
    onStep(running('copy', { subject: 'db.example.com', note: 'one of three' }))
    close()
    const last = ['- build01         copy it: it is there  0 ms', '✗ db.example.com  copy it: not finished  0 ms', '']
    assert.deepEqual(screen(), last)
  })

  test('without their names each step says whose it is', (t) => {
    clock(t)
    const { context, screen } = pretend()
    const { onStep } = makeProgress(context, {})
    for (const subject of names) onStep(running('copy', { subject }))
    onStep(ended('copy', { subject: 'build01' }))
    assert.deepEqual(screen(), ['✓ build01: copy it  1.2 s', '⠋ db.example.com: copy it', ''])
  })
})

describe('whoever else writes', () => {
  test('writes above the lines', (t) => {
    clock(t)
    const { context, screen } = pretend()
    const { onStep, close } = makeProgress(context, {})
    onStep(running('copy'))
    context.say('said')
    context.warn('Look out.')
    assert.deepEqual(screen(), ['said', 'Warning: Look out.', '⠋ copy it', ''])
    close()
  })

  test('a question has the end of the screen for itself', async (t) => {
    const pass = clock(t)
    const { context, screen, keyboard } = pretend()
    const { onStep, close } = makeProgress(context, {})
    onStep(running('copy'))
    const asked = askYes('Go on?', context.io)
    const question = 'Go on? (yes or no):'
    assert.deepEqual(screen(), [question])
    pass(1000)
    onStep(ended('probe'))
    assert.deepEqual(screen(), [question], 'the line of the question is written over')
    keyboard.write('yes\n')
    assert.equal(await asked, true)
    // The terminal itself has shown what was typed, and its end.
    assert.match(screen().join('\n'), /^Go on\? \(yes or no\): ✓ probe it {2}1\.2 s\n⠙? ?.*copy it {2}1 s\n$/)
    close()
  })

  test('an error of the command comes below its steps', async (t) => {
    const spec: CommandSpec = {
      description: 'x',
      examples: [['docker-mtls testing', 'x']],
      define: (command, context) => {
        command.action(() =>
          withProgress(context, {}, (onStep) => {
            onStep(running('copy'))
            throw new ProvisionError('ERR_APPLY_INVALID', { tried: 'it', got: 'no', todo: 'Stop.' })
          }),
        )
      },
    }
    withCommand(t, spec)
    const { stderr } = await runCli(['testing'], { tty: true, columns: 60, env: UTF8 })
    assert.deepEqual(screenOf(stderr, 60), ['✗ copy it: not finished', 'ERR_APPLY_INVALID: it: no.', 'Stop.', ''])
  })
})

describe('in a log', () => {
  test('a line for each step that has ended, and no escape codes', (t) => {
    clock(t)
    const { context, err } = pretend({ tty: false, columns: 0 })
    const { onStep, close } = makeProgress(context, {}, ['a', 'b'])
    onStep(running('copy', { subject: 'a' }))
    onStep(ended('copy', { subject: 'a', note: 'x'.repeat(150) }))
    onStep(ended('prove', { state: 'skipped' }))
    onStep(ended('restart', { state: 'failed', subject: 'b' }))
    close()
    assert.equal(err(), `✓ a: copy it: ${'x'.repeat(150)}  1.2 s\n- prove it  1.2 s\n✗ b: restart it  1.2 s\n`)
  })

  test('a wait that lasts is said once, and a new one again', (t) => {
    const pass = clock(t)
    const { context, err } = pretend({ tty: false })
    const { onStep, close } = makeProgress(context, {})
    onStep(running('restart'))
    onStep(running('restart', { state: 'waiting', note: 'port 2376' }))
    pass(4000)
    onStep(running('restart', { state: 'waiting', note: 'port 2376' }))
    assert.equal(err(), '')
    pass(2000)
    const first = '… restart it: waiting for port 2376  for 6.0 s so far\n'
    assert.equal(err(), first)
    pass(60_000)
    assert.equal(err(), first)
    onStep(running('restart', { state: 'waiting', note: 'an answer' }))
    pass(5000)
    const second = `${first}… restart it: waiting for an answer  for 1 min 11 s so far\n`
    assert.equal(err(), second)
    onStep(running('prove'))
    onStep(ended('restart'))
    close()
    pass(60_000)
    assert.equal(err(), `${second}✓ restart it  1.2 s\n`, 'it goes on after its end')
  })

  test('a dumb terminal is one, and so is a locale without UTF-8', (t) => {
    clock(t)
    const { context, err } = pretend({ env: { TERM: 'dumb', LANG: 'C.UTF-8' } })
    const { onStep } = makeProgress(context, {})
    for (const state of ['running', 'done', 'skipped', 'failed'] as const) onStep({ step: 'a', title: 'it', state })
    assert.equal(err(), '+ it\n- it\nx it\n')
    const posix = pretend({ env: { LC_ALL: 'C', LANG: 'C.UTF-8', NO_COLOR: '1' }, columns: 40 })
    makeProgress(posix.context, {}).onStep(running('a', { note: 'x'.repeat(50) }))
    assert.match(posix.screen()[0] ?? '', /^\| a it: x+\.\.\.$/)
  })
})

describe('words', () => {
  const LOCALES: readonly (readonly [Record<string, string>, boolean, NodeJS.Platform?])[] = [
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'de_DE.UTF-8@euro' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'C' }, false],
    [{}, false],
    [{}, true, 'win32'],
    [{ LC_ALL: '', LC_CTYPE: '', LANG: 'C.UTF-8' }, true],
    [{ LC_CTYPE: 'C.UTF-8', LANG: 'C' }, true],
    [{ LC_ALL: 'POSIX', LC_CTYPE: 'C.UTF-8', LANG: 'C.UTF-8' }, false],
    [{ LANG: 'C.UTF-8', TERM: 'dumb' }, false],
  ]
  for (const [env, isUtf8, platform = 'linux'] of LOCALES) {
    test(`marks for ${JSON.stringify(env)} on ${platform}`, () => {
      const { done, failed, skipped, running: turning, more } = marksOf(env, platform)
      const all = [done, failed, skipped, ...turning, more].join('')
      // oxlint-disable-next-line no-control-regex -- what ASCII is
      assert.equal(!/^[\u0000-\u007F]*$/.test(all), isUtf8)
    })
  }

  test('lengths of time', () => {
    const rows = [
      [0, '0 ms'],
      [99.4, '99 ms'],
      [100, '0.1 s'],
      [1234, '1.2 s'],
      [59_940, '59.9 s'],
      [59_960, '1 min 0 s'],
      [125_000, '2 min 5 s'],
    ] as const
    for (const [milliseconds, words] of rows) assert.equal(duration(milliseconds), words)
  })

  test('widths', () => {
    assert.deepEqual(['abc', '字', 'e\u0301', '🙂', '✓'].map(textWidth), [3, 2, 1, 2, 1])
    assert.deepEqual([cut('abcdef', 6, '…'), cut('abcdef', 5, '…'), cut('ab def', 4, '…')], ['abcdef', 'abcd…', 'ab…'])
    assert.equal(cut('字字字', 4, '…'), '字…')
  })
})

/** A command that is there for one test. */
function withCommand(t: TestContext, spec: CommandSpec): void {
  const commands = COMMANDS as Entry[]
  commands.push({ words: ['testing'], summary: 'x', load: () => Promise.resolve(spec) })
  t.after(() => commands.pop())
}

/** A command with steps, which fails where it is told to, and asks first. */
const stepping: CommandSpec = {
  description: 'x',
  examples: [['docker-mtls testing', 'x']],
  jsonLines: true,
  define: (command, context) => {
    command.option('--fail', 'x')
    addJsonLines(addYes(command)).action(async (flags: { json?: true; yes?: true; fail?: true }) => {
      await confirm('Remove it all?', flags, context)
      const result = await withProgress(context, flags, (onStep) =>
        runStep(onStep, { step: 'a', title: 'first', subject: 'h' }, async (talk) => {
          talk.wait('a moment')
          if (flags.fail) throw new ProvisionError('ERR_APPLY_INVALID', { tried: 'it', got: 'no', todo: 'Stop.' })
          talk.result('well')
          return Promise.resolve({ type: 'mine', answer: 42 })
        }),
      )
      context.answer({ data: result, text: 'Done.\n' }, flags)
    })
  },
}

/** The objects on stdout, one a line. */
function linesOf(stdout: string): Record<string, unknown>[] {
  const lines = stdout.trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('--json', () => {
  test('is a line for each event, and one for the result; nothing on stderr', async (t) => {
    withCommand(t, stepping)
    for (const tty of [true, false]) {
      const { code, stdout, stderr } = await runCli(['testing', '--yes', '--json'], { tty })
      assert.deepEqual([code, stderr], [0, ''])
      const [begin, wait, end, result, ...rest] = linesOf(stdout)
      const about = { type: 'step', step: 'a', title: 'first', subject: 'h' }
      assert.deepEqual(begin, { ...about, state: 'running' })
      assert.deepEqual(wait, { ...about, state: 'waiting', note: 'a moment' })
      assert.deepEqual(end, { ...about, state: 'done', note: 'well', milliseconds: end?.['milliseconds'] })
      assert.equal(typeof end['milliseconds'], 'number')
      assert.deepEqual(result, { type: 'result', answer: 42 })
      assert.deepEqual(rest, [])
    }
  })

  test('an error is the last line, also one of the command line', async (t) => {
    withCommand(t, stepping)
    const rows = [
      [['--fail', '--yes'], 1, 'ERR_APPLY_INVALID', 4],
      [[], 1, 'ERR_CONFIRMATION_REQUIRED', 1],
      [['--nonsense'], 2, 'ERR_USAGE', 1],
      [['extra'], 2, 'ERR_USAGE', 1],
    ] as const
    for (const [argv, exitCode, expected, count] of rows) {
      const { code, stdout, stderr } = await runCli(['testing', ...argv, '--json'])
      const all = linesOf(stdout)
      const { type, error } = all.at(-1) as { type: string; error: { code: string; todo: string } }
      assert.deepEqual([code, all.length, type, error.code], [exitCode, count, 'error', expected])
      assert.ok(error.todo.length > 0)
      assert.match(stderr, new RegExp(`^${expected}: `))
    }
  })

  test('without --json the same command talks', async (t) => {
    withCommand(t, stepping)
    const { code, stdout, stderr } = await runCli(['testing', '--yes'], { env: UTF8 })
    assert.deepEqual([code, stdout], [0, 'Done.\n'])
    assert.match(stderr, /^✓ h: first: well {2}\d+ ms\n$/)
  })
})

describe('confirm', () => {
  const yes = '✓ h: first: well'
  const rows: readonly (readonly [string[], { tty?: boolean; typed?: string[] }, number, RegExp])[] = [
    [['--yes'], {}, 0, new RegExp(`^${yes}`)],
    [[], { tty: true, typed: ['yes\n'] }, 0, new RegExp(`^Remove it all\\? \\(yes or no\\): .*${yes}`, 's')],
    [[], { tty: true, typed: ['Y\n'] }, 0, new RegExp(yes)],
    [[], { tty: true, typed: ['\n'] }, 1, /\(yes or no\): Nothing was changed\.\n$/],
    [[], { tty: true, typed: ['no\n'] }, 1, /\(yes or no\): Nothing was changed\.\n$/],
    [[], { tty: true, typed: ['\u0003'] }, 130, /\(yes or no\): \n$/],
    [[], {}, 1, /^ERR_CONFIRMATION_REQUIRED: the question "Remove it all\?": .*\n.* {2}--yes\n$/],
  ]
  for (const [argv, options, expected, words] of rows) {
    test(`${JSON.stringify([argv, options])}: ${expected}`, async (t) => {
      withCommand(t, stepping)
      const { code, stdout, stderr } = await runCli(['testing', ...argv], { ...options, env: UTF8 })
      assert.deepEqual([code, stdout], [expected, expected === 0 ? 'Done.\n' : ''])
      assert.match(stderr, words)
    })
  }

  test('a no with --json is an error for a program', async (t) => {
    withCommand(t, stepping)
    const { code, stdout } = await runCli(['testing', '--json'], { tty: true, typed: ['no\n'] })
    assert.equal(code, 1)
    const report = { code: 'ERR_CONFIRMATION_REQUIRED', message: 'Nothing was changed.' }
    assert.deepEqual(JSON.parse(stdout), { type: 'error', error: report })
  })
})

/** One of our modules, as a program imports it. */
function ours(path: string): string {
  return JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href)
}

/** Runs some steps in a process whose terminal has that many columns, and says what it sent to the terminal. */
async function onTerminal(body: string, { columns = 50, env = {} } = {}): Promise<{ code: number; sent: string }> {
  const program = `
    import { makeContext } from ${ours('cli/command.ts')}
    import { withProgress } from ${ours('cli/terminal/progress.ts')}
    import { runStep } from ${ours('base/progress.ts')}
    import { setTimeout as sleep } from 'node:timers/promises'
    const { stdin, stdout, stderr, env } = process
    const signal = new AbortController().signal
    const context = makeContext({ stdin, stdout, stderr, env, signal, root: '/' }, { jsonLines: true, done() {} })
    ${body}`
  const line = [process.execPath, ...TYPESCRIPT, '--input-type=module', '-e', '"$PROGRAM"']
  const script = `stty cols ${columns} rows 20; ${line.join(' ')}`
  const { code, stdout } = await runCommand('script', ['-qec', script, '/dev/null'], {
    env: { TERM: 'xterm', SHELL: '/bin/sh', PROGRAM: program, ...env },
  })
  return { code, sent: stdout }
}

describe('on a real terminal', { skip: lacks('script') }, () => {
  const STEPS = `
    const host = (onStep, subject) => runStep(onStep, { step: 'a', title: 'first', ...subject }, async (talk) => {
      talk.wait('something that takes very much longer to say than there is room for')
      await sleep(1300)
      talk.result('well')
    })`

  test('steps stay on its screen as they ended', async () => {
    const { code, sent } = await onTerminal(`${STEPS}
      await withProgress(context, {}, async (onStep) => {
        await host(onStep)
        context.say('said')
        await runStep(onStep, { step: 'b', title: 'second' }, () => Promise.reject(new Error('no'))).catch(() => {})
      })`)
    const screen = screenOf(sent, 50, 20).join('\n')
    assert.equal(code, 0, sent)
    assert.match(screen, /^✓ first: well {2}1\.\d s\nsaid\n✗ second {2}\d+ ms\n$/)
    assert.ok(sent.includes(`${ESCAPE}32m✓`), 'it has colours')
    assert.match(sent, /first: waiting for something that takes ve?r?y?…  1 s/)
  })

  test('two hosts have a line each', async () => {
    const { sent } = await onTerminal(
      `${STEPS}
      const names = ['a', 'b.example.com']
      await withProgress(context, {}, (onStep) => Promise.all(names.map((subject) => host(onStep, { subject }))), names)`,
      { env: { NO_COLOR: '1' } },
    )
    const screen = screenOf(sent, 50, 20).join('\n')
    assert.match(screen, /^✓ a {14}first: well {2}1\.\d s\n✓ b\.example\.com {2}first: well {2}1\.\d s\n$/)
  })

  test('killed in the middle, it leaves a terminal that can be typed on', async () => {
    const { sent } = await onTerminal(`${STEPS}
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 400)
      await withProgress(context, {}, (onStep) => host(onStep))`)
    assert.match(screenOf(sent, 50, 20).join('\n'), /^. first: waiting .*…\n/)
    assert.ok(!sent.includes(`${ESCAPE}?`), 'it has modes to be put back')
  })

  test('with ASCII alone where the locale says so', async () => {
    const { sent } = await onTerminal(`${STEPS}\nawait withProgress(context, {}, (onStep) => host(onStep))`, {
      env: { LANG: 'C', NO_COLOR: '1' },
    })
    assert.match(screenOf(sent, 50, 20).join('\n'), /^\+ first: well {2}1\.\d s\n$/)
    // oxlint-disable-next-line no-control-regex -- what ASCII is
    assert.match(sent, /^[\u0000-\u007F]*$/)
  })
})

test('the clock of these tests is the real one again', async () => {
  const before = performance.now()
  await sleep(5)
  assert.ok(performance.now() > before)
})
