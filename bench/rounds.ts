import { median, medianRatio, rotated } from './statistics.ts'

/** A subject of a measurement. */
export interface Named {
  readonly name: string
}

export interface Problem {
  readonly who: string
  readonly what: string
}

/** The values of each subject, in order of the rounds. Failed subjects are left out. */
export type Samples<T> = ReadonlyMap<string, readonly T[]>

/** One line of a table. */
export interface Line {
  readonly name: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** The median of the ratios of all rounds, relative to the base subject. */
  readonly ratio: number
  /** In order of the rounds. */
  readonly values: readonly number[]
}

/**
 * Measures all subjects in rounds, in changing order (A B C, C B A, B C A), so that other load on the machine affects
 * all alike. A subject that fails is recorded and left out.
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
        // Concurrent measurements would slow each other down.
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

/** Returns the lines of a table, each compared with the subject named `base`. */
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
