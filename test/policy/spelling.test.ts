import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BODIES } from '../../lib/engine/body-fields/table.ts'
import { decide, definePolicy } from '../../lib/policy.ts'
import { renderJson } from '../../lib/policy/json.ts'
import { HARMLESS } from '../../lib/policy/judging/fields.ts'
import { HOST_CONFIG } from '../../lib/policy/judging/host-config.ts'
import { OPERATIONS } from '../../lib/policy/operations.ts'
import { writeRequest } from '../../lib/policy/writing.ts'
import { Random } from '../fuzz/random.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { SENT_BODY } from './reading/arbitraries.ts'
import {
  bodyWith,
  KEY,
  OTHER_KEYS,
  pathOf,
  placesIn,
  respell,
  SPELLINGS,
  spellLetter,
  type Place,
} from './reading/spelling.ts'
import { plain, read, refusal, toRequest } from './reading/support.ts'

/** Each operation that has a body, with the fields of the body at every depth. */
const BODIED = OPERATIONS.flatMap(({ name, method, path }) => {
  const form = BODIES[name]
  const line = `${method} ${path.replaceAll(/\{\w+\}/g, 'a')}`
  return form === undefined ? [] : [{ name, form, line, places: placesIn(form) }]
})

test('names of the API in any case and folding, at every depth, are read and written as the names', (t) => {
  const seen = new Set<string>()
  assertProperty(
    t,
    fc.property(SENT_BODY, fc.nat(), ({ name, body }, seed) => {
      const { form = '', line = '' } = BODIED.find((one) => one.name === name) ?? {}
      const random = new Random(seed)
      const letters = (key: string): string[] => key.split('').map((letter) => spellLetter(random, letter))
      const sent = respell(body, form, (key) => letters(key).join(''))
      const [spelled, expected] = [read(line, sent), read(line, renderJson(body))]
      assert.deepEqual(plain(expected.body), plain(body))
      assert.deepEqual(plain(spelled.body), plain(body), sent)
      assert.equal(writeRequest(spelled).body, writeRequest(expected).body)
      if (sent !== renderJson(body)) seen.add(name)
    }),
    { numRuns: 1_500 },
  )
  // The bodies of these are lists or have one field, which is often missing.
  assert.deepEqual(
    BODIED.map(({ name }) => name).filter((name) => !seen.has(name)),
    ['plugins.set'],
  )
})

const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'baseline', level: 'baseline', only: { images: [], labels: [] } },
    { name: 'restricted', level: 'restricted', deny: { capabilities: ['CHOWN'] } },
    { name: 'owner', level: 'baseline', owner: 'a' },
  ].map((rule) => ({ ...rule, who: { socket: rule.name } }) as never),
})

/** What each rule says of a body: verdict, codes and places, and what it would have to know. */
const decisionsOn = (line: string, body: string): unknown =>
  ['baseline', 'restricted', 'owner'].map((socket) => {
    const { verdict, reasons, needs } = decide(POLICY, { socket }, toRequest(line, body))
    return [verdict, ...reasons.map(({ code, where, got }) => `${code} ${where}: ${got}`), ...needs.map(Object.values)]
  })

/** Values that judges refuse, by the form of a field. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  s: ['"host"', '"container:x"', '"/"', '"rtprio"', '"rshared"', '"8.8.8.0/24"', '"80"'],
  b: ['true'],
  i: ['-1', '1'],
  n: ['0.5'],
  c: [],
  '': ['"x"', '["x"]'],
  '[s': ['["ALL"]', '["/:/h"]', '["seccomp=unconfined"]', '[]'],
  '*s': ['{"a":"b"}', '{"type":"none","o":"bind","device":"/etc"}'],
}

/** Of another type, some objects are refused by their presence. */
function valuesOf(form: string): readonly string[] {
  const known = VALUES[form.startsWith('s=') ? 's' : form]
  if (known) return known
  if (form.startsWith('[')) return valuesOf(form.slice(1)).map((value) => `[${value}]`)
  if (form.startsWith('*')) return valuesOf(form.slice(1)).map((value) => `{"${KEY}":${value}}`)
  return ['{}']
}

/** A mount counts only with its type. */
const BESIDE = ['"Type":"bind"', '"Type":"volume"'].map((fields) => ({ type: 'Mount', fields }))

type Body = (spell?: (name: string, index: number) => string) => string

/** A body with a value in this place, because of which a rule decides otherwise than without it. */
function bodyThatCounts(line: string, place: Place): Body | undefined {
  const isInMount = place.steps.some(({ type, name }) => type === 'Mount' && name !== 'Type')
  for (const beside of isInMount ? BESIDE : [undefined]) {
    const without = JSON.stringify(decisionsOn(line, bodyWith(place, 'null', undefined, beside)))
    for (const value of valuesOf(place.form)) {
      const body: Body = (spell) => bodyWith(place, value, spell, beside)
      if (JSON.stringify(decisionsOn(line, body())) !== without) return body
    }
  }
  return undefined
}

test('a field that counts does so in each spelling of its own name, and of each name above it', () => {
  const counted = new Set<string>()
  for (const { name, line, places } of BODIED) {
    for (const place of places) {
      const body = bodyThatCounts(line, place)
      if (body === undefined) continue
      counted.add(`${name} ${pathOf(place)}`)
      const expected = decisionsOn(line, body())
      for (const spell of Object.values(SPELLINGS))
        for (const [changed, { kind }] of place.steps.entries()) {
          if (kind !== 'field') continue
          const spelled = body((key, index) => (index === changed ? spell(key) : key))
          assert.deepEqual(decisionsOn(line, spelled), expected, `${name} ${spelled}`)
        }
    }
  }
  const judged = Object.entries(HOST_CONFIG).flatMap(([field, judge]) => (judge === HARMLESS ? [] : [field]))
  const isCounted = (field: string): boolean =>
    [...counted].some((one) => `${one}.`.startsWith(`containers.create HostConfig.${field}.`))
  assert.deepEqual(
    judged.filter((field) => !isCounted(field)),
    [],
  )
  assert.ok(counted.size > 150, [...counted].join('\n'))
})

test('a key that only looks like a name is unknown, and two spellings of one name are ambiguous, at every depth', () => {
  for (const { line, places } of BODIED)
    for (const place of places) {
      const last = place.steps.length - 1
      const where = (name: string): string => [pathOf(place).split('.').slice(0, -1), name].flat().join('.')
      const name = place.steps.at(-1)?.name ?? ''
      for (const spell of OTHER_KEYS.filter((one) => one(name) !== name)) {
        const body = bodyWith(place, 'true', (key, index) => (index === last ? spell(key) : key))
        const { code, where: found } = refusal(line, body)
        assert.deepEqual([code, found], ['FIELD_UNKNOWN', where(JSON.parse(`"${spell(name)}"`) as string)], body)
      }
      for (const spell of Object.values(SPELLINGS)) {
        const twice = bodyWith(place, 'null', (key, index) => (index === last ? `${key}":null,"${spell(key)}` : key))
        assert.equal(refusal(line, twice).code, 'BODY_AMBIGUOUS', twice)
      }
    }
})

test('keys of maps are not folded, at any depth', () => {
  const KEYS = ['Name', 'name', 'NAME', 'Labels', 'LABELS', 's', 'S', '\u017f', 'k', 'K', '\u212a', '__proto__']
  const SPECIMENS: Readonly<Record<string, string>> = { '*s': '"x"', '*': '"x"' }
  const names = new Set<string>()
  for (const { line, places } of BODIED)
    for (const place of places.filter(({ form }) => form.startsWith('*'))) {
      const specimen = SPECIMENS[place.form] ?? (place.form.startsWith('*[') ? '[]' : '{}')
      const map = `{${KEYS.map((key) => `${JSON.stringify(key)}:${specimen}`).join(',')}}`
      let found = read(line, bodyWith(place, map)).body
      for (const { name } of place.steps) found = (found as Record<string, never>)[name]
      assert.deepEqual(Object.keys(found as object), KEYS, pathOf(place))
      names.add(place.steps.at(-1)?.name ?? '')
      const twice = bodyWith(place, `{"ab":${specimen},"\\u0061b":${specimen}}`)
      assert.equal(refusal(line, twice).code, 'BODY_AMBIGUOUS', twice)
    }
  for (const name of ['Labels', 'Options', 'DriverOpts', 'Sysctls', 'Config', 'EndpointsConfig', 'PortBindings'])
    assert.ok(names.has(name), name)
})
