import { rawFields } from './wire.ts'

/** What an answer tells of one build. */
export interface BuildRecord {
  readonly build: string
  /** Digests of what the build has made: attestations, results, its log and its error. The daemon gives their content to who asks. */
  readonly blobs: readonly string[]
}

/** Where a BuildHistoryEvent has them: the numbers of the fields from the outside in (moby/buildkit, api/services/control/control.proto). */
const REF = [2, 1]
const [RECORD, DIGEST, VALUE] = [2, 2, 2]
const RESULTS: readonly (readonly number[])[] = [
  [RECORD, 10],
  [RECORD, 11, VALUE],
]
/** Its trace isn't among them: a client can choose that of another one. */
const BLOBS: readonly (readonly number[])[] = [
  [RECORD, 8, DIGEST],
  [RECORD, 18, DIGEST],
  ...RESULTS.flatMap((result) => [
    [...result, 2, DIGEST],
    [...result, 3, VALUE, DIGEST],
  ]),
]

/** Reads an event of the history as it comes from the daemon, which may have more fields than we know. */
export function readRecord(event: Uint8Array): BuildRecord {
  const [build = '', ...others] = textsAt(event, REF)
  return { build: others.length === 0 ? build : '', blobs: BLOBS.flatMap((path) => [...textsAt(event, path)]) }
}

function* textsAt(bytes: Uint8Array, [number, ...inner]: readonly number[]): Generator<string> {
  for (const field of rawFields(bytes, '')) {
    if (field.number !== number || typeof field.value === 'bigint') continue
    if (inner.length > 0) yield* textsAt(field.value, inner)
    else yield Buffer.from(field.value).toString()
  }
}
