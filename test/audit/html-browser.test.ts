import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { renderHtml } from '../../lib/audit/formats/html/page.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { lookAt, parsePages, type Found, type Look } from './support/browser.ts'
import { HOSTILE } from './support/hostile.ts'
import { FAILED, hostileReport, SHORT_GOOD_REPORT, SHORT_REPORT } from './support/html-reports.ts'

const skip = lacks('chromium-headless-shell')

const folder = await temporaryFolder()

const BAD = renderHtml([SHORT_REPORT])
const GOOD = renderHtml([SHORT_GOOD_REPORT])
const SEVERAL = renderHtml([{ ...SHORT_REPORT, target: 'tcp://build02:2376' }, FAILED])
const SCHEMES = ['light', 'dark'] as const

function page(name: string, html: string, width: number): Look {
  return { name: `${name} ${width}`, html, width, probes: ['axe', 'width'] }
}

/** In all four ways those in which everything occurs, and in two ways the others: a run of axe takes a second of CPU time. */
const LOOKS: Readonly<Record<(typeof SCHEMES)[number], readonly Look[]>> = {
  light: [page('bad', BAD, 1280), page('bad', BAD, 390), page('good', GOOD, 1280), page('several', SEVERAL, 390)],
  dark: [page('bad', BAD, 1280), page('bad', BAD, 390), page('good', GOOD, 390), page('several', SEVERAL, 1280)],
}

/** Pages in which something is wrong, or that are looked at once. */
const ONCE: readonly Look[] = [
  { name: 'controls', html: BAD, width: 1280, probes: ['focus', 'print', 'script', 'filter'] },
  { name: 'tampered', html: BAD.replace('let closed', 'let  closed'), width: 1280, probes: ['script'] },
  { name: 'unlabelled', html: GOOD.replaceAll('<label ', '<span '), width: 1280, probes: ['axe'] },
  { name: 'wide', html: GOOD.replace('<p class="lead">', '<p class="lead number">'), width: 100, probes: ['width'] },
  ...HOSTILE.filter((text) => /script|onclick/.test(text)).map((text, index): Look => {
    return { name: `hostile ${index}`, html: renderHtml([hostileReport(text)]), width: 1280, probes: ['injected'] }
  }),
]

interface Measured {
  readonly axe: { readonly passes: number; readonly violations: readonly string[] }
  readonly width: {
    readonly window: number
    readonly page: number
    readonly wide: readonly string[]
    readonly background: string
  }
}

describe('in a real browser', { skip }, () => {
  const found: Record<string, Found> = {}
  before(async () => {
    const [light, dark] = await Promise.all([
      lookAt([...LOOKS.light, ...ONCE], 'light', folder),
      lookAt(LOOKS.dark, 'dark', folder),
    ])
    Object.assign(found, { light, dark })
  })

  for (const scheme of SCHEMES) {
    for (const { name, width } of LOOKS[scheme]) {
      test(`${name}, ${scheme}: axe has no objection, and nothing is wider than the window`, () => {
        const looked = found[scheme]?.[name] as unknown as Measured | undefined
        assert.ok(looked)
        const { axe, width: size } = looked
        assert.deepEqual(axe.violations, [])
        assert.ok(axe.passes > 25, `${axe.passes} rules passed`)
        assert.deepEqual([size.window, size.page <= width, size.wide], [width, true, []])
        assert.equal(size.background, scheme === 'dark' ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)')
      })
    }
  }

  test('axe and the measure of the width do object to pages that are wrong', () => {
    const { unlabelled, wide } = found['light'] as Record<
      string,
      { axe: { violations: string[] }; width: { wide: string[] } }
    >
    assert.match(unlabelled?.axe.violations.join() ?? '', /select-name/)
    assert.ok((wide?.width.wide.length ?? 0) > 0)
  })

  test('a keyboard reaches every control in the order of the page, and sees where it is', () => {
    assert.deepEqual(found['light']?.['controls']?.['focus'], {
      first: 'skip',
      names: ['a', 'button', 'div', 'input', 'main', 'select', 'summary'],
      unreachable: [],
    })
  })

  test('search and filters show what was asked for, and the number of results', () => {
    const filter = found['light']?.['controls']?.['filter'] as { start: [string, number] } | undefined
    const [, all = ''] = /^(\d+) of \1 results shown$/.exec(filter?.start[0] ?? '') ?? []
    assert.ok(Number(all) > 50, all)
    assert.deepEqual(filter, {
      start: [`${all} of ${all} results shown`, 36],
      query: [`1 of ${all} results shown`, ['C-USER'], 1],
      nothing: [`0 of ${all} results shown`, [], 0],
      severity: ['critical'],
      none: `0 of ${all} results shown`,
      failing: ['C-USER', 'C-PID'],
      passed: [true, true],
      end: [`${all} of ${all} results shown`, 0],
      closed: 0,
      opened: 0,
    })
  })

  test('on paper, everything is open, and afterwards as it was', () => {
    assert.deepEqual(found['light']?.['controls']?.['print'], { closed: 0, same: true })
  })

  test('the script of the page runs, and a changed one does not: then all results are there, and no controls', () => {
    const { controls, tampered } = found['light'] as Record<
      string,
      { script: { ran: boolean; entries: number; blocked: string[] } }
    >
    assert.deepEqual(controls?.script, { ran: true, entries: controls?.script.entries, blocked: [] })
    assert.deepEqual(tampered?.script, { ran: false, entries: controls?.script.entries, blocked: ['script-src-elem'] })
  })

  test('hostile texts run nothing, and have no elements in a real parser', async () => {
    const pages = Object.entries(found['light'] ?? {}).filter(([name]) => name.startsWith('hostile'))
    assert.ok(pages.length >= 3)
    for (const [, { injected }] of pages as [string, { injected: object }][])
      assert.deepEqual(injected, { alerts: [], blocked: [], strange: 0 })
    const [harmless = [], ...kinds] = await parsePages(
      [
        [BAD, renderHtml([hostileReport('harmless'), FAILED])].join(''),
        ...HOSTILE.map((text) => renderHtml([hostileReport(text)])),
      ],
      folder,
    )
    const known = new Set(harmless)
    assert.ok(known.has('details open') && known.has('rect width'))
    kinds.forEach((some, index) => {
      assert.deepEqual(
        some.filter((kind) => !known.has(kind)),
        [],
        JSON.stringify(HOSTILE[index]),
      )
    })
  })
})
