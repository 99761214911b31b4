import type { AuditReport } from 'docker-mtls/audit'
import { Refusal, SETUPS, type Attack, type AuditSign, type DoctorSign, type Setup } from './attack.ts'
import { ATTACKS } from './attacks.ts'
import { makeNaiveCertificates, type NaiveCertificates } from './stage/certificates.ts'
import type { Stage } from './stage/daemons.ts'
import { startOurs } from './stage/ours.ts'
import { startWrong } from './stage/wrong.ts'

/** How an attack ended at one daemon. */
export interface Outcome {
  /** `broken`: the demonstration itself failed. */
  readonly result: 'works' | 'stopped' | 'broken'
  /** What was won, or what stopped it. */
  readonly evidence: string
  readonly milliseconds: number
  /** The result of each sign, by its name. */
  readonly signs: Readonly<Record<string, string>>
}

type Ended = Omit<Outcome, 'signs'>

/** An attack at both daemons. */
export interface Row {
  readonly attack: Attack
  readonly wrong: Outcome
  readonly ours: Outcome
  /** What is not as it has to be. */
  readonly problems: readonly string[]
}

/** Is told what happens. Each function has to do the work that it is given. */
export interface Listener {
  readonly onStart: <T>(which: 'wrong' | 'ours', start: () => Promise<T>) => Promise<T>
  readonly onDaemon: (name: Setup | 'ours') => void
  readonly onAttack: (attack: Attack, run: () => Promise<Ended>) => Promise<Ended>
}

/** For one attack, in milliseconds. Most take less than half a second. */
const LIMIT_MS = 30_000

const SILENT: Listener = {
  onStart: (_, start) => start(),
  onDaemon: () => undefined,
  onAttack: (_, run) => run(),
}

/** Replays all attacks, first at the wrong daemons, then at ours. */
export async function replay(listener: Listener = SILENT): Promise<Row[]> {
  const certificates = await makeNaiveCertificates()
  const stages = await listener.onStart('wrong', () => startAllWrong(certificates))
  const wrong = await attackInTurn(stages, listener)
  const stage = await listener.onStart('ours', () => startOurs(certificates))
  listener.onDaemon('ours')
  const ours = await attackAll(stage, ATTACKS, listener)
  return ATTACKS.map((attack) => judge(attack, wrong.get(attack.id), ours.get(attack.id)))
}

/** All at once: starting and stopping a daemon mostly means waiting. */
async function startAllWrong(certificates: NaiveCertificates): Promise<Map<Setup, Stage>> {
  const started = await Promise.allSettled(SETUPS.map((setup) => startWrong(setup, certificates)))
  const stages = new Map<Setup, Stage>()
  for (const [index, setup] of SETUPS.entries()) {
    const one = started[index]
    if (one?.status === 'fulfilled') stages.set(setup, one.value)
  }
  const failed = started.find((one) => one.status === 'rejected')
  if (failed === undefined) return stages
  await stopAll(stages)
  throw failed.reason
}

async function stopAll(stages: ReadonlyMap<Setup, Stage>): Promise<void> {
  await Promise.all([...stages.values()].map(({ stop }) => stop()))
}

async function attackInTurn(stages: ReadonlyMap<Setup, Stage>, listener: Listener): Promise<Map<string, Outcome>> {
  try {
    const outcomes: [string, Outcome][] = []
    for (const [setup, stage] of stages) {
      listener.onDaemon(setup)
      const attacks = ATTACKS.filter((attack) => attack.setup === setup)
      outcomes.push(...(await attackOn(stage, attacks, listener)))
    }
    return new Map(outcomes)
  } finally {
    await stopAll(stages)
  }
}

/** Attacks a daemon, audits it, and stops it. */
export async function attackAll(
  stage: Stage,
  attacks: readonly Attack[],
  listener: Listener = SILENT,
): Promise<Map<string, Outcome>> {
  try {
    return await attackOn(stage, attacks, listener)
  } finally {
    await stage.stop()
  }
}

async function attackOn(
  stage: Stage,
  attacks: readonly Attack[],
  { onAttack }: Listener,
): Promise<Map<string, Outcome>> {
  const ended = new Map<Attack, Ended>()
  for (const attack of attacks) ended.set(attack, await onAttack(attack, () => attempt(attack, stage)))
  const report = await stage.audit()
  const outcomes = new Map<string, Outcome>()
  for (const [attack, end] of ended) outcomes.set(attack.id, { ...end, signs: await readSigns(attack, stage, report) })
  return outcomes
}

async function attempt(attack: Attack, { target }: Stage): Promise<Ended> {
  const started = performance.now()
  const end = (result: Ended['result'], evidence: string): Ended => ({
    result,
    evidence,
    milliseconds: Math.round(performance.now() - started),
  })
  try {
    return end('works', await inTime(attack.attempt(target)))
  } catch (error) {
    return end(error instanceof Refusal ? 'stopped' : 'broken', (error as Error).message)
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${LIMIT_MS} ms`)), LIMIT_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** The name of a sign: the id of a check, or `doctor: STEP`. */
export function nameOf(sign: AuditSign | DoctorSign): string {
  return 'check' in sign ? sign.check : `doctor: ${sign.step}`
}

async function readSigns({ id, signs }: Attack, { target }: Stage, report: AuditReport): Promise<Outcome['signs']> {
  const read: Record<string, string> = {}
  for (const sign of signs) {
    read[nameOf(sign)] = 'check' in sign ? statusOf(report, sign.check, id) : await sign.look(target)
  }
  return read
}

/** The result of a check for the daemon, or for the container with the name of the attack. */
function statusOf({ findings, unread }: AuditReport, check: string, name: string): string {
  if (unread.length > 0) return 'unread'
  const found = findings.find(
    (finding) => finding.check === check && (finding.subject.kind === 'daemon' || finding.subject.name === name),
  )
  return found?.status ?? 'absent'
}

/** Compares what happened with what the attack says. */
export function judge(attack: Attack, wrong?: Outcome, ours?: Outcome): Row {
  if (wrong === undefined || ours === undefined) throw new Error(`${attack.id} was not tried`)
  const expected = attack.refusal === undefined ? 'works' : 'stopped'
  const isOtherReason = ours.result === 'stopped' && attack.refusal?.test(ours.evidence) !== true
  const problems = [
    ...(wrong.result === 'works' ? [] : [`${wrong.result} at the wrong set-up: ${wrong.evidence}`]),
    ...(ours.result === expected ? [] : [`${ours.result} at ours: ${ours.evidence}`]),
    ...(isOtherReason ? [`stopped by something else: ${ours.evidence}`] : []),
    ...attack.signs.flatMap((sign) => signProblems(sign, wrong, ours)),
  ]
  return { attack, wrong, ours, problems }
}

function signProblems(sign: AuditSign | DoctorSign, wrong: Outcome, ours: Outcome): string[] {
  const name = nameOf(sign)
  const expected = 'check' in sign ? (sign.wrong ?? 'fail') : 'failed'
  const [there, here] = [wrong.signs[name] ?? 'absent', ours.signs[name] ?? 'absent']
  return [
    ...(there === expected ? [] : [`${name} is ${there} at the wrong set-up, and should be ${expected}`]),
    ...(here === sign.ours ? [] : [`${name} is ${here} at ours, and should be ${sign.ours}`]),
  ]
}
