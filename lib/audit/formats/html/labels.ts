import type { Severity } from '../../check.ts'
import type { ReportedFinding } from '../../report.ts'
import type { Status } from '../../verdict.ts'
import { html, type Html } from './markup.ts'

/** What the parts of a page about one host share. */
export interface View {
  /** From which severity on the audit fails. */
  readonly failOn: Severity
  /** Begins the ids of its elements: `h1`. */
  readonly prefix: string
  /** The level of its headings. Those of single checks are one lower. */
  readonly level: 2 | 3
}

const WORDS: Readonly<Record<Status, string>> = {
  fail: 'Fail',
  warn: 'Warning',
  unknown: 'Unknown',
  pass: 'Pass',
  'not-applicable': 'Not applicable',
}

/** A status in a word, and in a colour for those who see it. */
export function statusLabel(status: Status): Html {
  return html`<b class="status ${status}">${WORDS[status]}</b>`
}

/** A severity in a word, and in a colour. */
export function severityLabel(severity: Severity): Html {
  return html`<span class="severity ${severity}">${severity}</span>`
}

const CHANGES: Readonly<Record<NonNullable<ReportedFinding['change']>, string>> = {
  new: 'new since the baseline',
  worse: 'worse than the baseline',
  same: 'as in the baseline',
  better: 'better than the baseline',
}

/** How a finding compares with the baseline. Nothing without one. */
export function changeLabel({ change }: ReportedFinding): Html | undefined {
  return change === undefined ? undefined : html` <span class="change ${change}">(${CHANGES[change]})</span>`
}

/** `2026-11-27 02:00 UTC`. A text that is no time stays as it is. */
export function timeLabel(text: string): Html {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) return html`${text}`
  const iso = time.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** Foreign text such as a name. */
export function code(text: string): Html {
  return html`<code>${text}</code>`
}

/** A link to a document, if that is a page; otherwise its text. */
export function link(address: string): Html {
  const isPage = /^https?:\/\//i.test(address) && URL.canParse(address)
  return isPage ? html`<a href="${address}" rel="noreferrer">${address}</a>` : code(address)
}
