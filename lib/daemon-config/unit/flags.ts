import { DaemonError } from '../../base/errors.ts'
import { quoteArgument, splitWords, wordOptions, type Word, type WordOptions } from './words.ts'
import { quoted } from '../../base/text.ts'

/** A flag of dockerd, or a word that isn't a flag, with its words in the command line. */
export interface Flag {
  /** The long name without its hyphens. Undefined for a word that isn't a flag, such as `$DOCKER_OPTS`. */
  readonly name: string | undefined
  /** The value, if it is known. */
  readonly value: string | undefined
  readonly words: readonly Word[]
}

/** dockerd's one-letter flags without a value, and then those with one (dockerd --help, moby cmd/dockerd/config.go). */
const SWITCHES: Readonly<Record<string, string>> = { D: 'debug', h: 'help', v: 'version' }
const SETTINGS: Readonly<Record<string, string>> = {
  H: 'host',
  G: 'group',
  b: 'bridge',
  g: 'data-root',
  l: 'log-level',
  p: 'pidfile',
  s: 'storage-driver',
}
/** The long flags that docker-mtls reads and that need a value: if they have no `=`, it is the next word. */
const WITH_VALUE = new Set([
  'authorization-plugin',
  'bridge-accept-fwmark',
  'config-file',
  'containerd',
  'data-root',
  'group',
  'host',
  'log-level',
  'tlscacert',
  'tlscert',
  'tlskey',
  'userns-remap',
])

/** A word that docker-mtls writes. */
export function ownWord(argument: string, options: WordOptions): Word {
  return { raw: quoteArgument(argument, options), text: argument, literal: argument }
}

/**
 * Groups the words of a dockerd command line into flags, by the rules of dockerd's parser (spf13/pflag): `-H X`, `-HX`,
 * `-H=X`, `-DH X`, `--host X`, `--host=X`.
 *
 * @param args - the raw words
 * @param options - how systemd parses them
 * @throws {@link DaemonError} `ERR_UNIT_INVALID` if the last flag has no value
 */
export function readFlags(args: readonly string[], options: WordOptions): Flag[] {
  // The next word is the last: shift() takes quadratic time.
  const queue = args.flatMap((raw) => splitWords(raw, options)).toReversed()
  const flags: Flag[] = []
  for (let word = queue.pop(); word !== undefined; word = queue.pop()) {
    if (/^--[^=]/.test(word.text)) flags.push(readLong(word, queue))
    else if (/^-[A-Za-z]/.test(word.text)) flags.push(...readShort(word, queue, options))
    else flags.push({ name: undefined, value: undefined, words: [word] })
  }
  return flags
}

/** The flags in a unit's command line. */
export function flagsOf({ args, prefix }: { readonly args: readonly string[]; readonly prefix: string }): Flag[] {
  return readFlags(args, wordOptions(prefix))
}

/** The value of a flag. If it is repeated, the last one counts. */
export function lastValue(flags: readonly Flag[], name: string): string | undefined {
  return flags.findLast((flag) => flag.name === name)?.value
}

/** Is a flag of the two values true and false on? Go's strconv.ParseBool knows three ways to write false. */
export function isOn({ value }: Flag): boolean {
  return value === undefined || !/^(?:0|f|false)$/i.test(value)
}

function readLong(word: Word, queue: Word[]): Flag {
  const { name = '', value } = /^--(?<name>[^=]+)(?:=(?<value>.*))?$/s.exec(word.text)?.groups ?? {}
  if (value === undefined && WITH_VALUE.has(name)) return withNext(name, word, queue)
  return { name, value: value === undefined ? undefined : word.literal?.slice(name.length + 3), words: [word] }
}

function withNext(name: string, word: Word, queue: Word[]): Flag {
  const next = queue.pop()
  if (next !== undefined) return { name, value: next.literal, words: [word, next] }
  throw new DaemonError('ERR_UNIT_INVALID', {
    tried: `reading the flags of the unit, ${quoted(word.text)}`,
    got: 'the flag has no value',
    todo: 'Correct the ExecStart= line: dockerd would not start either.',
  })
}

/** Parses one-letter flags, which may be combined in one word. The first that takes a value takes the rest of the word. */
function readShort(whole: Word, queue: Word[], options: WordOptions): Flag[] {
  const flags: Flag[] = []
  for (let word = whole; ; word = withoutLetter(word, options)) {
    const letters = word.text.slice(1)
    const first = letters[0] ?? ''
    const setting = SETTINGS[first]
    if (setting !== undefined) return [...flags, readSetting(setting, word, queue)]
    const name = SWITCHES[first]
    if (name === undefined || letters.length === 1 || letters[1] === '=')
      return [...flags, { name, value: undefined, words: [word] }]
    if (flags.length > MOST_LETTERS) throw tooManyLetters(whole)
    flags.push({ name, value: undefined, words: [ownWord(`-${first}`, options)] })
  }
}

/** dockerd has fewer one-letter flags. */
const MOST_LETTERS = 100

function tooManyLetters({ text }: Word): DaemonError {
  return new DaemonError('ERR_UNIT_INVALID', {
    tried: `reading the flags of the unit, ${quoted(text)}`,
    got: `the word has more than ${MOST_LETTERS} one-letter flags`,
    todo: 'Correct the ExecStart= line.',
  })
}

function withoutLetter(word: Word, options: WordOptions): Word {
  const rest = `-${word.text.slice(2)}`
  return { raw: quoteTail(word, rest, options), text: rest, literal: word.literal && `-${word.literal.slice(2)}` }
}

function readSetting(name: string, word: Word, queue: Word[]): Flag {
  if (word.text.length === 2) return withNext(name, word, queue)
  return { name, value: word.literal?.slice(word.text[2] === '=' ? 3 : 2), words: [word] }
}

/** Quotes the rest of a word after its first letter was removed, so that `%` and `$` keep their meaning for systemd. */
function quoteTail(word: Word, rest: string, options: WordOptions): string {
  if (word.literal !== undefined) return quoteArgument(`-${word.literal.slice(2)}`, options)
  return `"${rest.replace(/[\\"]/g, '\\$&')}"`
}
