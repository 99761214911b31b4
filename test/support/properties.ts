/**
 * The one door to fast-check. `npm test` runs each property with the same seed every time, so that none fails by chance;
 * `npm run fuzz:properties` sets a fresh seed and more runs by FUZZ_SEED and FUZZ_RUNS. A failure names the command that repeats it.
 */
import { relative } from 'node:path'
import * as fastCheck from 'fast-check'
import { againCommand } from './again.ts'

export type { Arbitrary } from 'fast-check'

type Runners = 'assert' | 'check' | 'sample' | 'statistics' | 'configureGlobal' | 'resetConfigureGlobal'

/** fast-check without the functions that would run a property with settings of their own. */
export const fc: Omit<typeof fastCheck, Runners> = fastCheck

/** Any number would do. With this one, a test of the build context failed in a clean clone. */
const FIXED_SEED = 1_614_708_320

/** What of a test's context is needed here. */
interface Named {
  readonly name: string
}

type Options<T> = Pick<fastCheck.Parameters<T>, 'numRuns' | 'examples' | 'endOnFailure'>

function numberIn(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name}=${text}: expected a whole number`)
  return Number(text)
}

/** The seed, and how many runs are made of a property that asks for `own` of them: never fewer than that. */
export function settingsIn(env: NodeJS.ProcessEnv, own = 100): { readonly seed: number; readonly numRuns: number } {
  return {
    seed: numberIn(env, 'FUZZ_SEED') ?? FIXED_SEED,
    numRuns: Math.max(own, numberIn(env, 'FUZZ_RUNS') ?? 0),
  }
}

function failure({ name }: Named, report: string, cause: unknown): Error {
  const file = relative('.', process.argv[1] ?? '')
  const { seed } = settingsIn(process.env)
  return new Error(`${report}\n\nSeed ${seed}; again:  ${againCommand(file, name)}`, { cause })
}

function throwIfFailed<T>(t: Named, details: fastCheck.RunDetails<T>): void {
  if (!details.failed) return
  const error = details.errorInstance
  const message = error instanceof Error ? `\n\n${error.message}` : ''
  throw failure(t, `${fastCheck.defaultReportMessage(details) ?? ''}${message}`, error)
}

/**
 * Fails the test unless the property holds for every generated value.
 *
 * @param options - `numRuns` is what `npm test` runs, 100 if absent; `npm run fuzz:properties` runs more
 */
export function assertProperty<T>(t: Named, property: fastCheck.IProperty<T>, options?: Options<T>): void
export function assertProperty<T>(t: Named, property: fastCheck.IAsyncProperty<T>, options?: Options<T>): Promise<void>
export function assertProperty<T>(
  t: Named,
  property: fastCheck.IRawProperty<T>,
  options: Options<T> = {},
): void | Promise<void> {
  const settings = settingsIn(process.env, options.numRuns)
  const parameters = {
    ...options,
    ...settings,
    reporter: (details: fastCheck.RunDetails<T>) => throwIfFailed(t, details),
  }
  return fastCheck.assert<T>(property, parameters)
}

/**
 * Hands generated values over all at once, for a program that would be slow to start for each of them.
 *
 * @param most - no run hands over more than that
 */
export async function assertSamples<T>(
  t: Named,
  arbitrary: fastCheck.Arbitrary<T>,
  { numRuns, most = Infinity }: { readonly numRuns: number; readonly most?: number },
  check: (samples: readonly T[]) => Promise<void>,
): Promise<void> {
  const settings = settingsIn(process.env, numRuns)
  const samples = fastCheck.sample(arbitrary, { ...settings, numRuns: Math.min(settings.numRuns, most) })
  try {
    await check(samples)
  } catch (error) {
    throw failure(t, error instanceof Error ? error.message : String(error), error)
  }
}
