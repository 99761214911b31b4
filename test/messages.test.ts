import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

const ROOT = new URL('..', import.meta.url)

/** The texts of our errors, warnings and explanations. What code decides on is their `code`, or parts of a sentence. */
const TEXTS = 'todo|got|tried|because|message'
const METHODS = 'replace|replaceAll|split|includes|match|matchAll|startsWith|endsWith|indexOf|search'
const READS = [
  // error.todo.replace(...), also on a destructured todo, behind an optional chain or a cast
  new RegExp(`\\b(?:${TEXTS})\\b\\)?\\??\\.(?:${METHODS})\\(`),
  // /.../.test(error.message), /.../.exec(got)
  new RegExp(`\\.(?:test|exec)\\([\\w.?]*\\b(?:${TEXTS})\\)`),
  // because === 'nothing sets it'
  new RegExp(`(?<!typeof )\\b(?:${TEXTS})\\b [!=]== ['"\`](?!['"\`])`),
]

/** Messages that others wrote, and that nothing but their words tells apart. */
const FOREIGN: Readonly<Record<string, string>> = {
  'lib/engine/workflows/build/failure.ts': "the builder's words hold the exit code of a step",
  'lib/transport/body.ts': "Node's own message on what can't be JSON: the first of its lines is quoted",
  'lib/engine/query.ts': "Node's own message on what can't be JSON: the first of its lines is quoted",
  'lib/engine/daemon-messages.ts': "the daemon's messages: several failures have the same status",
  'lib/cli/command-line/usage-errors.ts': "commander's message holds the option that it refuses",
  'lib/apply/rollback/old-daemon.ts': "Node's own message on a JSON file: the first of its lines is quoted",
}

function sources(): string[] {
  return readdirSync(new URL('lib', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `lib/${path.replaceAll('\\', '/')}`)
}

function readersIn(path: string): string[] {
  const lines = readFileSync(new URL(path, ROOT), 'utf8').split('\n')
  return lines.filter((line) => !/^\s*(?:\*|\/[/*])/.test(line) && READS.some((read) => read.test(line)))
}

describe('the wording of a message', () => {
  test('is read and patched by no code of ours', () => {
    const known = Object.keys(FOREIGN)
    const found = sources().flatMap((path) => readersIn(path).map((line) => `${path}: ${line.trim()}`))
    const strange = found.filter((each) => !known.some((path) => each.startsWith(`${path}: `)))
    assert.deepEqual(
      strange,
      [],
      "pass a code or the part of a sentence instead; another program's message: see FOREIGN",
    )
  })

  test('is on the list of foreign messages only where it is read', () => {
    for (const path of Object.keys(FOREIGN)) assert.notDeepEqual(readersIn(path), [], path)
  })

  test('is found in each way to read it', () => {
    const ways = [
      "if (error.todo.includes('x')) return",
      "const [first] = got.split('\\n')",
      'return /x/.test(error.message)',
      "cause.got.replace(/x$/, '')",
      "(cause as Error).message.split('\\n')",
      "step.because === 'nothing sets it'",
    ]
    for (const way of ways)
      assert.ok(
        READS.some((read) => read.test(way)),
        way,
      )
    for (const fine of ["codes.includes('x')", 'error.message.length', '/x/.test(text)', "code === 'ERR_X'"]) {
      assert.ok(!READS.some((read) => read.test(fine)), fine)
    }
  })
})
