import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { certificatesOf } from '../../lib/audit/certificates.ts'
import { positionOf } from '../../lib/audit/formats/html/certificates.ts'
import { sharesOf } from '../../lib/audit/formats/html/family-scores.ts'
import { html } from '../../lib/audit/formats/html/markup.ts'
import { renderHtml } from '../../lib/audit/formats/html/page.ts'
import { remedyHtml } from '../../lib/audit/formats/html/remedy.ts'
import type { AuditResult } from '../../lib/audit/formats/model.ts'
import { CHECK_FACTS } from '../../lib/audit/facts.ts'
import type { AuditReport } from '../../lib/audit/report.ts'
import { HOSTILE } from './support/hostile.ts'
import {
  BAD_REPORT,
  BAD_SNAPSHOT,
  FAILED,
  GOOD_REPORT,
  hostileReport,
  largeReport,
  manyResults,
} from './support/html-reports.ts'

const BAD = renderHtml([BAD_REPORT])
const GOOD = renderHtml([GOOD_REPORT])
const MANY = renderHtml(manyResults(6))
const PAGES: Readonly<Record<string, string>> = {
  good: GOOD,
  bad: BAD,
  many: MANY,
  failed: renderHtml([FAILED]),
  nothing: renderHtml([]),
}

function decoded(text: string): string {
  const names: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replaceAll(/&(\w+);/g, (_found, name: string) => names[name] ?? '')
}

/** The text of a page as a reader sees it, on one line. */
function textOf(page: string): string {
  const body = page.replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '')
  return decoded(body.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ')
}

/** Like `assert.match`, without the whole page in the message. */
function has(page: string, pattern: RegExp): void {
  assert.ok(pattern.test(page), `${String(pattern)} is not in: ${page.slice(0, 300)}...`)
}

function hasNot(page: string, pattern: RegExp): void {
  assert.ok(!pattern.test(page), `${String(pattern)}: ${pattern.exec(page)?.[0]}`)
}

function all(page: string, pattern: RegExp): string[] {
  return Array.from(page.matchAll(pattern), ([, found = '']) => found)
}

function hashOf(text = ''): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** The names of elements and attributes. */
function kindsIn(page: string): Set<string> {
  return new Set(page.match(/<[a-zA-Z!/?][^\s>]*|(?<=<[^>]*\s)[\w-]+(?==")/g) ?? [])
}

describe('the template', () => {
  test('escapes texts for content and attributes, and nothing twice', () => {
    const name = `"><img src=x onerror='a()'>&`
    const inner = html`<b>${name}</b>`
    const safe = '&quot;&gt;&lt;img src=x onerror=&apos;a()&apos;&gt;&amp;'
    assert.equal(
      html`<p title="${name}">${[inner, 1, undefined]}</p>`.toString(),
      `<p title="${safe}"><b>${safe}</b>1</p>`,
    )
  })

  test('shows characters that disguise or control by their code', () => {
    assert.equal(html`${'a\u202Eb\u001B\n'}`.toString(), 'a&lt;U+202E&gt;b&lt;U+001B&gt;&lt;U+000A&gt;')
  })
})

describe('a page needs and loads nothing else', () => {
  for (const [name, page] of Object.entries(PAGES)) {
    test(name, () => {
      const [style, ...styles] = all(page, /<style>(.*?)<\/style>/gs)
      const [script, ...scripts] = all(page, /<script type="module">(.*?)<\/script>/gs)
      assert.deepEqual([styles, scripts, all(page, /<(script|style)[ >]/g)], [[], [], ['style', 'script']])
      assert.equal(
        decoded(all(page, /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/g).join()),
        `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`,
      )
      hasNot(style ?? '', /url\(|@import|<\//)
      hasNot(script ?? '', /fetch|XMLHttp|import\(|innerHTML|<\/|eval/)
      const rest = page.replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '')
      hasNot(rest, /<[^>]*\s(?:src|srcset|style|on\w+|action|formaction|data|background)=/)
      for (const [tag, address = ''] of rest.matchAll(/<a [^>]*href="([^"]*)"[^>]*>/g)) {
        assert.match(address, /^(?:#|https?:\/\/)/)
        assert.equal(tag.includes('rel="noreferrer"'), !address.startsWith('#'), tag)
      }
    })
  }
})

describe('structure', () => {
  for (const [name, page] of Object.entries(PAGES)) {
    test(name, () => {
      const ids = all(page, /\sid="([^"]*)"/g)
      assert.deepEqual(ids, [...new Set(ids)], 'an id twice')
      for (const target of [...all(page, /href="#([^"]*)"/g), ...all(page, /\sfor="([^"]*)"/g)]) {
        assert.ok(ids.includes(target), target)
      }
      const levels = all(page, /<h(\d)[ >]/g).map(Number)
      assert.equal(levels[0], 1)
      levels.forEach((level, index) => assert.ok(level > 1 === index > 0 && level - (levels[index - 1] ?? 0) <= 1))
      for (const tag of ['header', 'main', 'footer', 'h1']) assert.equal(page.split(`<${tag}`).length, 2, tag)
      assert.equal(page.split('<table').length, page.split('<caption>').length)
      hasNot(page, /<th(?![^>]*scope=)[ >]/)
      for (const tag of ['details', 'section', 'table', 'ul', 'ol', 'li', 'div', 'svg', 'dl', 'code', 'span', 'td'])
        assert.equal(
          page.match(RegExp(`<${tag}[\\s>]`, 'g'))?.length,
          page.match(RegExp(`</${tag}\\s*>`, 'g'))?.length,
          tag,
        )
    })
  }
})

describe('hostile texts', () => {
  const harmless = kindsIn([renderHtml([hostileReport('harmless'), FAILED]), BAD].join(''))

  test('become neither elements nor attributes', () => {
    for (const text of HOSTILE) {
      const page = renderHtml([hostileReport(text), { target: text, error: { code: text, message: text } }])
      const strange = [...kindsIn(page)].filter((kind) => !harmless.has(kind))
      assert.deepEqual(strange, [], JSON.stringify(text))
    }
    assert.ok(
      !harmless.has('<img') && harmless.has('<table') && harmless.has('data-status'),
      'the reader finds nothing',
    )
  })

  test('of a page become no link', () => {
    for (const address of [
      'javascript:alert(1)',
      'data:text/html,x',
      '//example.com',
      'https://',
      'file:///etc/passwd',
    ]) {
      const checks = BAD_REPORT.checks.map((check) => ({ ...check, references: [address] }))
      hasNot(renderHtml([{ ...BAD_REPORT, checks }]), /href="[^#]/)
    }
  })
})

describe('the verdict', () => {
  const partly = { ...GOOD_REPORT, unread: [{ part: 'networks', reason: 'refused' }] }
  const rows: ReadonlyArray<readonly [what: string, results: readonly AuditResult[], heading: string, text: RegExp]> = [
    [
      'nothing fails',
      [GOOD_REPORT],
      'Passed',
      /No failure of severity high or worse\. Notes The files of the host were not read/,
    ],
    ['something fails', [{ ...BAD_REPORT, unread: [] }], 'Failed', /What fails high Not met: .* — web/],
    [
      'a part is missing',
      [partly],
      'Incomplete',
      /The audit is incomplete\. 1 part could not be read: networks : refused/,
    ],
    ['both', [BAD_REPORT], 'Failed, and incomplete', /Only what is worse than the baseline counts/],
    [
      'a host is missing',
      [GOOD_REPORT, FAILED],
      'Incomplete',
      /1 of 2 hosts could not be audited\..*nothing listens there/,
    ],
    ['no host', [], 'No host was audited', /Docker audit of 0 hosts/],
  ]
  for (const [what, results, heading, text] of rows) {
    test(what, () => {
      const page = renderHtml(results)
      assert.ok(page.includes(`<h2 id="verdict">${heading}</h2>`), all(page, /<h2 id="verdict">(.*?)</g).join())
      has(textOf(page), text)
    })
  }

  test('depends on the severity from which an audit fails', () => {
    const report = {
      ...BAD_REPORT,
      unread: [],
      findings: BAD_REPORT.findings.filter(({ severity }) => severity === 'low'),
    }
    const withoutChange = { ...report, findings: report.findings.map(({ change: _change, ...finding }) => finding) }
    has(renderHtml([withoutChange], { failOn: 'low' }), /<h2 id="verdict">Failed</)
    has(renderHtml([withoutChange], { failOn: 'medium' }), /<h2 id="verdict">Passed</)
  })
})

describe('content', () => {
  const text = textOf(BAD)

  test('each failure and warning stands there with why, remedy, CIS items and references', () => {
    const facts = new Map(BAD_REPORT.checks.map((check) => [check.id, check]))
    const problems = BAD_REPORT.findings.filter(({ status, exception }) => !exception && /fail|warn/.test(status))
    assert.ok(problems.length > 20)
    for (const { check, detail = '' } of problems) {
      const entry = new RegExp(`<details\\s+class="entry"\\s+id="h1-${check}".*?</dl>`, 's').exec(BAD)?.[0] ?? ''
      const shown = textOf(entry)
      const { title = '', why = '', cis = {}, references = [] } = facts.get(check) ?? {}
      for (const part of [title, why, check, ...references, ...Object.values(cis).map((items) => items.join(', '))])
        assert.ok(shown.includes(part), `${check}: ${part}`)
      assert.ok(shown.includes(detail), `${check}: ${detail}`)
      assert.match(shown, /Remedy \S/)
    }
  })

  test('when and what was audited, what is accepted, expired, better, worse and left out', () => {
    for (const part of [
      'Audited 2026-11-27 10:00 UTC',
      'Docker Engine 26.1.5+dfsg1',
      'Left out by options (1) O-SPRAWL',
      'Ann: builds images until the new builder is ready 2027-03-31',
      'The exception for D-DEBUG (Bob: traces a leak) expired on 2026-10-01',
      'User: not set, which means root (worse than the baseline)',
      'Better than the baseline Pass high The container does not run as root C-USER metrics',
      'container gone : the test says so',
    ])
      assert.ok(text.includes(part), part)
    hasNot(textOf(GOOD), /Accepted|baseline|Left out|could not be read/)
  })

  test('what is unknown, with many reasons folded and a common reason once', () => {
    const unknown = BAD.slice(BAD.indexOf('id="h1-unknown"'), BAD.indexOf('id="h1-accepted"'))
    has(unknown, /<details class="part" >\s*<summary><strong>Versions/)
    has(unknown, /<details class="part" open>\s*<summary><strong>Containers/)
    assert.equal(unknown.split('volume plugin').length, 2)
    for (const { check, status } of BAD_REPORT.findings)
      if (status === 'unknown') assert.ok(unknown.includes(check), check)
  })

  test('only what makes the audit fail is open at first, and what passed is folded', () => {
    const open = all(BAD, /<details\s+class="entry"\s+id="h1-([^"]*)"\s+open/g)
    assert.deepEqual(open, ['C-USER', 'C-PID'])
    has(BAD, /id="h1-pass">Passed<\/h2>\s*<details class="part">/)
  })

  test('a page of several hosts has a table, and a section for each', () => {
    const results = manyResults(6)
    const row = /<tr>\s*<th scope="row"><a href="#h2"><code>tcp:\/\/build02.*?<\/tr>/s.exec(MANY)?.[0] ?? ''
    const { counts } = results[1] as AuditReport
    assert.ok(textOf(row).endsWith(` failed 3 15 9 2 ${counts.warn} ${counts.unknown} 1 ${counts.pass} `), textOf(row))
    has(textOf(MANY), /tcp:\/\/build05\.example\.com:2376 not audited ERR_CONNECTION_REFUSED/)
    assert.deepEqual(all(MANY, /<section class="host" id="(\w+)"/g), ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'])
    has(textOf(MANY), /does not run as root — 4 findings on tcp:\/\/build01\S+ , \S+ , \S+ and 1 more hosts/)
  })

  test('many containers and hosts make no huge page', () => {
    const report = largeReport(500)
    const page = renderHtml([report])
    assert.ok(page.length < 1_000_000, String(page.length))
    for (const name of ['app-002-worker', 'app-492-worker']) assert.ok(page.includes(`<li><code>${name}</code></li>`))
    has(textOf(page), /containers: Privileged: true/)
    assert.ok(renderHtml(manyResults(20)).length < 3_000_000)
  })
})

describe('pictures', () => {
  test('the scores of a family are its counts', () => {
    has(textOf(BAD), /Results by family Family Fail Warn Unknown Accepted Pass TLS 2 2 0 0 \d+ /)
    assert.deepEqual(sharesOf([1, 0, 3]), [25, 0, 75])
    assert.deepEqual(sharesOf([0, 0]), [0, 0])
    const [few = 0, many = 0] = sharesOf([1, 20_000])
    assert.ok(few > 1 && Math.abs(few + many - 100) < 1e-9)
  })

  test('the time line has each certificate with its date, the first on top', () => {
    has(
      textOf(BAD),
      /CA certificate Old CA expired on 2026-11-01 Server certificate build01\.example\.com expires on 2026-12-01, in 3 days Client certificate alice expires on 2026-12-20, in 22 days CA certificate Docker CA expires on 2036/,
    )
    const days = [-5, 0, 0.5, 7, 30, 365, 3650, 100_000].map(positionOf)
    assert.deepEqual(
      days,
      days.toSorted((one, other) => one - other),
    )
    assert.ok(days.every((position) => position > 0 && position <= 100))
    hasNot(renderHtml([{ ...GOOD_REPORT, certificates: [] }]), /When certificates expire/)
  })

  test('the report has the certificates, judged as by the checks', () => {
    assert.deepEqual(
      BAD_REPORT.certificates.map(({ owner, name, expiry }) => [owner, name, expiry]),
      [
        ['server', 'build01.example.com', 'warn'],
        ['client', 'alice', 'pass'],
        ['ca', 'Docker CA', 'pass'],
        ['ca', 'Old CA', 'fail'],
      ],
    )
    assert.deepEqual(certificatesOf({ ...BAD_SNAPSHOT, tls: { value: null } }), [])
    assert.deepEqual(certificatesOf({ ...BAD_SNAPSHOT, tls: { unknown: 'refused' } }), [])
    assert.equal(certificatesOf({ ...BAD_SNAPSHOT, at: 'never' })[0]?.expiry, 'unknown')
  })

  test('the matrix shows privileges, and counts no container as good that could not be seen', () => {
    const matrix = textOf(/<table class="matrix">.*?<\/p>/s.exec(BAD)?.[0] ?? '')
    has(matrix, /ci-runner ■ privileged , fail \(accepted\) ■ added , fail ■ network , fail ■ PID , fail \?/)
    has(matrix, /legacy none none □ user , warning /)
    has(matrix, /Of 1 more container, not everything could be seen\. $/)
    hasNot(GOOD, /class="matrix"/)
    const large = renderHtml([largeReport(200)])
    assert.equal(/<table class="matrix">.*?<\/table>/s.exec(large)?.[0].match(/<tr>/g)?.length, 51)
    has(textOf(large), /\d+ more containers have privileges: see the findings\. \d+ containers without any\./)
  })
})

describe('remedies', () => {
  test('lose no character', () => {
    for (const { id, remedy } of CHECK_FACTS)
      assert.equal(
        decoded(
          remedyHtml(remedy)
            .toString()
            .replaceAll(/<\/?code[^>]*>/g, ''),
        ),
        remedy,
        id,
      )
  })

  const rows: ReadonlyArray<readonly [remedy: string, ...codes: string[]]> = [
    [
      'Renew it:  docker-mtls cert renew, then docker-mtls daemon apply',
      'docker-mtls cert renew',
      'docker-mtls daemon apply',
    ],
    ['docker update --restart on-failure:5 NAME, or watch it.', 'docker update --restart on-failure:5 NAME'],
    ['Set "icc": false in daemon.json.', '"icc": false'],
    ['Create it again without --pid host and --privileged.', '--pid host', '--privileged'],
    ['docker-mtls daemon apply does it.', 'docker-mtls daemon apply'],
    ['(behind a gateway: docker-mtls gateway apply --from server)', 'docker-mtls gateway apply --from server'],
    ['Run systemctl restart docker after each reload.', 'systemctl restart docker'],
    ['Close these ports for everyone.'],
  ]
  for (const [remedy, ...codes] of rows) {
    test(remedy, () => assert.deepEqual(all(remedyHtml(remedy).toString(), /<code[^>]*>(.*?)</g).map(decoded), codes))
  }
})
