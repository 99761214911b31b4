import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseBaseline, type Baseline } from '../../lib/audit/baseline.ts'
import type { Check, Severity } from '../../lib/audit/check.ts'
import { CHECKS } from '../../lib/audit/checks.ts'
import type { AuditException } from '../../lib/audit/exceptions.ts'
import { renderJson } from '../../lib/audit/formats/json.ts'
import { exceptionsOf, summaryOf } from '../../lib/audit/formats/model.ts'
import { evaluate, failuresOf, type AuditReport, type EvaluateOptions } from '../../lib/audit/report.ts'
import { auditSnapshot, CHECK_FACTS } from '../../lib/audit.ts'
import type { Snapshot } from '../../lib/audit/snapshot/snapshot.ts'
import { makeSnapshot, PRIVILEGED, SAMPLES, TARGET, UNPRIVILEGED } from './support/snapshots.ts'

const REAL = CHECKS[0]?.id ?? ''
/** Exceptions name checks that exist: this one stands for the first of them. */
const NAMED: readonly Check[] = SAMPLES.map((check) => (check.id === 'T-PRIV' ? renamed(check, REAL) : check))
const NOW = new Date('2027-01-15T12:00:00Z')

function renamed(check: Check, id: string): Check {
  const run = (snapshot: Snapshot): ReturnType<Check['run']> =>
    check.run(snapshot).map((one) => ({ ...one, check: id }))
  return { ...check, id, run }
}

function exceptionFor(rest: Partial<AuditException> = {}): AuditException {
  return { check: REAL, reason: 'Built there', until: '2027-01-31', ...rest }
}

const statuses = ({ findings }: AuditReport): string[] =>
  findings.map(({ check, subject, status }) => `${check} ${subject.kind === 'daemon' ? '' : subject.name} ${status}`)

describe('a report', () => {
  const snapshot = makeSnapshot([
    { name: 'web', inspect: PRIVILEGED },
    { name: 'db', inspect: UNPRIVILEGED },
    { name: 'odd', inspect: {} },
  ])

  test('has a finding for each check and subject, and counts them', () => {
    const report = evaluate(snapshot, SAMPLES)
    assert.deepEqual(statuses(report), [
      'T-DEBUG  pass',
      'T-PRIV web fail',
      'T-PRIV db pass',
      'T-PRIV odd unknown',
      'T-USER web pass',
      'T-USER db pass',
      'T-USER odd pass',
    ])
    assert.deepEqual(report.counts, { pass: 5, fail: 1, warn: 0, 'not-applicable': 0, unknown: 1 })
    assert.deepEqual([report.engine, report.accepted, report.unread, report.skipped], ['26.1.5', 0, [], []])
  })

  test('is the same for the same snapshot', () => {
    assert.deepEqual(auditSnapshot(snapshot), auditSnapshot(snapshot))
    const withHost: Snapshot = { ...snapshot, host: { unknown: 'no answer' } }
    assert.deepEqual(auditSnapshot(withHost).checks, CHECK_FACTS)
  })

  const FAILING: readonly (readonly [Severity, number])[] = [
    ['critical', 1],
    ['high', 1],
    ['low', 2],
  ]
  for (const [failOn, expected] of FAILING) {
    test(`fails by failures of ${failOn} or worse, not by warnings`, () => {
      const bad = makeSnapshot([{ name: 'web', inspect: { ...PRIVILEGED, Config: { User: 'root' } } }], {
        info: { value: { Debug: true } },
      })
      assert.equal(failuresOf(evaluate(bad, SAMPLES), failOn).length, expected)
    })
  }

  test('goes on if a check stumbles, and is incomplete', () => {
    const broken: Check = {
      ...(SAMPLES[0] as Check),
      id: 'T-BROKEN',
      run: () => {
        throw new TypeError('x is undefined')
      },
    }
    const report = evaluate(snapshot, [broken, ...SAMPLES])
    assert.equal(report.findings[0]?.status, 'unknown')
    assert.equal(report.findings.length, 8)
    assert.equal(report.unread[0]?.part, 'results of T-BROKEN')
  })

  const UNREAD: readonly (readonly [string, Record<string, unknown>, string[]])[] = [
    ['nothing', {}, []],
    ['info', { info: { unknown: 'no answer' } }, ['info']],
    [
      'all',
      Object.fromEntries(
        ['version', 'info', 'containers', 'networks', 'volumes'].map((part) => [part, { unknown: 'no' }]),
      ),
      ['version', 'info', 'containers', 'networks', 'volumes'],
    ],
    [
      'a container',
      {
        containers: {
          value: [{ id: 'x', name: 'web', inspect: { unknown: 'no' }, execs: { value: [] }, commands: { value: [] } }],
        },
      },
      ['container web'],
    ],
  ]
  for (const [what, parts, expected] of UNREAD) {
    test(`names what could not be read: ${what}`, () => {
      const report = evaluate(makeSnapshot([], parts), SAMPLES)
      assert.deepEqual(
        report.unread.map(({ part }) => part),
        expected,
      )
      assert.equal(summaryOf([report], {}).incomplete, expected.length === 0 ? 0 : 1)
    })
  }
})

describe('the selection', () => {
  const ROWS: readonly (readonly [EvaluateOptions, string[]])[] = [
    [{}, ['T-DEBUG', 'T-PRIV', 'T-USER']],
    [{ only: ['T-PRIV'] }, ['T-PRIV']],
    [{ only: ['t-priv', 'Daemon'] }, ['T-DEBUG', 'T-PRIV']],
    [{ skip: ['container'] }, ['T-DEBUG']],
    [{ only: ['container'], skip: ['T-USER'] }, ['T-PRIV']],
    [{ profile: 'cis-1.6' }, ['T-PRIV']],
    [{ profile: 'cis-1.8' }, ['T-DEBUG', 'T-PRIV']],
    [{ profile: 'docker-mtls' }, ['T-DEBUG', 'T-PRIV', 'T-USER']],
  ]
  for (const [options, expected] of ROWS) {
    test(JSON.stringify(options), () => {
      const report = evaluate(makeSnapshot(), SAMPLES, options)
      assert.deepEqual(
        report.checks.map(({ id }) => id),
        expected,
      )
      assert.deepEqual(
        [...report.skipped, ...expected].toSorted(),
        SAMPLES.map(({ id }) => id),
      )
    })
  }

  const WRONG: readonly (readonly [unknown, RegExp])[] = [
    [{ only: ['T-PRIVV'] }, /no check and no family "T-PRIVV".*\n.*T-PRIV\?/],
    [{ skip: ['nothing'] }, /skip.*no check and no family/],
    [{ only: [] }, /leaves no check/],
    [{ only: ['container'], skip: ['container'] }, /leaves no check/],
    [{ only: 'container' }, /not a list/],
    [{ profile: 'cis-1.7' }, /no profile "cis-1\.7"/],
  ]
  for (const [options, message] of WRONG) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => evaluate(makeSnapshot(), SAMPLES, options as EvaluateOptions), {
        code: 'ERR_ARGUMENT_INVALID',
        message,
      })
    })
  }
})

function states(results: Parameters<typeof exceptionsOf>[0]): string[] {
  return exceptionsOf(results).map(({ state }) => state)
}

describe('an exception', () => {
  const snapshot = makeSnapshot([
    { name: 'web', id: 'abc', inspect: PRIVILEGED },
    { name: 'db', inspect: PRIVILEGED },
  ])
  const ROWS: readonly (readonly [string, Partial<AuditException>, string, number])[] = [
    ['for one container', { subject: 'web' }, 'used', 1],
    ['by its id', { subject: 'abc' }, 'used', 1],
    ['for all containers', {}, 'used', 2],
    ['for this daemon', { target: TARGET }, 'used', 2],
    ['for another daemon', { target: 'tcp://other:2376' }, 'not-checked', 0],
    ['for another container', { subject: 'we' }, 'unused', 0],
    ['on its last day', { until: '2027-01-15' }, 'used', 2],
    ['a day later', { until: '2027-01-14' }, 'expired', 0],
  ]
  for (const [what, rest, state, accepted] of ROWS) {
    test(`${what} is ${state}`, () => {
      const report = evaluate(snapshot, NAMED, { exceptions: [exceptionFor(rest)], now: NOW })
      assert.equal(report.exceptions[0]?.state, state)
      assert.equal(report.accepted, accepted)
      assert.equal(failuresOf(report, 'critical').length, 2 - accepted)
      assert.equal(report.counts.fail, 2 - accepted)
    })
  }

  test('of a check that was not run is not unused', () => {
    const options = { exceptions: [exceptionFor()], only: ['T-DEBUG'], now: NOW }
    assert.equal(evaluate(snapshot, NAMED, options).exceptions[0]?.state, 'not-checked')
  })

  test('has expired if the time is unknown', () => {
    const report = evaluate({ ...snapshot, at: 'rubbish' }, NAMED, { exceptions: [exceptionFor()] })
    assert.equal(report.exceptions[0]?.state, 'expired')
  })

  test('covers nothing that has passed', () => {
    const good = evaluate(makeSnapshot([{ name: 'web', inspect: UNPRIVILEGED }]), NAMED, {
      exceptions: [exceptionFor()],
      now: NOW,
    })
    assert.equal(good.exceptions[0]?.state, 'unused')
  })

  test('is used if any daemon needs it, and is not called unused while one is missing', () => {
    const options = { exceptions: [exceptionFor({ subject: 'web' }), exceptionFor({ subject: 'old' })], now: NOW }
    const one = evaluate(snapshot, NAMED, options)
    const other = evaluate({ ...makeSnapshot(), target: 'tcp://other:2376' }, NAMED, options)
    assert.deepEqual(states([other, one]), ['used', 'unused'])
    const missing = { target: 'tcp://gone:2376', error: { code: 'ERR_X', message: 'gone' } }
    assert.deepEqual(states([one, missing]), ['used', 'not-checked'])
  })
})

function web(inspect: Record<string, unknown>): Snapshot {
  return makeSnapshot([{ name: 'web', inspect }])
}

function baselineFrom(snapshot: Snapshot, checks: readonly Check[] = SAMPLES): Baseline {
  return parseBaseline(renderJson([evaluate(snapshot, checks)]))
}

function withSeverity(severity: Severity): Check[] {
  return SAMPLES.map((check) => ({ ...check, severity }))
}

function task(id: string): Snapshot {
  return makeSnapshot([{ name: `web.1.${id.repeat(25)}`, id, inspect: PRIVILEGED }])
}

/** A container with a finding that has this detail. */
function saying(detail: string): Snapshot {
  return web({ ...PRIVILEGED, Config: { User: detail } })
}

function changeOfUser(now: Snapshot, baseline: Baseline): string | undefined {
  return evaluate(now, SAMPLES, { baseline }).findings.find(({ check }) => check === 'T-USER')?.change
}

describe('a baseline', () => {
  const GOOD = web(UNPRIVILEGED)
  const BAD = web(PRIVILEGED)
  const BLIND = web({})
  const ROWS: readonly (readonly [string, Snapshot, Snapshot, string, number])[] = [
    ['pass, pass', GOOD, GOOD, 'same', 0],
    ['pass, fail', GOOD, BAD, 'worse', 1],
    ['pass, unknown', GOOD, BLIND, 'worse', 1],
    ['fail, fail', BAD, BAD, 'same', 0],
    ['fail, pass', BAD, GOOD, 'better', 0],
    ['fail, unknown', BAD, BLIND, 'same', 0],
    ['unknown, unknown', BLIND, BLIND, 'same', 0],
    ['unknown, fail', BLIND, BAD, 'worse', 1],
    ['nothing, fail', makeSnapshot(), BAD, 'new', 1],
    ['nothing, unknown', makeSnapshot(), BLIND, 'new', 0],
  ]
  for (const [what, before, now, change, failing] of ROWS) {
    test(`${what}: ${change}`, () => {
      const report = evaluate(now, SAMPLES, { baseline: baselineFrom(before) })
      assert.equal(report.findings.find(({ check }) => check === 'T-PRIV')?.change, change)
      assert.equal(failuresOf(report, 'high').length, failing)
      assert.equal(report.baseline?.hasTarget, true)
    })
  }

  test('a higher severity is worse, a lower one is not', () => {
    const before = baselineFrom(BAD, withSeverity('medium'))
    const worse = evaluate(BAD, withSeverity('high'), { baseline: before })
    assert.equal(failuresOf(worse, 'low').length, 1)
    assert.equal(failuresOf(evaluate(BAD, withSeverity('low'), { baseline: before }), 'low').length, 0)
  })

  const DETAILS: readonly (readonly [before: string, now: string, change: string])[] = [
    ['SYS_ADMIN', 'SYS_ADMIN, NET_ADMIN', 'worse'],
    ['SYS_ADMIN, NET_ADMIN', 'NET_ADMIN', 'same'],
    ['SYS_ADMIN, NET_ADMIN', 'NET_ADMIN, SYS_ADMIN', 'same'],
    ['SYS_ADMIN', 'ALL', 'worse'],
    ['port 0.0.0.0:32768', 'port 0.0.0.0:32770', 'same'],
    ['ports 0.0.0.0:80', 'ports 0.0.0.0:80, 0.0.0.0:22', 'worse'],
    ['the network of 0123456789ab', 'the network of ab0123456789', 'same'],
  ]
  for (const [before, now, change] of DETAILS) {
    test(`the same failure with another detail, ${before}, then ${now}: ${change}`, () => {
      assert.equal(changeOfUser(saying(now), baselineFrom(saying(before))), change)
    })
  }

  test('details of another version are not compared, because its words may differ', () => {
    const baseline = { ...baselineFrom(saying('SYS_ADMIN')), tool: { version: '0.0.1' } }
    assert.equal(changeOfUser(saying('ALL'), baseline), 'same')
  })

  test('a container that was created again is the same one', () => {
    const again = makeSnapshot([{ name: 'web', id: 'another', inspect: PRIVILEGED }])
    assert.equal(failuresOf(evaluate(again, SAMPLES, { baseline: baselineFrom(BAD) }), 'low').length, 0)
  })

  test('a task of a swarm that was replaced is the same one', () => {
    const report = evaluate(task('b'), SAMPLES, { baseline: baselineFrom(task('a')) })
    assert.equal(failuresOf(report, 'low').length, 0)
    const exceptions = [exceptionFor({ subject: 'web.1' })]
    assert.equal(evaluate(task('b'), NAMED, { exceptions, now: NOW }).accepted, 1)
    const other = makeSnapshot([{ name: `web.2.${'a'.repeat(25)}`, inspect: PRIVILEGED }])
    assert.equal(failuresOf(evaluate(other, SAMPLES, { baseline: baselineFrom(task('a')) }), 'low').length, 1)
  })

  test('does not outlive an exception: what was accepted is new when the exception has ended', () => {
    const accepted = evaluate(BAD, NAMED, { exceptions: [exceptionFor()], now: NOW })
    const baseline = parseBaseline(renderJson([accepted]))
    const exceptions = [exceptionFor({ until: '2027-01-14' })]
    for (const options of [{ exceptions }, {}]) {
      const report = evaluate(BAD, NAMED, { ...options, baseline, now: NOW })
      assert.equal(report.findings.find(({ check }) => check === exceptionFor().check)?.change, 'new')
      assert.equal(failuresOf(report, 'critical').length, 1)
    }
  })

  test('of another daemon has nothing to compare: all is new', () => {
    const baseline = baselineFrom({ ...BAD, target: 'tcp://other:2376' })
    const report = evaluate(BAD, SAMPLES, { baseline })
    assert.equal(report.baseline?.hasTarget, false)
    assert.equal(failuresOf(report, 'high').length, 1)
  })

  test('of two subjects with one name, the better one counts', () => {
    const two = makeSnapshot([
      { name: 'web', id: '1', inspect: PRIVILEGED },
      { name: 'web', id: '2', inspect: UNPRIVILEGED },
    ])
    assert.equal(failuresOf(evaluate(BAD, SAMPLES, { baseline: baselineFrom(two) }), 'low').length, 1)
  })
})
