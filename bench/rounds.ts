import { median, medianRatio, rotated } from './statistics.ts'

/** Who can be measured, and what went wrong with whom. */
export interface Named {
  readonly name: string
}

export interface Problem {
  readonly who: string
  readonly what: string
}

/** All values of each, round by round. Whoever failed is in none. */
export type Samples<T> = ReadonlyMap<string, readonly T[]>

/** One line of a table. */
export interface Line {
  readonly name: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** To the one that all are compared with: the median of the ratios round by round. */
  readonly ratio: number
  /** Round by round. */
  readonly values: readonly number[]
}

/**
 * Measures everybody in turn, many times over: A B C, C B A, B C A, so that what the machine does meanwhile meets all alike.
 * Whoever fails is noted and left out, and the others go on.
 */
export async function inRounds<S extends Named, T>(
  subjects: readonly S[],
  rounds: number,
  measure: (subject: S) => Promise<T>,
  problems: Problem[],
): Promise<Samples<T>> {
  const samples = new Map<string, T[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of rotated(subjects, round)) {
      const { name } = subject
      try {
        // One after the other: at once they would slow each other.
        if (samples.has(name)) samples.get(name)?.push(await measure(subject))
      } catch (error) {
        samples.delete(name)
        problems.push({ who: name, what: (error as Error).message })
      }
    }
  }
  return samples
}

export function mapSamples<T, U>(samples: Samples<T>, convert: (value: T) => U): Samples<U> {
  return new Map([...samples].map(([name, values]) => [name, values.map(convert)]))
}

/** The lines of a table, each compared with the one that `base` names. */
export function summarize(samples: Samples<number>, base: string): Line[] {
  const others = samples.get(base) ?? []
  return [...samples].map(([name, values]) => ({
    name,
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    ratio: medianRatio(values, others),
    values,
  }))
}
