/**
 * Writes the table of vulnerabilities, lib/audit/cve/table.ts, and its page, docs/vulnerabilities.md.
 *
 *     npm run cve                          from the advisories in scripts/cve/
 *     npm run cve -- FOLDER... --day=DAY   after it has taken the advisories of the Go vulnerability database from these folders,
 *                                          in the form of OSV, as they were on that day (2026-08-21)
 *
 * Each advisory needs a verdict in scripts/cve/verdicts/.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readInputs, renderSnapshot } from './cve/inputs.ts'
import { readAdvisories } from './cve/osv.ts'
import { PAGE, renderPage } from './cve/page.ts'
import { rowsOf } from './cve/rows.ts'
import { renderTable, TABLE } from './cve/table.ts'
import { VERDICTS } from './cve/verdicts.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { day: { type: 'string' } } })
if (positionals.length > 0) {
  if (!/^\d{4}-\d\d-\d\d$/.test(values.day ?? ''))
    throw new Error('Say of which day the advisories are: --day=2026-08-21')
  const { path, text } = renderSnapshot(positionals.flatMap(readAdvisories), values.day ?? '')
  writeFileSync(path, text)
}
const inputs = readInputs()
writeFileSync(PAGE, renderPage(inputs, VERDICTS))
writeFileSync(TABLE, await renderTable(rowsOf(inputs.advisories, VERDICTS), inputs.date))
