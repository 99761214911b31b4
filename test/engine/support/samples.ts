import ts from 'typescript'

/** A value of a body with all of its fields, and the objects in it that have fields of their own, by path. */
export interface Sample {
  readonly value: unknown
  readonly objects: readonly { readonly path: string; readonly fields: Record<string, unknown> }[]
}

/** Builds a body with every field that a type of ours declares. */
export function sampleOf(checker: ts.TypeChecker, type: ts.Type): Sample {
  const objects: { path: string; fields: Record<string, unknown> }[] = []

  function build(given: ts.Type, path: string): unknown {
    const plain = checker.getNonNullableType(given)
    const parts = plain.isUnion() ? plain.types : [plain]
    const part = parts.find((one) => one.flags & ts.TypeFlags.Object && one.symbol?.name !== 'Uint8Array')
    if (!part) return primitive(parts)
    const item = checker.isArrayType(part) ? checker.getTypeArguments(part as ts.TypeReference)[0] : undefined
    if (item) return [build(item, join(path, '0'))]
    if (checker.isTupleType(part)) return [build(checker.getTypeArguments(part as ts.TypeReference)[0] ?? part, path)]
    const value = checker.getIndexInfosOfType(part)[0]?.type
    if (value) return { 'any key': build(value, join(path, 'any key')) }
    return object(parts, path)
  }

  function object(parts: readonly ts.Type[], path: string): object {
    const properties = parts.flatMap((part) => checker.getPropertiesOfType(part))
    const fields: Record<string, unknown> = Object.fromEntries(
      properties.map((one) => [one.name, build(checker.getTypeOfSymbol(one), join(path, one.name))]),
    )
    // An object without fields stands for a choice, such as MountVolume.
    if (properties.length > 0) objects.push({ path, fields })
    return fields
  }

  return { value: build(type, ''), objects }
}

/** A value of a type that is no object. */
function primitive(parts: readonly ts.Type[]): unknown {
  const is = (flags: ts.TypeFlags): boolean => parts.some((part) => part.flags & flags)
  const choice = parts.find((part) => part.isStringLiteral() && part.value !== '') as ts.StringLiteralType | undefined
  if (is(ts.TypeFlags.StringLike)) return choice?.value ?? 'x'
  return is(ts.TypeFlags.BooleanLike) ? true : 1
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
