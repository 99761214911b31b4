import { readFileSync, writeFileSync } from 'node:fs'
import { isInterrupted } from '../../scripts/interrupt.ts'
import type { FileResult } from './results.ts'

/** How many seconds each file took, so that the longest begin first. `npm test -- --write-seconds` writes it anew. */
const SECONDS = new URL('seconds.json', import.meta.url)
/** For a file that is not in there yet. */
const UNKNOWN_SECONDS = 10

type Seconds = Readonly<Record<string, number>>

function readSeconds(): Seconds {
  return JSON.parse(readFileSync(SECONDS, 'utf8')) as Seconds
}

/** Files in lanes side by side; a lane that is free takes the longest that is left. */
export async function runInLanes(
  files: readonly string[],
  lanes: number,
  run: (file: string) => Promise<FileResult>,
): Promise<FileResult[]> {
  const known = readSeconds()
  const seconds = (file: string): number => known[file] ?? UNKNOWN_SECONDS
  const queue = files.toSorted((a, b) => seconds(b) - seconds(a))
  const results: FileResult[] = []
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined && !isInterrupted(); file = queue.shift()) {
      results.push(await run(file))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

/** Notes how long the files took; those that are no more are forgotten. */
export function writeSeconds(results: readonly FileResult[], all: readonly string[]): void {
  const known = {
    ...readSeconds(),
    ...Object.fromEntries(results.map(({ file, seconds }) => [file, Math.ceil(seconds)])),
  }
  const kept = all.toSorted().flatMap((file) => (known[file] === undefined ? [] : [[file, known[file]]]))
  writeFileSync(SECONDS, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`)
}
