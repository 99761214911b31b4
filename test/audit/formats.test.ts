import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import type { Ajv, ValidateFunction } from 'ajv'
import { parseBaseline } from '../../lib/audit/baseline.ts'
import { renderReport } from '../../lib/audit.ts'
import { shown } from '../../lib/audit/formats/foreign.ts'
import type { AuditResult, RenderOptions } from '../../lib/audit/formats/model.ts'
import { FORMATS, type ReportFormat } from '../../lib/audit/names.ts'
import { auditSnapshot, evaluate, type AuditReport } from '../../lib/audit/report.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { CONTROLS, HOSTILE } from './support/hostile.ts'
import { makeSnapshot, PRIVILEGED, SAMPLES, TARGET, UNPRIVILEGED, type Given } from './support/snapshots.ts'

const require = createRequire(import.meta.url)

/** A container for each status: fail, warn, unknown, not applicable and pass. */
function containersNamed(name: string, detail: string = name): Given[] {
  return [
    { name, id: `1${name}`, inspect: { ...PRIVILEGED, Config: { User: detail } } },
    { name: `b${name}`, inspect: { ...UNPRIVILEGED, Config: { User: 'nobody can know' } } },
    { name: `c${name}`, inspect: { ...UNPRIVILEGED, Config: { User: 'nobody has to' } } },
  ]
}

function reportOf(containers: readonly Given[], parts: Record<string, unknown> = {}): AuditReport {
  return evaluate(makeSnapshot(containers, parts), SAMPLES)
}

const FAILED = {
  target: 'tcp://build02:2376',
  error: { code: 'ERR_CONNECTION_REFUSED', message: 'connecting: refused.' },
}
const PLAIN = reportOf(containersNamed('web', 'root'))

/** A report in which everything foreign is hostile. */
function hostile(text: string): AuditResult[] {
  const parts = { version: { value: { Version: text } }, networks: { unknown: text } }
  const report = reportOf(containersNamed(text), parts)
  const use = { check: text, subject: text, reason: text, until: '2020-01-01', state: 'expired' } as const
  const accepted = {
    ...report.findings[0],
    exception: { reason: text, until: '2030-01-01' },
  } as AuditReport['findings'][0]
  const whole: AuditReport = {
    ...report,
    target: text,
    findings: [...report.findings, accepted],
    exceptions: [use],
    baseline: { version: text, hasTarget: false },
  }
  return [whole, { target: text, error: { code: 'ERR_X', message: text } }]
}

const OPTIONS: RenderOptions = { all: true, width: 80 }

describe('no foreign text controls a terminal or disguises a report', () => {
  for (const format of FORMATS) {
    test(format, () => {
      for (const text of HOSTILE) {
        const rendered = renderReport(hostile(text), format, OPTIONS)
        assert.ok(!CONTROLS.test(rendered), `${JSON.stringify(text)}: ${CONTROLS.exec(rendered)?.[0]}`)
        const starts = rendered
          .replace(/<style>.*?<\/style>/s, '')
          .split('\n')
          .filter((line) => /^[=+@-]/.test(line) && !line.startsWith('- '))
        assert.deepEqual(starts, [], 'no line is a formula')
      }
    })
  }
})

test('every format shows each failure of a hostile daemon', () => {
  for (const text of HOSTILE) {
    for (const format of FORMATS) {
      const rendered = renderReport(hostile(text), format, OPTIONS)
      assert.match(rendered, /T-PRIV/)
      assert.match(rendered, /T-USER/)
    }
  }
})

test('an unknown format is refused', () => {
  assert.throws(() => renderReport(PLAIN, 'csv' as ReportFormat), { code: 'ERR_ARGUMENT_INVALID' })
  assert.throws(() => renderReport(PLAIN, 'toString' as ReportFormat), { code: 'ERR_ARGUMENT_INVALID' })
})

describe('text', () => {
  test('lists findings by family, the worst first, with each remedy once', () => {
    const two = reportOf([...containersNamed('web', 'root'), { name: 'db', inspect: PRIVILEGED }], {
      info: { value: { Debug: true } },
    })
    assert.equal(
      renderReport(two, 'text'),
      `Audit of ${TARGET}, Docker 26.1.5

Containers
  T-PRIV (critical): The container is not privileged
    FAIL  web: Privileged: true
    FAIL  db: Privileged: true
    Remedy: Set \`a | b\`, and restart the daemon.
  T-USER (high): The container has a user
    warn  web: User: root
    Remedy: Set \`a | b\`, and restart the daemon.

Daemon
  T-DEBUG (low): Debug mode is off
    FAIL  Debug: true
    Remedy: Set \`a | b\`, and restart the daemon.

Unknown
  T-USER  bweb: its user is unknown

3 failures (2 critical, 1 low), 1 warning, 1 unknown, 3 passed, 1 not applicable.

2 failures of severity high or worse.
`,
    )
  })

  test('shows the reasons of a few among many unknown results, and the ids of all', () => {
    const report = auditSnapshot(makeSnapshot([], { version: { unknown: 'no answer' } }))
    const ids = report.findings.filter(({ status }) => status === 'unknown').map(({ check }) => check)
    const [short, long] = [false, true].map((all) => renderReport(report, 'text', { all }))
    for (const id of ids) for (const text of [short, long]) assert.match(text ?? '', new RegExp(`\\b${id}\\b`))
    assert.match(short ?? '', /\n {2}Also unknown, for reasons that --all shows: D-/)
    assert.ok(!long?.includes('Also unknown'))
    assert.ok((short?.match(/no answer/g)?.length ?? 0) < 15)
    assert.ok((long?.match(/no answer/g)?.length ?? 0) > 30)
  })

  test('has a table for several daemons, and names those that were not audited', () => {
    const text = renderReport([PLAIN, FAILED], 'text', { failOn: 'critical' })
    assert.ok(text.includes('Audit of tcp://build02:2376\n  Not audited: connecting: refused.\n'))
    assert.ok(
      text.endsWith(`
CRITICAL  HIGH  MEDIUM  LOW  WARN  UNKNOWN  PASSED  HOST
       1     0       0    0     1        1       3  ${TARGET}
not audited: ERR_CONNECTION_REFUSED                 tcp://build02:2376

1 of 2 hosts could not be audited. 1 failure of severity critical on 1 host.
`),
      text,
    )
    assert.equal(text.match(/Remedy/g)?.length, 2)
    assert.equal(renderReport([PLAIN, { ...PLAIN, target: 'tcp://b' }], 'text').match(/Remedy/g)?.length, 2)
  })

  test('with all, lists what has passed and what is not applicable', () => {
    const text = renderReport(PLAIN, 'text', { all: true })
    assert.match(text, /^Passed\n {2}T-DEBUG {2}Debug mode is off\n {2}T-PRIV {3}bweb, cweb$/m)
    assert.match(text, /^Not applicable\n {2}T-USER {2}cweb: it has no processes$/m)
    assert.doesNotMatch(renderReport(PLAIN, 'text'), /^Passed|^Not applicable/m)
  })

  test('lists ten of many names with the same reason, and with all, each', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ name: `c${index}` }))
    assert.match(renderReport(reportOf(many), 'text'), /^ {2}T-PRIV {2}c0, .*, c9 and 2 more: the daemon did not/m)
    assert.match(renderReport(reportOf(many), 'text', { all: true }), /^ {2}T-PRIV {2}c0, .*, c10, c11: the daemon/m)
  })

  test('wraps to the width, and needs no colours', () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ')
    const text = renderReport(reportOf(containersNamed('web', words)), 'text', { width: 60, all: true })
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 60),
      [],
    )
    const painted = renderReport(PLAIN, 'text', { paint: (style, part) => `<${style}>${part}</${style}>` })
    assert.match(painted, /<red>FAIL<\/red>/)
    assert.equal(painted.replaceAll(/<\/?\w+>/g, ''), renderReport(PLAIN, 'text'))
  })

  test('says what could not be read, what is accepted, and how it compares', () => {
    const [report] = hostile('odd') as [AuditReport]
    const worse = { ...report, findings: report.findings.map((one) => ({ ...one, change: 'worse' as const })) }
    const text = renderReport(worse, 'text')
    assert.match(text, /^Could not be read\n {2}networks: odd$/m)
    assert.match(text, /^Accepted\n {2}T-DEBUG {2}daemon, until 2030-01-01: odd$/m)
    assert.match(text, /^Note: The exception for odd of odd \(odd\) expired on 2020-01-01/m)
    assert.match(text, /^Note: The baseline was written by docker-mtls odd\./m)
    assert.match(text, /FAIL {2}odd: Privileged: true \(worse than the baseline\)/)
    assert.match(text, /The audit is incomplete\./)
  })
})

describe('JSON', () => {
  test('has all findings, and is a baseline', () => {
    const text = renderReport([PLAIN, FAILED], 'json')
    const data = JSON.parse(text) as { summary: object; checks: object[]; hosts: { findings: object[] }[] }
    assert.deepEqual(data.summary, {
      failOn: 'high',
      hosts: 2,
      notAudited: 1,
      incomplete: 0,
      compared: false,
      failing: 1,
    })
    assert.equal(data.checks.length, 3)
    assert.deepEqual(data.hosts[0]?.findings[1], {
      check: 'T-PRIV',
      severity: 'critical',
      status: 'fail',
      failing: true,
      subject: { kind: 'container', id: '1web', name: 'web' },
      detail: 'Privileged: true',
    })
    assert.deepEqual(data.hosts[1], { ok: false, ...FAILED })
    assert.equal(parseBaseline(text).hosts[0]?.findings?.length, PLAIN.findings.length)
  })

  test('keeps foreign text as it is, once it is parsed', () => {
    for (const text of HOSTILE.filter((one) => !/\p{Cs}/u.test(one))) {
      const json = renderReport(hostile(text), 'json')
      assert.ok(!json.includes('<'))
      const data = JSON.parse(json) as { hosts: { target: string; engine: string }[] }
      assert.deepEqual([data.hosts[0]?.target, data.hosts[0]?.engine], [text, text])
    }
  })
})

/** The schema of OASIS, as it comes with Microsoft's SDK. It is of draft 4 of JSON Schema. */
function sarifSchema(): ValidateFunction {
  const Draft4 = (require('ajv-draft-04') as { default: typeof Ajv }).default
  const addFormats = (require('ajv-formats') as { default: (ajv: Ajv) => void }).default
  const path = require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
  const ajv = new Draft4({ strict: false, unicodeRegExp: false, allErrors: true })
  addFormats(ajv)
  return ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object)
}

interface SarifResult {
  readonly ruleId: string
  readonly level: string
  readonly message: { readonly text: string }
  readonly suppressions?: readonly object[]
  readonly partialFingerprints: Readonly<Record<string, string>>
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } }
    readonly logicalLocations: readonly { readonly name: string }[]
  }[]
}
interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string; readonly help: object }[] } }
  readonly invocations: readonly {
    readonly executionSuccessful: boolean
    readonly toolExecutionNotifications: readonly { readonly level: string; readonly message: { text: string } }[]
  }[]
  readonly results: readonly SarifResult[]
}

function runsIn(results: AuditResult | AuditResult[]): readonly SarifRun[] {
  return (JSON.parse(renderReport(results, 'sarif')) as { runs: readonly SarifRun[] }).runs
}

function printsOf(report: AuditReport): string[] {
  return runsIn(report).flatMap(({ results }) => results.flatMap((one) => Object.values(one.partialFingerprints)))
}

/** A report with one failure, which has an exception. */
function acceptedReport(): AuditReport {
  const finding = PLAIN.findings.find(({ status }) => status === 'fail') as AuditReport['findings'][0]
  return { ...PLAIN, findings: [{ ...finding, exception: { reason: 'needed', until: '2030-01-01' } }] }
}

describe('what passed in the baseline, and could not be seen now', () => {
  const good = renderReport(reportOf([{ name: 'web', inspect: UNPRIVILEGED }]), 'json')
  const blind = evaluate(makeSnapshot([{ name: 'web' }]), SAMPLES, { baseline: parseBaseline(good) })
  const SHOWN: Readonly<Record<Exclude<ReportFormat, 'json'>, RegExp>> = {
    text: /^ {4}UNKNOWN {2}web: .* \(worse than the baseline\)$/m,
    markdown: /^\| \*\*unknown, worse\*\* \| critical \| T-PRIV .* \| `web` \|/m,
    sarif: /"ruleId": "T-PRIV",[^]*"baselineState": "updated"/,
    junit: /<failure message="unknown, worse since the baseline/,
    html: /data-status="unknown failing"[^]*1 unknown, passed before/,
  }
  for (const [format, line] of Object.entries(SHOWN)) {
    test(`is a problem in ${format}`, () => {
      assert.match(renderReport(blind, format as ReportFormat), line)
    })
  }
})

function manyNamed(name: string, count: number): AuditReport {
  return reportOf(Array.from({ length: count }, (_, index) => ({ name: `${name}-${index}`, inspect: PRIVILEGED })))
}

describe('SARIF', () => {
  const validate = sarifSchema()

  test('is valid by its schema, also with hostile names', () => {
    for (const results of [[PLAIN], [FAILED], [PLAIN, FAILED], [], ...HOSTILE.map(hostile)]) {
      const log = JSON.parse(renderReport(results, 'sarif')) as { version: string }
      assert.ok(validate(log), JSON.stringify(validate.errors?.slice(0, 3)))
      assert.ok(!validate({ ...log, version: '2.0.0' }), 'the schema accepts anything')
    }
  })

  test('has a rule for each check, results for failures and warnings, and notifications for the rest', () => {
    const [run, failed] = runsIn([PLAIN, FAILED])
    assert.deepEqual(
      run?.tool.driver.rules.map(({ id }) => id),
      ['T-DEBUG', 'T-PRIV', 'T-USER'],
    )
    assert.deepEqual(
      run.results.map(({ ruleId, level, message }) => [ruleId, level, message.text]),
      [
        ['T-PRIV', 'error', 'The container web: Privileged: true'],
        ['T-USER', 'warning', 'The container web: User: root'],
      ],
    )
    assert.deepEqual(
      run.invocations[0]?.toolExecutionNotifications.map(({ level, message }) => [level, message.text]),
      [['note', 'Unknown: The container bweb: its user is unknown']],
    )
    assert.equal(run.invocations[0]?.executionSuccessful, true)
    assert.equal(failed?.invocations[0]?.executionSuccessful, false)
  })

  test('gives a finding the same fingerprint each time, and each its own', () => {
    const again = reportOf(containersNamed('web', 'another detail').map((one) => ({ ...one, id: 'another' })))
    assert.deepEqual(printsOf(again), printsOf(PLAIN))
    const all = [
      ...printsOf(PLAIN),
      ...printsOf({ ...PLAIN, target: 'b' }),
      ...printsOf(reportOf(containersNamed('c'))),
    ]
    assert.equal(new Set(all).size, 6)
  })

  test('places findings at relative paths, and never at others', () => {
    for (const text of HOSTILE) {
      const [run] = runsIn(hostile(text))
      for (const { locations } of run?.results ?? []) {
        const uri = locations[0]?.physicalLocation.artifactLocation.uri ?? ''
        assert.match(uri, /^[\w.%~!*'()-]+(?:\/[\w.%~!*'()-]+)+$/)
        assert.ok(!uri.split('/').some((part) => part === '..' || part === '.' || part === ''), uri)
      }
    }
  })

  test('has neither links nor placeholders in its messages', () => {
    for (const text of HOSTILE) {
      for (const { results } of runsIn(hostile(text))) {
        for (const { message } of results) {
          assert.doesNotMatch(message.text, /\]\(/)
          assert.doesNotMatch(message.text.replaceAll(/\{\{|\}\}/g, ''), /[{}]/)
        }
      }
    }
  })

  test('suppresses what is accepted', () => {
    const [run] = runsIn(acceptedReport())
    assert.equal(run?.results[0]?.suppressions?.length, 1)
  })

  test('tells two subjects of one name apart', () => {
    const two = reportOf(['1', '2'].map((id) => ({ name: 'web', id, inspect: PRIVILEGED })))
    assert.equal(new Set(printsOf(two)).size, printsOf(two).length)
  })
})

/** Prints what Python's parser reads, as JSON. */
const READ_XML = `
import json, sys, xml.etree.ElementTree as tree
def read(node): return {'tag': node.tag, 'attributes': node.attrib, 'text': node.text or '', 'children': [read(one) for one in node]}
print(json.dumps([read(tree.fromstring(text)) for text in json.load(sys.stdin)]))`

interface Node {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly children: readonly Node[]
}

async function readXml(texts: readonly string[]): Promise<Node[]> {
  const { code, stdout, stderr } = await runCommand('python3', ['-c', READ_XML], { input: JSON.stringify(texts) })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Node[]
}

describe('JUnit', { skip: lacks('python3') }, () => {
  test("is read by Python's parser, with hostile names too", async () => {
    const documents = await readXml(HOSTILE.map((text) => renderReport(hostile(text), 'junit')))
    for (const document of documents) {
      assert.deepEqual([document.tag, document.children.length], ['testsuites', 2])
      for (const suite of document.children) {
        assert.equal(suite.children.length, Number(suite.attributes['tests']))
        assert.ok(suite.children.every(({ tag }) => tag === 'testcase'))
        assert.ok(suite.children.every(({ attributes }) => /^(?:T-|read |audit)/.test(attributes['name'] ?? '')))
      }
    }
  })

  test('has failures for what fails, and errors for what could not be audited', async () => {
    const [document] = await readXml([renderReport([PLAIN, FAILED], 'junit')])
    const [suite, failed] = document?.children ?? []
    assert.deepEqual(suite?.attributes, {
      name: TARGET,
      tests: '7',
      failures: '1',
      errors: '0',
      skipped: '3',
      timestamp: '2026-11-27T02:00:00',
    })
    const failure = suite.children.find(({ children }) => children[0]?.tag === 'failure')
    assert.equal(failure?.attributes['name'], 'T-PRIV web: The container is not privileged')
    assert.deepEqual(failure.children[0]?.attributes, { message: 'fail (critical): Privileged: true' })
    assert.equal(failure.children[0].text, 'Set `a | b`, and restart the daemon.')
    assert.deepEqual([failed?.attributes['errors'], failed?.children[0]?.children[0]?.tag], ['1', 'error'])
  })
})

function decoded(html: string): string {
  return html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}

interface Markdown {
  readonly render: (text: string) => string
}

describe('Markdown', () => {
  const create = require('markdown-it') as (options: object) => Markdown
  /** Like GitHub, it takes HTML and turns addresses into links. */
  const markdown = create({ html: true, linkify: true })

  test('of hostile names has no elements of theirs', () => {
    const allowed = /<\/?(?:h2|h3|p|ul|li|table|thead|tbody|tr|th|td|code|strong|details|summary)>/g
    for (const text of HOSTILE) {
      const html = markdown.render(renderReport(hostile(text), 'markdown'))
      assert.doesNotMatch(html.replaceAll(allowed, ''), /</, text)
      const cells = [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) => row.match(/<t[dh]>/g)?.length)
      assert.ok(cells.length >= 3, html)
      const codes = Array.from(html.matchAll(/<td><code>(.*?)<\/code><\/td>/gs), ([, code = '']) =>
        decoded(code).trim(),
      )
      const expected = shown(text === '' ? '1' : text)
        .replaceAll('|', '<U+007C>')
        .trim()
      assert.equal(codes.filter((code) => code === expected).length >= 2, true, `${text}: ${JSON.stringify(codes)}`)
      assert.ok(
        cells.every((count) => count === 5),
        `${JSON.stringify(text)}: ${JSON.stringify(cells)}`,
      )
    }
  })

  test('shows findings in a table, and remedies once', () => {
    const text = renderReport([PLAIN, { ...PLAIN, target: 'tcp://b' }, FAILED], 'markdown')
    assert.match(
      text,
      /^## docker-mtls audit\n\n1 of 3 hosts could not be audited\. 2 failures of severity high or worse/,
    )
    assert.match(
      text,
      /^\| \*\*fail\*\* \| critical \| T-PRIV The container is not privileged \| `web` \| `Privileged: true` \|$/m,
    )
    assert.match(text, /^\| warn \| high \| T-USER /m)
    assert.equal(text.match(/^- T-PRIV \(Containers\): Set \\`a \\\| b\\`, and restart the daemon\.$/gm)?.length, 1)
    assert.match(text, /^- T-USER `bweb`: `its user is unknown`$/m)
  })

  test('stays short enough for a comment', () => {
    const many = reportOf(
      Array.from({ length: 2000 }, (_, index) => ({ name: `container-${index}`, inspect: PRIVILEGED })),
    )
    const text = renderReport([many, FAILED], 'markdown')
    assert.ok(text.length <= 65_000, String(text.length))
    assert.match(text, /^\d+ more lines are left out\.$/m)
    assert.match(text, /2000 failures/)
  })

  test('lets no daemon hide another one', () => {
    const text = renderReport([manyNamed('many', 2000), { ...manyNamed('victim', 1), target: 'tcp://b' }], 'markdown')
    assert.match(text, /^\| \*\*fail\*\* \| critical \| .* \| `victim-0` \|/m)
    assert.match(text, /`many-0`/)
    assert.match(text, /^\d+ more lines are left out\.$/m)
    assert.ok(text.length <= 65_000)
  })

  test('lists what is accepted', () => {
    assert.match(
      renderReport(acceptedReport(), 'markdown'),
      /1 accepted<\/summary>\n\n- T-PRIV `web`, until 2030-01-01: `needed`$/m,
    )
  })
})
