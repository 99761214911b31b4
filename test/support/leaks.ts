import { createPrivateKey } from 'node:crypto'
import { inspect } from 'node:util'

/** Whatever a secret could be recognised by, in whichever form it is written. */
export type Traces = ReadonlyMap<string, string>

const FORMS = ['hex', 'base64', 'base64url', 'latin1'] as const

/** The traces of passwords and the like, and of private keys as PEM. */
export function tracesOf(secrets: Readonly<Record<string, string>>): Traces {
  const traces = new Map<string, string>()
  for (const [name, secret] of Object.entries(secrets)) {
    for (const trace of secret.includes('-----BEGIN') ? keyTraces(secret) : byteTraces(Buffer.from(secret))) {
      traces.set(trace, name)
    }
  }
  return traces
}

function keyTraces(pem: string): string[] {
  const text = pem.replace(/-----[^-]+-----|\s/g, '')
  // Salt and parameters come first; all that follows is as secret as the key.
  if (pem.includes('ENCRYPTED')) return piecesOf(text.slice(-100))
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' })
  const number = Buffer.from(d, 'base64url')
  // The public half is in the same text, and in every certificate.
  const start = Buffer.from(text, 'base64').indexOf(number)
  const base64 = text.slice(Math.ceil(start / 3) * 4, Math.floor((start + number.length) / 3) * 4)
  return [...piecesOf(base64), ...byteTraces(number)]
}

/** Only the whole would miss a text that is cut short. */
function piecesOf(text: string): string[] {
  return text.match(/.{16}/g) ?? []
}

/** As text, and as what inspect and JSON make of a Buffer. */
function byteTraces(bytes: Buffer): string[] {
  const hex = bytes.toString('hex').match(/../g) ?? []
  const texts = [...FORMS.map((form) => bytes.toString(form).replace(/=+$/, '')), hex.join(' ')]
  return [...texts, ...[',', ', '].map((comma) => [...bytes].join(comma))]
}

/** Every way in which a value gets into a log. */
export function shownOf(value: unknown): string {
  const everything = { depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity, breakLength: Infinity }
  return [
    attempt(() => String(value)),
    inspect(value),
    inspect(value, { ...everything, showHidden: true, getters: true }),
    inspect(value, { ...everything, showHidden: true, customInspect: false }),
    attempt(() => JSON.stringify(value)),
    ...errorTexts(value),
  ].join('\n')
}

function errorTexts(value: unknown): string[] {
  if (!(value instanceof Error)) return []
  const own = Reflect.ownKeys(value).map((key) => inspect((value as unknown as Record<PropertyKey, unknown>)[key]))
  const others = value instanceof AggregateError ? value.errors : []
  return [
    value.message,
    value.stack ?? '',
    ...own,
    ...[value.cause, ...others].map((inner) => (inner ? shownOf(inner) : '')),
  ]
}

/** What can't be written, such as a circle, leaks nothing. */
function attempt(write: () => string | undefined): string {
  try {
    return write() ?? ''
  } catch {
    return ''
  }
}

/** The names of the secrets that a value shows. */
export function leaksOf(value: unknown, traces: Traces): string[] {
  const text = shownOf(value).replaceAll('\\n', '\n')
  const joined = text.replaceAll('\n', '')
  const found = [...traces].filter(([trace]) => text.includes(trace) || joined.includes(trace))
  return [...new Set(found.map(([, name]) => name))]
}
