/** Writes docs/checks/: a page for each check of the audit, and an index. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHECK_FACTS } from '../lib/audit/facts.ts'
import type { CheckFacts, Family } from '../lib/audit/check.ts'

export const CHECK_PAGES: string = fileURLToPath(new URL('../docs/checks/', import.meta.url))

const FAMILIES: Readonly<Record<Family, string>> = {
  tls: 'The TLS connection and certificates',
  daemon: 'The daemon',
  versions: 'Versions and known vulnerabilities',
  network: 'Networks',
  container: 'Containers',
  image: 'Images',
  swarm: 'Swarm',
  host: 'The host',
}

const COMMENT = '<!-- From lib/audit/checks/, by `npm run docs:checks`. -->'

/** Text of ours for Markdown: what looks like a tag, a link or a table stays text. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`)
}

function pageOf({ id, title, family, severity, cis, why, remedy, references }: CheckFacts): string {
  const items = Object.entries(cis).map(([version, numbers]) => `${version}: ${numbers.join(', ')}`)
  return `# ${id}: ${escaped(title)}

${COMMENT}

Severity ${severity}. Family: [${FAMILIES[family]}](README.md). CIS Docker Benchmark: ${items.join('; ') || 'no item'}.

## Why

${escaped(why)}

## Remedy

${escaped(remedy)}

\`docker-mtls audit --only ${id}\` runs this check alone. [Exceptions](../audit.md#exceptions) accept its result.

## References

${references.map((address) => `- <${address}>`).join('\n')}
`
}

function indexOf(checks: readonly CheckFacts[]): string {
  const sections = Object.entries(FAMILIES).flatMap(([family, title]) => {
    const rows = checks.filter((check) => check.family === family).map(rowOf)
    return rows.length === 0
      ? []
      : [`## ${title}\n\n| check | severity | what should be true |\n|---|---|---|\n${rows.join('\n')}`]
  })
  return `# Checks of the audit

${COMMENT}

\`docker-mtls audit\` runs these ${checks.length} checks; see [audit](../audit.md). An id never changes.

${sections.join('\n\n')}
`
}

function rowOf({ id, severity, title }: CheckFacts): string {
  return `| [${id}](${id}.md) | ${severity} | ${escaped(title)} |`
}

/** The pages by their file names. */
export function renderCheckPages(checks: readonly CheckFacts[] = CHECK_FACTS): ReadonlyMap<string, string> {
  return new Map([['README.md', indexOf(checks)], ...checks.map((check) => [`${check.id}.md`, pageOf(check)] as const)])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pages = renderCheckPages()
  mkdirSync(CHECK_PAGES, { recursive: true })
  for (const name of readdirSync(CHECK_PAGES)) if (!pages.has(name)) rmSync(join(CHECK_PAGES, name))
  for (const [name, page] of pages) writeFileSync(join(CHECK_PAGES, name), page)
}
