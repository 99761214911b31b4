/** The part of Swagger 2.0 that the specification uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly allOf?: readonly Schema[]
  readonly 'x-nullable'?: boolean
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly type?: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}

interface Described {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly responses: Readonly<Record<string, { readonly schema?: Schema }>>
}

/** A Swagger document. */
export interface Specification {
  readonly info: { readonly version: string }
  readonly definitions: Readonly<Record<string, Schema>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * A short notation for a type: `string`, `string(a|b)` with its values, `integer`, `number`, `boolean`, `any`, `[Item]`
 * for a list, `{Value}` for a map, or the name of an object. A trailing `?` means that null is allowed.
 */
export type Kind = string

/** One operation of the specification. */
export interface OperationFacts {
  readonly id: string
  /** The type of each query parameter; `name!` is required. */
  readonly query: Readonly<Record<string, Kind>>
  /** The names of its filters, which are in the description of this parameter. */
  readonly filters?: readonly string[]
  readonly body?: Kind
  /** The type of the answer with status 2xx. */
  readonly answer?: Kind
}

/** The content of the fixture. */
export interface Facts {
  readonly version: string
  /** By method and path. */
  readonly operations: Readonly<Record<string, OperationFacts>>
  /** Properties of each object: `Name!` is required. */
  readonly types: Readonly<Record<string, Readonly<Record<string, Kind>>>>
}

const METHODS: readonly string[] = ['get', 'head', 'post', 'put', 'delete']

/** Reads a specification. */
export class ApiFacts implements Facts {
  readonly version: string
  readonly operations: Record<string, OperationFacts> = {}
  readonly types: Record<string, Record<string, Kind>> = {}
  readonly #definitions: Specification['definitions']

  constructor({ info, definitions, paths }: Specification) {
    this.version = info.version
    this.#definitions = definitions
    for (const [path, byMethod] of Object.entries(paths)) {
      for (const method of METHODS) {
        const described = byMethod[method] as Described | undefined
        if (described) this.operations[`${method.toUpperCase()} ${path}`] = this.#operation(described)
      }
    }
  }

  /** One line for each operation and type, so that a diff shows which one has changed. */
  toText(): string {
    return `{
  "version": ${JSON.stringify(this.version)},
  "operations": {\n${linesOf(this.operations)}\n  },
  "types": {\n${linesOf(this.types)}\n  }
}\n`
  }

  #operation({ operationId: id, parameters = [], responses }: Described): OperationFacts {
    const inQuery = parameters.filter((parameter) => parameter.in === 'query')
    const query = Object.fromEntries(inQuery.map(({ name, type, required }) => [name + mark(required), type ?? 'any']))
    const filters = inQuery.find(({ name }) => name === 'filters')?.description ?? ''
    const names = [...filters.matchAll(/^\s*- `([\w.-]+)/gm)].map(([, name = '']) => name)
    const body = parameters.find((parameter) => parameter.in === 'body')?.schema
    const answer = Object.entries(responses).find(([status, { schema }]) => status.startsWith('2') && schema)?.[1]
      .schema
    return {
      id,
      query,
      ...(names.length > 0 && { filters: names }),
      ...(body && { body: this.#kind(body, `${id}.body`) }),
      ...(answer && { answer: this.#kind(answer, `${id}.answer`) }),
    }
  }

  /** @param name - the name for an anonymous object */
  #kind(schema: Schema, name: string): Kind {
    return this.#withoutNull(schema, name) + (schema['x-nullable'] === true ? '?' : '')
  }

  #withoutNull(schema: Schema, name: string): Kind {
    const named = schema.$ref?.replace('#/definitions/', '')
    if (named !== undefined) return this.#kind(this.#definitions[named] ?? {}, named)
    const { type, items, additionalProperties: values, enum: words } = schema
    if (schema.properties || schema.allOf?.some((part) => this.#isObject(part))) return this.#object(schema, name)
    // The specification adds a description to a named type this way.
    if (schema.allOf?.[0]) return this.#kind(schema.allOf[0], name)
    if (type === 'array') return `[${this.#kind(items ?? {}, name)}]`
    if (typeof values === 'object') return `{${this.#kind(values, name)}}`
    if (type === 'string' && words) return `string(${words.join('|')})`
    return type === undefined || type === 'object' ? 'any' : type
  }

  #isObject({ $ref, properties, allOf }: Schema): boolean {
    const referred = this.#definitions[$ref?.replace('#/definitions/', '') ?? '']
    if (referred) return this.#isObject(referred)
    return properties !== undefined || allOf?.some((part) => this.#isObject(part)) === true
  }

  #object(schema: Schema, name: string): Kind {
    if (this.types[name]) return name
    const properties: Record<string, Kind> = {}
    this.types[name] = properties
    const { properties: own, required } = this.#flat(schema)
    for (const [property, one] of Object.entries(own)) {
      properties[property + mark(required.includes(property))] = this.#kind(one, `${name}.${property}`)
    }
    return name
  }

  /** The properties of an object and of all its parts. */
  #flat(schema: Schema): { properties: Readonly<Record<string, Schema>>; required: readonly string[] } {
    const referred = this.#definitions[schema.$ref?.replace('#/definitions/', '') ?? '']
    const parts = [...(schema.allOf ?? []), ...(referred ? [referred] : [])].map((part) => this.#flat(part))
    return {
      properties: Object.assign({}, ...parts.map(({ properties }) => properties), schema.properties) as Record<
        string,
        Schema
      >,
      required: [...parts.flatMap(({ required }) => required), ...(schema.required ?? [])],
    }
  }
}

function mark(required: boolean | undefined): string {
  return required === true ? '!' : ''
}

function linesOf(table: object): string {
  return Object.entries(table)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, facts]) => `    ${JSON.stringify(name)}: ${JSON.stringify(facts)}`)
    .join(',\n')
}
