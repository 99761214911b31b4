import { NotFoundError, type DockerApiError } from '../../../base/errors.ts'
import { checkOptions } from '../../../base/options.ts'
import { checkRequestOptions, REQUEST_OPTIONS, type RequestOptions } from '../../request-options.ts'
import { allInTime, type StepOptions } from '../in-time.ts'
import type { Ensured } from './result.ts'

/** Checks the options of a call and runs it within its time limit. */
export async function ensuring<Result extends Ensured>(
  name: string,
  options: RequestOptions,
  run: (step: StepOptions) => Promise<Result>,
  own: readonly string[] = [],
): Promise<Result> {
  checkOptions(options, [...own, ...REQUEST_OPTIONS], name)
  checkRequestOptions(options, name)
  return allInTime(name, options, run)
}

type ErrorClass = new (...args: never) => DockerApiError

/** A change that the daemon answers with this error if there is nothing to change. */
export async function changing(change: Promise<unknown>, done: ErrorClass): Promise<Ensured> {
  return {
    changed:
      (await unless(
        change.then(() => true),
        done,
      )) ?? false,
  }
}

/** The answer, or undefined for this error. */
export async function unless<Answer>(answer: Promise<Answer>, failure: ErrorClass): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof failure) return undefined
    throw error
  }
}

/** The object, if it exists. */
export const ifFound = <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => unless(answer, NotFoundError)
