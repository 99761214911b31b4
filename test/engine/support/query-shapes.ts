import type { OperationFacts } from '../../../scripts/api-facts/facts.ts'
import type { Operation, QueryTake } from '../../../lib/engine/operation.ts'

/** Compares the query and the body of operations that share a route with the specification, a line for each difference. */
export function queryDifferences(
  ours: readonly Operation[],
  { id, query, filters = [], body }: OperationFacts,
): string[] {
  const takes = new Map(
    ours.flatMap((operation) => Object.entries(operation.query ?? {}).map(([name, take]) => [take.as ?? name, take])),
  )
  const wanted = Object.entries(query).map(([name, kind]) => [name.replace(/!$/, ''), kind] as const)
  return [
    ...wanted.flatMap(([name, kind]) => compare(`${id}?${name}`, kind, takes.get(name))),
    ...filters
      .filter((name) => takes.get('filters')?.filters?.includes(name) !== true)
      .map((name) => `${id}?filters.${name}: missing`),
    ...[...takes.keys()]
      .filter((name) => !wanted.some(([one]) => one === name))
      .map((name) => `${id}?${name}: not in the specification`),
    ...ours
      .filter((one) => one.body !== bodyOf(body))
      .map((one) => `${id}: ${one.body ?? 'no body'}, not ${body ?? 'none'}`),
  ]
}

/** To the specification, a stream of bytes is text. */
function bodyOf(kind: string | undefined): Operation['body'] {
  if (kind === undefined) return undefined
  return kind === 'string' ? 'bytes' : 'json'
}

/** What has a form of its own is text to the specification. */
function compare(where: string, kind: string, take: QueryTake | undefined): string[] {
  if (!take) return [`${where}: missing`]
  const plain = take.encode === 'boolean' || take.encode === 'integer' ? take.encode : 'text'
  const fits = kind === 'boolean' || kind === 'integer' ? plain === kind : plain === 'text'
  return fits ? [] : [`${where}: ${plain}, not ${kind}`]
}
