import assert from 'node:assert/strict'
import {
  diagnose,
  type Diagnosis,
  type DoctorStep,
  type StepCode,
  type StepName,
} from '../../../../lib/audit/diagnose.ts'
import type { Environment } from '../../../../lib/endpoint/environment.ts'
import type { EndpointOptions } from '../../../../lib/index.ts'

/** A diagnosis as text, for messages of the tests. */
export function shown({ steps }: Pick<Diagnosis, 'steps'>): string {
  return steps.map(({ step, status, code = '', finding }) => `${status} ${step} ${code} ${finding}`).join('\n')
}

/** Long enough for a loaded machine; a time-out of its own shows that the time-out counts. */
const TIMEOUT_MS = 5_000

/** Diagnoses, and checks that it takes the time-out and a second at most. */
export async function diagnoseInTime(options: EndpointOptions, env: Environment = {}): Promise<Diagnosis> {
  const { connectTimeout = TIMEOUT_MS } = options
  const began = performance.now()
  const diagnosis = await diagnose({ connectTimeout, ...options }, env)
  const took = performance.now() - began
  assert.ok(took <= connectTimeout + 1_000, `it took ${Math.round(took)} ms of ${connectTimeout} + 1000`)
  return diagnosis
}

/** Checks the first step that failed, and that no other step of the path was looked at after it. */
export function assertFails(diagnosis: Diagnosis, step: StepName, code: StepCode): DoctorStep {
  const first = diagnosis.steps.find(({ status }) => status === 'failed')
  assert.ok(first, `nothing failed:\n${shown(diagnosis)}`)
  assert.deepEqual([first.step, first.code], [step, code], shown(diagnosis))
  assert.ok((first.remedy?.length ?? 0) > 10, 'it has a remedy')
  assert.equal(diagnosis.ok, false)
  return first
}

/** The findings about a step. */
export function about(diagnosis: Diagnosis, step: StepName): DoctorStep[] {
  return diagnosis.steps.filter((one) => one.step === step)
}

/** The only finding about a step. */
export function only(diagnosis: Diagnosis, step: StepName): DoctorStep {
  const [one, ...others] = about(diagnosis, step)
  assert.ok(one && others.length === 0, `not one finding about ${step}:\n${shown(diagnosis)}`)
  return one
}
