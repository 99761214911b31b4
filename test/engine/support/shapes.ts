import ts from 'typescript'
import type { Facts, Kind } from '../../../scripts/api-facts/facts.ts'

/** Whether the daemon reads a type or writes it. */
type Direction = 'body' | 'answer'

/** Compares TypeScript's types with the specification's. Each difference is one line, about one property. */
export class Shapes {
  readonly differences: Set<string> = new Set()
  /** The specification's objects that one of our types was compared with. */
  readonly compared: Set<string> = new Set()
  readonly #checker: ts.TypeChecker
  readonly #facts: Facts
  readonly #seen = new Set<string>()

  constructor(checker: ts.TypeChecker, facts: Facts) {
    this.#checker = checker
    this.#facts = facts
  }

  /** @param where - names the place in the specification: `ContainerState.Health` */
  compare(type: ts.Type, kind: Kind, where: string, direction: Direction): void {
    const wanted = kind.replace(/\?$/, '')
    const parts = partsOf(this.#checker.getNonNullableType(type))
    const item = parts.map((part) => itemOf(this.#checker, part)).find((one) => one !== undefined)
    const properties = this.#facts.types[wanted]
    if (wanted === 'any') return
    const got = [...new Set(parts.map((part) => this.#kindOf(part)))].toSorted().join('|')
    const need = properties ? 'object' : wanted.startsWith('[') ? 'list' : wanted.startsWith('{') ? 'map' : wanted
    if (!fits(got, need)) this.differences.add(`${where}: ${got}, not ${need}`)
    else if (properties) this.#compareObject(parts, wanted, direction)
    else if (need === 'list' || need === 'map') {
      if (item) this.compare(item, wanted.slice(1, -1), `${where}[]`, direction)
    } else if (need.includes('(')) this.#compareWords(parts, need, where)
  }

  #compareObject(parts: readonly ts.Type[], name: string, direction: Direction): void {
    const key = `${parts.map((part) => this.#checker.typeToString(part)).join('|')} ${name} ${direction}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.compared.add(name)
    const ours = new Map(parts.flatMap((part) => this.#checker.getPropertiesOfType(part)).map((one) => [one.name, one]))
    const wanted = this.#facts.types[name] ?? {}
    for (const [marked, kind] of Object.entries(wanted)) {
      const property = marked.replace(/!$/, '')
      const symbol = ours.get(property)
      ours.delete(property)
      if (!symbol) this.differences.add(`${name}.${property}: missing${direction === 'body' ? ' in a body' : ''}`)
      else
        this.#compareProperty(symbol, { where: `${name}.${property}`, kind, required: marked !== property, direction })
    }
    for (const property of ours.keys()) this.differences.add(`${name}.${property}: not in the specification`)
  }

  #compareProperty(
    symbol: ts.Symbol,
    { where, kind, required, direction }: { where: string; kind: Kind; required: boolean; direction: Direction },
  ): void {
    const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0
    if (required && optional) this.differences.add(`${where}: optional`)
    // What an answer always holds, the specification seldom says.
    if (!required && !optional && direction === 'body') this.differences.add(`${where}: required`)
    this.compare(this.#checker.getTypeOfSymbol(symbol), kind, where, direction)
  }

  /** Only where both name all values. */
  #compareWords(parts: readonly ts.Type[], need: string, where: string): void {
    if (!parts.every((part) => part.isStringLiteral())) return
    const ours = sortedWords(parts.map((part) => part.value))
    const wanted = sortedWords(need.slice(need.indexOf('(') + 1, -1).split('|'))
    if (ours !== wanted) this.differences.add(`${where}: ${ours}, not ${wanted}`)
  }

  #kindOf(type: ts.Type): string {
    const { flags } = type
    if (flags & (ts.TypeFlags.StringLike | ts.TypeFlags.TemplateLiteral)) return 'string'
    if (flags & ts.TypeFlags.NumberLike) return 'number'
    if (flags & ts.TypeFlags.BooleanLike) return 'boolean'
    if (flags & (ts.TypeFlags.Unknown | ts.TypeFlags.Any)) return 'any'
    if (type.isIntersection() && type.types.some((one) => one.flags & ts.TypeFlags.String)) return 'string'
    if (this.#checker.isArrayType(type) || this.#checker.isTupleType(type)) return 'list'
    return this.#checker.getIndexInfosOfType(type).length > 0 ? 'map' : 'object'
  }
}

function partsOf(type: ts.Type): ts.Type[] {
  return type.isUnion() ? type.types : [type]
}

function itemOf(checker: ts.TypeChecker, type: ts.Type): ts.Type | undefined {
  if (checker.isArrayType(type)) return checker.getTypeArguments(type as ts.TypeReference)[0]
  return checker.getIndexInfosOfType(type)[0]?.type
}

function fits(got: string, need: string): boolean {
  if (need === 'integer') return got === 'number'
  return got === need.replace(/\(.*/s, '')
}

/** Without the empty one, which Go's zero value is. */
function sortedWords(words: readonly string[]): string {
  return words
    .filter((word) => word !== '')
    .toSorted()
    .join('|')
}
