import type { Json } from '../request.ts'
import { foldedFieldsOf } from './fields.ts'
import { foldKey } from './fold.ts'
import { toFloat, toInteger, toNumber } from './numbers.ts'
import { scanJson, type Scanned } from './scan-json.ts'
import { Unreadable } from './unreadable.ts'

/** How a JSON text is read. */
export interface GoJsonOptions {
  /** As in the engine's table of fields: `ContainerCreate`, `[s`, `*s`; empty for any value. */
  readonly form: string
  /** The part of the request, for reasons: `the body`. */
  readonly what: string
  /** Keys of the outermost object that dockerd ignores, if they aren't fields. They are omitted. */
  readonly ignored?: ReadonlySet<string>
  /** Such keys that are ignored only with an empty list. */
  readonly ignoredIfEmpty?: readonly string[]
}

/**
 * Reads JSON as Go's encoding/json reads it into the structs of dockerd, and refuses what JSON readers understand in
 * different ways.
 */
export function parseGoJson(text: string, options: GoJsonOptions): Json {
  return new Reader(options).read(scanJson(text, options.what))
}

/** UTF-8 as it is. Go would replace invalid bytes with U+FFFD, and refuses a byte order mark. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Unreadable('BODY_INVALID', what, "it isn't UTF-8")
  }
}

type Place = readonly string[]
type Entries = readonly (readonly [key: string, value: Scanned])[]

class Reader {
  readonly #options: GoJsonOptions
  /** Reported only if there is nothing else: a policy may allow unknown fields, but nothing that is ambiguous. */
  #unknown: Unreadable | undefined

  constructor(options: GoJsonOptions) {
    this.#options = options
  }

  read(scanned: Scanned): Json {
    const value = this.#read(scanned, this.#options.form, [])
    if (this.#unknown) throw this.#unknown
    return value
  }

  #read(scanned: Scanned, form: string, place: Place): Json {
    if (form === '') return this.#any(scanned, place)
    if (form === 'c') return this.#command(scanned, place)
    const scalar = SCALARS[form.startsWith('s=') ? 's' : form]
    if (scalar) return scalar(scanned) ?? this.#wrong(scanned, place)
    if (form.startsWith('[')) return this.#items(scanned, form.slice(1), place)
    if (form.startsWith('*')) return this.#map(scanned, form.slice(1), place)
    return this.#struct(scanned, form, place)
  }

  /** dockerd reads a string as a list of one (moby, api/types/strslice). */
  #command(scanned: Scanned, place: Place): Json {
    return scanned.kind === 'string' ? [scanned.value] : this.#items(scanned, 's', place)
  }

  #items(scanned: Scanned, form: string, place: Place): Json {
    if (scanned.kind !== 'array') return this.#wrong(scanned, place)
    return scanned.items.map((item, index) => {
      const here = [...place, String(index)]
      // Go reads it as an empty string, an empty object or a nil pointer, by the type of the list.
      if (item.kind === 'null') throw this.#refusal('BODY_AMBIGUOUS', here, 'it is null in a list')
      return this.#read(item, form, here)
    })
  }

  #map(scanned: Scanned, form: string, place: Place): Json {
    if (scanned.kind !== 'object') return this.#wrong(scanned, place)
    const map = emptyObject()
    for (const [key, value] of scanned.entries) {
      const here = [...place, key]
      if (key in map) throw this.#refusal('BODY_AMBIGUOUS', here, 'it is there twice')
      map[key] = value.kind === 'null' ? nullIn(form) : this.#read(value, form, here)
    }
    return map
  }

  #struct(scanned: Scanned, type: string, place: Place): Json {
    if (scanned.kind !== 'object') return this.#wrong(scanned, place)
    this.#checkOnce(scanned.entries, place)
    const fields = foldedFieldsOf(type)
    const struct = emptyObject()
    for (const [key, value] of scanned.entries) {
      const field = fields.get(foldKey(key))
      // It has no effect in any field of Go. Docker's SDK for Python sends such keys.
      if (value.kind === 'null') continue
      if (!field) this.#noteUnknown(key, value, place)
      else struct[field.name] = this.#read(value, field.form, [...place, field.name])
    }
    return struct
  }

  #any(scanned: Scanned, place: Place): Json {
    if (scanned.kind === 'null') return null
    if (scanned.kind === 'array') return scanned.items.map((item, index) => this.#any(item, [...place, String(index)]))
    if (scanned.kind === 'object') return this.#anyObject(scanned.entries, place)
    const value = scanned.kind === 'number' ? toNumber(scanned.text) : scanned.value
    return value ?? this.#wrong(scanned, place)
  }

  /** It may be a struct of dockerd, where keys match without regard to case. */
  #anyObject(entries: Entries, place: Place): Json {
    this.#checkOnce(entries, place)
    const object = emptyObject()
    for (const [key, value] of entries) object[key] = this.#any(value, [...place, key])
    return object
  }

  #checkOnce(entries: Entries, place: Place): void {
    const seen = new Set<string>()
    for (const [key] of entries) {
      const folded = foldKey(key)
      if (seen.has(folded)) throw this.#refusal('BODY_AMBIGUOUS', [...place, key], TWICE)
      seen.add(folded)
    }
  }

  #noteUnknown(key: string, value: Scanned, place: Place): void {
    const { ignored, ignoredIfEmpty } = this.#options
    const isEmpty = value.kind === 'array' && value.items.length === 0
    if (place.length === 0 && (ignored?.has(key) || (isEmpty && ignoredIfEmpty?.includes(key)))) return
    this.#unknown ??= this.#refusal('FIELD_UNKNOWN', [...place, key], "the API doesn't have this field")
  }

  #wrong({ kind }: Scanned, place: Place): never {
    throw this.#refusal('BODY_INVALID', place, `it is ${KINDS[kind]} that dockerd refuses here`)
  }

  #refusal(code: 'BODY_AMBIGUOUS' | 'BODY_INVALID' | 'FIELD_UNKNOWN', place: Place, got: string): Unreadable {
    return new Unreadable(code, place.length === 0 ? this.#options.what : place.join('.'), got)
  }
}

const TWICE = "it is there twice, as dockerd doesn't distinguish upper and lower case"

const SCALARS: Readonly<Record<string, ((scanned: Scanned) => Json | undefined) | undefined>> = {
  s: (scanned) => (scanned.kind === 'string' ? scanned.value : undefined),
  b: (scanned) => (scanned.kind === 'boolean' ? scanned.value : undefined),
  i: (scanned) => (scanned.kind === 'number' ? toInteger(scanned.text) : undefined),
  n: (scanned) => (scanned.kind === 'number' ? toFloat(scanned.text) : undefined),
}

const KINDS: Readonly<Record<Scanned['kind'], string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  null: 'null',
}

/** In a map of strings, Go reads null as an empty one. In other maps it stays: an endpoint without settings. */
const nullIn = (form: string): Json => (form === 's' ? '' : null)

/** An object without a prototype, in which `__proto__` is a key like others. */
function emptyObject(): Record<string, Json> {
  return Object.create(null) as Record<string, Json>
}
