import { DAY_MS } from '../../../base/expiry.ts'
import type { ReportedCertificate } from '../../certificates.ts'
import { plural } from '../words.ts'
import { percent } from './family-scores.ts'
import { code } from './labels.ts'
import { folded, html, type Html } from './markup.ts'

/** In days. Where the scale has a line, and its label. */
const TICKS: ReadonlyArray<readonly [days: number, label: string]> = [
  [7, '7 d'],
  [30, '30 d'],
  [90, '90 d'],
  [365, '1 y'],
  [1095, '3 y'],
  [3650, '10 y'],
]
/** In percent: left of it, a certificate has expired. */
const TODAY = 6
const LONGEST_DAYS = 5500
const MOST = 15

const OWNERS: Readonly<Record<ReportedCertificate['owner'], string>> = {
  server: 'Server certificate',
  client: 'Client certificate',
  ca: 'CA certificate',
}

/** A certificate on the time line, with the number of daemons that it was seen at, if there are several. */
export interface Seen extends ReportedCertificate {
  readonly at: string
  /** Where it was seen, of a report on several daemons. */
  readonly on?: string
}

/** When each certificate expires, the first on top. The scale grows wider near today, where it matters. */
export function certificateTimeline(certificates: readonly Seen[]): Html {
  if (certificates.length === 0) return html``
  const sorted = certificates.toSorted((one, other) => order(one) - order(other))
  const items = sorted.map((certificate) => line(certificate))
  return html`<figure class="timeline">
    <figcaption>When certificates expire</figcaption>
    ${folded(
      items,
      MOST,
      (some) =>
        html`<ol>
          ${some}
        </ol>`,
    )}
    ${axis()}
  </figure>`
}

function order({ validTo }: ReportedCertificate): number {
  const end = Date.parse(validTo)
  return Number.isNaN(end) ? -Infinity : end
}

function line(certificate: Seen): Html {
  const { owner, name, on, expiry } = certificate
  const days = daysLeft(certificate)
  const where = on === undefined ? undefined : html` on ${code(on)}`
  return html`<li>
    <div>
      <span>${OWNERS[owner]} ${code(name)}${where}</span>
      <span class="when ${expiry}">${endText(certificate, days)}</span>
    </div>
    ${days === undefined ? undefined : picture(days, expiry)}
  </li>`
}

function daysLeft({ validTo, at }: Seen): number | undefined {
  const days = (Date.parse(validTo) - Date.parse(at)) / DAY_MS
  return Number.isNaN(days) ? undefined : days
}

/** Says everything that the picture shows. */
function endText({ validTo }: Seen, days: number | undefined): string {
  if (days === undefined) return 'has dates that can not be read'
  const day = new Date(validTo).toISOString().slice(0, 10)
  return days <= 0 ? `expired on ${day}` : `expires on ${day}, in ${plural(Math.floor(days), 'day')}`
}

/** Logarithmic: 10 years and 7 days fit into one picture. */
export function positionOf(days: number): number {
  if (days <= 0) return TODAY / 2
  const share = Math.log1p(Math.min(days, LONGEST_DAYS)) / Math.log1p(LONGEST_DAYS)
  return TODAY + (100 - TODAY) * share
}

function picture(days: number, expiry: ReportedCertificate['expiry']): Html {
  const end = positionOf(days)
  const from = Math.min(TODAY, end)
  const lines = TICKS.map(([at]) => grid(positionOf(at)))
  return html`<svg width="100%" height="14" aria-hidden="true">
    <rect class="past" width="${percent(TODAY)}" height="14" />
    ${lines}
    <rect class="life ${expiry}" x="${percent(from)}" y="4" width="${percent(Math.max(end - from, 0.4))}" height="6" />
    <circle class="${expiry}" cx="${percent(Math.min(end, 98.5))}" cy="7" r="5" />
  </svg>`
}

function grid(x: number): Html {
  return html`<line x1="${percent(x)}" x2="${percent(x)}" y1="0" y2="14" />`
}

function axis(): Html {
  const labels = TICKS.map(([days, label]) => html`<text x="${percent(positionOf(days))}" y="11">${label}</text>`)
  return html`<svg class="axis" width="100%" height="14" aria-hidden="true">
    <text class="first" x="0" y="11">expired</text>
    ${labels}
  </svg>`
}
