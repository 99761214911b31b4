import type { AuditReport } from '../../report.ts'
import { isReport, type AuditResult } from '../model.ts'
import { countsText, plural } from '../words.ts'
import { certificateTimeline, type Seen } from './certificates.ts'
import { familyScores } from './family-scores.ts'
import { problemsSection } from './findings.ts'
import { code, timeLabel, type View } from './labels.ts'
import { folded, heading, html, type Content, type Html } from './markup.ts'
import { acceptedSection, betterSection, quietSection, unknownSection } from './others.ts'
import { privilegeMatrix } from './privileges.ts'

const MOST_UNREAD = 10

/** A host that couldn't be audited: why not. */
export function failedSection({ target, error }: Exclude<AuditResult, AuditReport>, { prefix }: View): Html {
  return html`<section class="host" id="${prefix}">
    <h2>${code(target)}</h2>
    <div class="alert entry" data-status="unknown">
      <p><strong>Not audited</strong> <code>${error.code}</code></p>
      <p>${error.message}</p>
    </div>
  </section>`
}

/** The section of a host in a report of several. */
export function hostSection(report: AuditReport, view: View): Html {
  return html`<section class="host" id="${view.prefix}">
    <h2>${code(report.target)}</h2>
    ${overview(report, view)}${details(report, view)}
  </section>`
}

/** When and what was audited, and the pictures. */
export function overview(report: AuditReport, { level, prefix }: View): Html {
  const certificates = certificatesSeen(report)
  return html`${unreadAlert(report)}
    <section>
      ${heading(level, 'Overview', `${prefix}-overview`)}
      <p>${countsText(report)}.</p>
      ${audited(report)} ${familyScores(report)}${certificateTimeline(certificates)}${privilegeMatrix(report)}
    </section>`
}

/** All findings. */
export function details(report: AuditReport, view: View): Html {
  return html`${problemsSection(report, view)}${unknownSection(report, view)}${acceptedSection(report, view)}${betterSection(report, view)}${quietSection(report, 'pass', view)}${quietSection(report, 'not-applicable', view)}`
}

function audited({ at, engine, keyExchange, profile, checks, skipped, withoutHost, baseline }: AuditReport): Html {
  const byOptions = skipped.filter((id) => !withoutHost.includes(id))
  const left = folded(byOptions.map(code), 8, (ids) => html`<span class="ids">${ids}</span>`)
  return html`<dl class="facts">
    ${fact('Audited', timeLabel(at))}${fact('Docker Engine', engine ?? 'unknown')}${keyExchange === undefined ? undefined : fact('Key exchange', keyExchange)}${fact('Profile', profile)}${fact('Checks', checks.length)}${
      byOptions.length === 0 ? undefined : fact(`Left out by options (${byOptions.length})`, left)
    }${baseline === undefined ? undefined : fact('Baseline', baselineText(baseline))}
  </dl>`
}

function baselineText({ version, hasTarget }: NonNullable<AuditReport['baseline']>): string {
  return `written by docker-mtls ${version}${hasTarget ? '' : ', without this host'}`
}

/** A term and its value. */
export function fact(term: string, value: Content): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`
}

function unreadAlert({ unread }: AuditReport): Html | undefined {
  if (unread.length === 0) return undefined
  const items = unread.map(({ part, reason }) => html`<li>${code(part)}: ${reason}</li>`)
  return html`<div class="alert">
    <p><strong>The audit is incomplete.</strong> ${plural(unread.length, 'part')} could not be read:</p>
    ${folded(
      items,
      MOST_UNREAD,
      (some) =>
        html`<ul>
          ${some}
        </ul>`,
    )}
  </div>`
}

function certificatesSeen({ certificates, at }: AuditReport): Seen[] {
  return certificates.map((certificate) => ({ ...certificate, at }))
}

/** The certificates of the daemons, and each client and CA certificate once. */
export function allCertificates(results: readonly AuditResult[]): Seen[] {
  const seen = results.filter(isReport).flatMap((report) => {
    return certificatesSeen(report).map((one) => (one.owner === 'server' ? { ...one, on: report.target } : one))
  })
  return [...new Map(seen.map((one) => [keyOf(one), one])).values()]
}

function keyOf({ owner, name, validFrom, validTo, on }: Seen): string {
  return JSON.stringify([owner, name, validFrom, validTo, on])
}
