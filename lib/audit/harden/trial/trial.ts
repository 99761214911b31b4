import { isDeepStrictEqual } from 'node:util'
import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import { runStep, type OnStep } from '../../../base/progress.ts'
import { enumerate } from '../../../base/text.ts'
import { DEFAULT_CAPABILITIES } from '../../../container/capabilities.ts'
import { INIT } from '../../hardened.ts'
import type { ContainerEvidence } from '../collect.ts'
import { planHardening, type HardenedContainer, type PlanOptions } from '../plan.ts'
import { mountsOf } from '../create-request.ts'
import { writtenFolders } from '../written-folders.ts'
import { copyRequest, withheldMounts } from './copy-request.ts'
import type { CopyResult, Ran } from './run-copy.ts'
import { smallestSet } from './smallest.ts'

/** Something that a container needs. */
export interface HardeningNeed {
  /** The check whose change the container doesn't stand, or `INIT`. */
  readonly check: string
  /**
   * `capabilities`: it needs these, and drops the others. `writable`: its root is read-only except for these folders.
   * `unchanged`: these settings stay as they are.
   */
  readonly kind: 'capabilities' | 'writable' | 'unchanged'
  /** Capabilities, folders or settings. */
  readonly names: readonly string[]
}

/** A copy that was started. */
export interface TriedCopy extends CopyResult {
  /** Which copy it was: `hardened`, `original` without any change, or `narrower` with some of the changes. */
  readonly copy: 'hardened' | 'original' | 'narrower'
  /** The checks whose changes it did not have. */
  readonly without: readonly string[]
}

/** What came of trying a hardened container. */
export interface HardeningTrial {
  /**
   * `works`: the hardened copy stayed up. `needs-less`: a copy with fewer changes did. `inconclusive`: a copy without any
   * change failed, too, so that nothing can be said.
   */
  readonly outcome: 'works' | 'needs-less' | 'inconclusive'
  /** The request that works. If the trial is inconclusive, the one that was tried first. */
  readonly hardened: HardenedContainer
  /** What the container needs, as far as copies have shown it. */
  readonly needs: readonly HardeningNeed[]
  /** Did the search end before it was finished, because it had started as many copies as it may? */
  readonly isCutOff: boolean
  /** All copies, in order. They are removed. */
  readonly copies: readonly TriedCopy[]
  /** Mounts that the copies had empty or read-only: their data belongs to the original. */
  readonly withheld: readonly string[]
}

/** What a trial is made with. */
export interface TrialSetting {
  /** Starts a copy, observes it and removes it. */
  readonly run: (request: ContainerCreateRequest) => Promise<Ran>
  /** How long that takes at most, in milliseconds. */
  readonly wait: number
  readonly evidence: ContainerEvidence
  readonly skip: readonly string[]
  readonly withVolumes: boolean
  readonly onStep?: OnStep | undefined
}

/** Settings that a copy gets from the trial itself, so that it proves nothing about them. */
const UNTRIED: ReadonlySet<string> = new Set(['C-PORT', 'C-LOGSIZE', 'C-RESTART', 'C-PROP', 'C-RORECURSE', 'C-NET'])
/** Enough for three needed settings and three capabilities. */
const MOST_COPIES = 40

/** How long after its end a copy that was left behind may be removed: clocks differ, in milliseconds. */
const SLACK_MS = 600_000

/** The search has started as many copies as it may. */
class Exhausted extends Error {}

/** Tries a hardened container; if it fails, finds out what it needs. */
export async function tryPlan(setting: TrialSetting): Promise<HardeningTrial> {
  const trial = new Trial(setting)
  const full = planHardening(setting.evidence, { skip: setting.skip })
  const withheld = setting.withVolumes ? [] : withheldMounts(setting.evidence.inspect)
  const found = await trial.find(full)
  return { ...found, copies: trial.copies, withheld }
}

type Found = Pick<HardeningTrial, 'outcome' | 'hardened' | 'needs' | 'isCutOff'>

class Trial {
  readonly copies: TriedCopy[] = []
  readonly #setting: TrialSetting
  /** The last plan that worked, and what its copy wrote. */
  #best: PlanOptions = {}
  #written: Ran['changes'] = []

  constructor(setting: TrialSetting) {
    this.#setting = setting
  }

  async find(full: HardenedContainer): Promise<Found> {
    const { skip } = this.#setting
    const done = { hardened: full, needs: [], isCutOff: false }
    if ((await this.#run('hardened', full.body, [])).ok) return { outcome: 'works', ...done }
    const original = await this.#run('original', full.original, [])
    const all = candidates(full)
    if (!original.ok || all.length === 0) return { outcome: 'inconclusive', ...done }
    this.#best = { skip: [...skip, ...all] }
    this.#written = original.changes
    const needs: HardeningNeed[] = []
    const isCutOff = await this.#narrow(all, needs)
    const hardened = planHardening(this.#setting.evidence, this.#best)
    const unchanged = (this.#best.skip ?? []).filter((check) => !skip.includes(check))
    return {
      outcome: 'needs-less',
      hardened,
      needs: [...needs, ...unchanged.map((check) => unchangedNeed(check, full))],
      isCutOff,
    }
  }

  /** @returns whether it was cut off */
  async #narrow(all: readonly string[], needs: HardeningNeed[]): Promise<boolean> {
    const { skip } = this.#setting
    try {
      await this.#settle(all, (without) => ({ skip: [...skip, ...without] }))
      await this.#keepReadOnly(needs)
      await this.#keepCapabilities(needs)
      return false
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error
      return true
    }
  }

  /** Finds a smallest set of which all together work, and makes its plan the best one. */
  async #settle(all: readonly string[], planOf: (items: readonly string[]) => PlanOptions): Promise<readonly string[]> {
    const found = await smallestSet(all, (items) => this.#works(planOf(items)))
    // The search may have proved the set only by tests of others.
    if (!isDeepStrictEqual(planOf(found), this.#best)) await this.#works(planOf(found))
    return found
  }

  /** A read-only root with writable folders is better than a writable one. */
  async #keepReadOnly(needs: HardeningNeed[]): Promise<void> {
    const { skip = [] } = this.#best
    if (!skip.includes('C-RO')) return
    const mounted = mountsOf(this.#setting.evidence.inspect).map(({ Destination }) => Destination)
    const writable = writtenFolders(this.#written, [...mounted, '/tmp'])
    const names = [...writable.temporary, ...writable.data]
    const plan = { ...this.#best, skip: skip.filter((check) => check !== 'C-RO'), writable }
    if (names.length > 0 && (await this.#works(plan))) needs.push({ check: 'C-RO', kind: 'writable', names })
  }

  /** Some capabilities are better than all default ones. */
  async #keepCapabilities(needs: HardeningNeed[]): Promise<void> {
    const { skip = [] } = this.#best
    if (!skip.includes('C-CAPDROP')) return
    const plan = { ...this.#best, skip: skip.filter((check) => check !== 'C-CAPDROP') }
    if (!(await this.#works({ ...plan, capabilities: DEFAULT_CAPABILITIES }))) return
    const names = await this.#settle(DEFAULT_CAPABILITIES, (capabilities) => ({ ...plan, capabilities }))
    needs.push({ check: 'C-CAPDROP', kind: 'capabilities', names })
  }

  async #works(options: PlanOptions): Promise<boolean> {
    const { ok, changes } = await this.#runPlan(options)
    if (ok) [this.#best, this.#written] = [options, changes]
    return ok
  }

  #runPlan(options: PlanOptions): Promise<Ran> {
    const { evidence, skip } = this.#setting
    const without = (options.skip ?? []).filter((check) => !skip.includes(check))
    return this.#run('narrower', planHardening(evidence, options).body, without)
  }

  async #run(copy: TriedCopy['copy'], body: ContainerCreateRequest, without: readonly string[]): Promise<Ran> {
    if (this.copies.length >= MOST_COPIES) throw new Exhausted()
    const { evidence, onStep, wait, run } = this.#setting
    const removeAfter = new Date(Date.now() + wait + SLACK_MS).toISOString()
    const title = `run ${copy === 'narrower' ? 'a copy' : `the copy: ${copy}`}${without.length > 0 ? ` without ${enumerate(without)}` : ''}`
    const result = await runStep(onStep, { step: `copy-${this.copies.length + 1}`, title }, async (step) => {
      const ran = await run(copyRequest(body, evidence.inspect, { ...this.#setting, removeAfter }))
      step.result(ran.state)
      return ran
    })
    const { changes: _changes, ...shown } = result
    this.copies.push({ copy, without, ...shown })
    return result
  }
}

/** The changes that can be to blame. */
function candidates({ changes }: HardenedContainer): string[] {
  const checks = changes.map(({ check }) => check ?? INIT).filter((check) => !UNTRIED.has(check))
  return [...new Set(checks)]
}

function unchangedNeed(check: string, { changes }: HardenedContainer): HardeningNeed {
  const names = changes.filter((change) => (change.check ?? INIT) === check).map(({ setting }) => setting)
  return { check, kind: 'unchanged', names: [...new Set(names)] }
}
