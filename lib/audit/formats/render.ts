import { ArgumentError } from '../../base/errors.ts'
import { quoted } from '../../base/text.ts'
import { FORMATS, type ReportFormat } from '../names.ts'
import { renderHtml } from './html/page.ts'
import { renderJson } from './json.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import type { AuditResult, RenderOptions } from './model.ts'
import { renderSarif } from './sarif.ts'
import { renderText } from './text.ts'

const RENDERERS: Readonly<Record<ReportFormat, (results: readonly AuditResult[], options: RenderOptions) => string>> = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  junit: renderJunit,
  markdown: renderMarkdown,
  html: renderHtml,
}

/**
 * Renders one or several results. Names and other text of daemons are escaped for the format.
 *
 * @param results - reports, and daemons that couldn't be audited
 * @param format - `text`, `json`, `sarif` (2.1.0), `junit`, `markdown` or `html`
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for another format
 * @example
 * ```ts
 * console.log(renderReport(await audit(docker), 'sarif'))
 * ```
 */
export function renderReport(
  results: AuditResult | readonly AuditResult[],
  format: ReportFormat,
  options: RenderOptions = {},
): string {
  if (!Object.hasOwn(RENDERERS, format)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'rendering a report',
      got: `there is no format ${quoted(format)}`,
      todo: `The formats are ${FORMATS.join(', ')}.`,
    })
  }
  return RENDERERS[format]('target' in results ? [results] : results, options)
}
