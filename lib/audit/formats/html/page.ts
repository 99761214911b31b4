import { createHash } from 'node:crypto'
import { packageVersion } from '../../../base/package-version.ts'
import { textFile } from '../../../base/text-file.ts'
import type { AuditReport } from '../../report.ts'
import { isReport, summaryOf, type AuditResult, type RenderOptions, type Summary } from '../model.ts'
import { resultText } from '../words.ts'
import { certificateTimeline } from './certificates.ts'
import { filterForm } from './filter.ts'
import { allCertificates, details, failedSection, hostSection, overview } from './host.ts'
import { hostsTable } from './hosts-table.ts'
import { code } from './labels.ts'
import { html, ownHtml, type Content, type Html } from './markup.ts'
import { prefixOf, verdictSection } from './verdict.ts'

const STYLE = [
  textFile(new URL('./page.css', import.meta.url)),
  textFile(new URL('./labels.css', import.meta.url)),
  textFile(new URL('./tables.css', import.meta.url)),
  textFile(new URL('./findings.css', import.meta.url)),
  textFile(new URL('./media.css', import.meta.url)),
].join('')
const SCRIPT = textFile(new URL('./page.js', import.meta.url))

/**
 * Renders results as one HTML page that needs nothing else: no network, no fonts, no other file. Its policy allows only its
 * own style and script, so that text which got into the page as an element could load and run nothing.
 */
export function renderHtml(results: readonly AuditResult[], options: RenderOptions = {}): string {
  const summary = summaryOf(results, options)
  const [only] = results
  const body = results.length === 1 && only !== undefined ? singleBody(only, summary) : severalBody(results, summary)
  const title = titleOf(results)
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="generator" content="docker-mtls ${packageVersion()}" />
        <title>${title}: ${resultText(summary)}</title>
        ${ownHtml(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header>
          <h1>${results.length === 1 && only !== undefined ? ['Docker audit of ', code(only.target)] : title}</h1>
        </header>
        <main id="main" tabindex="-1">${verdictSection(results, summary)}${body}</main>
        <footer>
          <p>
            Written by docker-mtls ${packageVersion()}. The audit fails from severity ${summary.failOn} on. Severities:
            critical = someone can become root on the host or control the daemon; high = a strong barrier is missing;
            medium = a useful barrier is missing; low = hygiene.
          </p>
        </footer>
        ${ownHtml(`<script type="module">${SCRIPT}</script>`)}
      </body>
    </html>`.toString()
}

function titleOf(results: readonly AuditResult[]): string {
  const [only] = results
  return results.length === 1 && only !== undefined
    ? `Docker audit of ${only.target}`
    : `Docker audit of ${results.length} hosts`
}

/** The hashes are of the texts between the tags, to the byte (CSP Level 3, section 6.7.2.3). */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function singleBody(result: AuditResult, { failOn }: Summary): Html {
  const view = { failOn, prefix: prefixOf(0), level: 2 } as const
  if (!isReport(result)) return failedSection(result, view)
  return html`${overview(result, view)}${contents(result, view.prefix)}${filterForm([result])}${details(result, view)}`
}

/** Links to the sections of a host that exist. */
function contents({ counts, accepted, findings }: AuditReport, prefix: string): Html {
  const links: ReadonlyArray<readonly [part: string, label: string, count: number]> = [
    ['findings', 'Failures and warnings', counts.fail + counts.warn],
    ['unknown', 'Unknown', counts.unknown],
    ['accepted', 'Accepted', accepted],
    ['better', 'Better than the baseline', findings.filter(({ change }) => change === 'better').length],
    ['pass', 'Passed', counts.pass],
    ['not-applicable', 'Not applicable', counts['not-applicable']],
  ]
  const shown = links.filter(([part, , count]) => part === 'findings' || count > 0)
  return html`<nav aria-label="Results">
    <ul>
      ${shown.map(([part, label, count]) => html`<li><a href="#${prefix}-${part}">${label}</a> ${count}</li>`)}
    </ul>
  </nav>`
}

function severalBody(results: readonly AuditResult[], { failOn }: Summary): Html {
  const sections: Content[] = results.map((result, index) => {
    const view = { failOn, prefix: prefixOf(index), level: 3 } as const
    return isReport(result) ? hostSection(result, view) : failedSection(result, view)
  })
  return html`<section>
      <h2>Hosts</h2>
      ${hostsTable(results, failOn)}${certificateTimeline(allCertificates(results))}
    </section>
    ${filterForm(results)}${sections}`
}
