import { fileURLToPath } from 'node:url'
import type { Inputs } from './inputs.ts'
import type { Advisory } from './osv.ts'
import { fixedOf } from './rows.ts'
import type { Verdict } from './verdict.ts'

export const PAGE: string = fileURLToPath(new URL('../../docs/vulnerabilities.md', import.meta.url))

/** A page with a row for each advisory, for those who have the list of a scanner. */
export function renderPage({ advisories, day, date }: Inputs, verdicts: readonly Verdict[]): string {
  const byId = new Map(advisories.flatMap((one) => [one.id, ...one.aliases].map((id) => [id, one] as const)))
  const rows = verdicts.flatMap((verdict) =>
    verdict.ids.map((id) => rowOf(verdict, byId.get(id)?.aliases ?? [], id, byId)),
  )
  return `# Known vulnerabilities

<!-- From scripts/cve/, by \`npm run cve\`. -->

\`docker-mtls audit\` knows these ${rows.length} advisories, of which the newest is of ${date}. It compares the versions that the daemon
reports with the fixed ones. If a scanner names one of them for your host, look for it here:

- A link in the last column leads to the check that reports it.
- Otherwise the column says why nobody reaches it through dockerd. [D-UNREACHED](checks/D-UNREACHED.md) lists those of your daemon.

\`fixed in\` has the first fixed version of each release line. For BuildKit and other modules that dockerd contains, it is the version
of the engine. The severity is upstream's, or ours in brackets. Go rates none.

Ids and versions are in part from the [Go vulnerability database](https://vuln.go.dev) (${day}), under
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). We left out its texts. The reasons are ours.

| vulnerability | also called | in | severity | fixed in | check, or why it doesn't matter |
|---|---|---|---|---|---|
${rows
  .toSorted((left, right) => right.key.localeCompare(left.key, 'en', { numeric: true }))
  .map(({ line }) => line)
  .join('\n')}
`
}

function rowOf(
  verdict: Verdict,
  aliases: readonly string[],
  id: string,
  byId: ReadonlyMap<string, Advisory>,
): { key: string; line: string } {
  const others = [byId.get(id)?.id ?? '', ...aliases].filter((one) => one !== id)
  const cells = [
    id,
    others.join(', '),
    verdict.component ?? '',
    severityOf(verdict),
    fixesOf(verdict, id, byId),
    outcomeOf(verdict),
  ]
  // Those with a CVE first.
  return { key: id.replace('GHSA', 'A'), line: `| ${cells.join(' | ')} |` }
}

function severityOf({ severity, source }: Verdict): string {
  return source === 'docker-mtls' ? `(${severity})` : (severity ?? '')
}

function fixesOf(verdict: Verdict, id: string, byId: ReadonlyMap<string, Advisory>): string {
  return verdict.component === undefined ? '' : fixedOf(verdict, id, byId).join(', ')
}

function outcomeOf({ ids, reason, group, why }: Verdict): string {
  const check = group ?? (why === undefined ? undefined : `D-${ids[0]}`)
  const link = check === undefined ? [] : [`[${check}](checks/${check}.md)`]
  return [...link, ...(reason === undefined ? [] : [reason])].join(': ')
}
