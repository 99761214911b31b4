import { mutateDer, mutatePem } from './mutate-der.ts'
import { mutateJson } from './mutate-json.ts'
import type { Random } from './random.ts'

/** What mutations are made from. */
export interface Material {
  /** Inputs that were tried before. */
  readonly pool: readonly Buffer[]
  readonly words: readonly Buffer[]
  readonly format: 'json' | 'der' | 'pem' | undefined
  readonly longest: number
}

type Mutation = (bytes: Buffer, random: Random, material: Material) => Buffer

const NUMBERS = ['0', '-1', '1', '255', '65536', '2147483648', '4294967295', '4294967296', '9007199254740993', '1e309']
const LONG_NUMBERS = ['9'.repeat(40), '0.1', '0x10', '00', '-0', 'NaN']
const TEXT_WORDS = [...NUMBERS, ...LONG_NUMBERS, '\0', '\n', '\r\n', ' ', '\t', '"', "'", '\\', '/', '..', '\u{feff}']
const CODE_POINTS = ['\u{202e}', '\u{1f4a9}', '\ufffd', '__proto__', 'constructor', '%00', '%2e', '${x}', '-', ':', '=']
const GENERAL_WORDS: readonly Buffer[] = [
  ...[...TEXT_WORDS, ...CODE_POINTS].map((word) => Buffer.from(word)),
  Buffer.of(0xff),
  Buffer.of(0xc0, 0x80),
  Buffer.of(0xed, 0xa0, 0x80),
]
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

const flipBit: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  const at = random.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  return copy
}

const setByte: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  copy[random.below(copy.length)] = random.below(256)
  return copy
}

const setInteger: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  const width = Math.min(random.pick([1, 2, 3, 4]), copy.length)
  const at = random.below(copy.length - width + 1)
  const value = random.pick(EXTREMES) % 2 ** (8 * width)
  if (random.chance(0.7)) copy.writeUIntBE(value, at, width)
  else copy.writeUIntLE(value, at, width)
  return copy
}

const setNumber: Mutation = (bytes, random) => {
  const text = bytes.toString('latin1')
  const found = [...text.matchAll(/\d+/g)]
  if (found.length === 0) return insertWord(bytes, random, NO_WORDS)
  const { 0: digits, index } = random.pick(found)
  const number = Buffer.from(random.pick([...NUMBERS, ...LONG_NUMBERS]))
  return Buffer.concat([bytes.subarray(0, index), number, bytes.subarray(index + digits.length)])
}

const remove: Mutation = (bytes, random) => {
  const [from, to] = slice(bytes, random)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
}

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1))

const insertWord: Mutation = (bytes, random, { words }) => {
  const word = random.pick(words.length > 0 && random.chance(0.7) ? words : GENERAL_WORDS)
  const [from, to] = slice(bytes, random)
  return Buffer.concat([bytes.subarray(0, from), word, bytes.subarray(random.chance(0.5) ? from : to)])
}

/** Keeps the places of everything else, as in formats with fixed fields. */
const overwriteWord: Mutation = (bytes, random, { words }) => {
  const copy = Buffer.from(bytes)
  const word = random.pick(words.length > 0 && random.chance(0.7) ? words : GENERAL_WORDS)
  word.copy(copy, random.below(copy.length))
  return copy
}

const insertBytes: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const some = Buffer.from(Array.from({ length: random.scale(16) }, () => random.below(256)))
  return Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at)])
}

const splice: Mutation = (bytes, random, { pool }) => {
  const other = pool.length === 0 ? bytes : random.pick(pool)
  return Buffer.concat([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ])
}

/** Copies a slice to another place. */
const copySlice: Mutation = (bytes, random) => {
  const [from, to] = slice(bytes, random)
  const at = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, to), bytes.subarray(at)])
}

/** Repeats a slice, a line or a word in its place, up to the longest input: this is what finds quadratic time. */
const repeat: Mutation = (bytes, random, { words, longest }) => {
  const [from, to] = random.chance(0.3) ? line(bytes, random) : slice(bytes, random)
  const word = random.pick(words.length > 0 && random.chance(0.5) ? words : GENERAL_WORDS)
  const unit = random.chance(0.6) && to > from ? bytes.subarray(from, to) : word
  const most = Math.max(2, Math.floor((longest - bytes.length) / Math.max(1, unit.length)))
  const times = random.scale(random.chance(0.5) ? Math.min(most, 200) : most)
  const repeated = Buffer.alloc(unit.length * times, unit)
  return Buffer.concat([bytes.subarray(0, from), repeated, bytes.subarray(from)])
}

/** Repeats a line with a number that counts up, so that every line is another one. */
const count: Mutation = (bytes, random, { longest }) => {
  const [from, to] = line(bytes, random)
  const text = bytes.subarray(from, to).toString('latin1')
  const at = random.below(text.length + 1)
  const times = random.scale(Math.min(20_000, Math.floor((longest - bytes.length) / (text.length + 6))))
  const lines = Array.from({ length: times }, (_, index) => `${text.slice(0, at)}${index}${text.slice(at)}`)
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(lines.join(''), 'latin1'), bytes.subarray(to)])
}

function slice(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1)
  return [from, Math.min(bytes.length, from + random.scale(Math.max(1, bytes.length - from)))]
}

function line(bytes: Buffer, random: Random): [from: number, to: number] {
  const at = random.below(bytes.length + 1)
  const end = bytes.indexOf(0x0a, at)
  return [bytes.subarray(0, at).lastIndexOf(0x0a) + 1, end === -1 ? bytes.length : end + 1]
}

const NO_WORDS: Material = { pool: [], words: [], format: undefined, longest: 0 }
const SMALL: readonly Mutation[] = [
  flipBit,
  setByte,
  setInteger,
  setNumber,
  remove,
  truncate,
  insertWord,
  insertWord,
  overwriteWord,
  insertBytes,
  splice,
  copySlice,
]

/** An input made of a known one. */
export function mutate(bytes: Buffer, random: Random, material: Material): Buffer {
  let result = bytes
  const structured = { json: mutateJson, der: mutateDer, pem: mutatePem, '': undefined }[material.format ?? '']
  if (structured && random.chance(0.6)) {
    result = structured(result, random)
    if (random.chance(0.8)) return result.subarray(0, material.longest)
  }
  const times = random.pick([1, 1, 1, 2, 3, 5])
  for (let time = 0; time < times; time++) {
    const step = random.chance(0.05) ? random.pick([repeat, repeat, count]) : random.pick(SMALL)
    result = result.length === 0 ? insertWord(result, random, material) : step(result, random, material)
  }
  return result.subarray(0, material.longest)
}
