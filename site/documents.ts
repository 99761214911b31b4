import { readFileSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SiteError, type NavGroup, type NavLink, type Page } from './page.ts'

export const ROOT: string = fileURLToPath(new URL('..', import.meta.url))
export const INDEX = 'docs/README.md'
const ABOVE = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'] as const
const CHECKS = 'docs/checks/README.md'
const OUTPUTS: Readonly<Record<string, string>> = { 'README.md': 'index.html', [INDEX]: 'documentation.html' }

export function readDocument(source: string): string {
  return readFileSync(join(ROOT, source), 'utf8')
}

/** The pages that are written by hand, or committed: they stay readable on GitHub. */
export function documents(): Page[] {
  const sources = [...ABOVE, ...markdownIn('docs'), ...markdownIn('docs/checks')]
  return sources.map((source) => ({
    source,
    output: OUTPUTS[source] ?? outputOf(source),
    text: readDocument(source),
    search: 'sections',
    ...(isBelow(source, CHECKS) && { parent: { title: 'Checks', source: CHECKS } }),
  }))
}

function isBelow(source: string, index: string): boolean {
  return source !== index && posix.dirname(source) === posix.dirname(index)
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

/** `docs/checks/README.md` is shown as `checks/index.html`. */
export function outputOf(source: string): string {
  return source
    .replace(/^docs\//, '')
    .replace(/README\.md$/, 'index.html')
    .replace(/\.md$/, '.html')
}

/** The groups and pages of the table in docs/README.md: a page that is added there is in the navigation. */
export function navigation(): NavGroup[] {
  const groups: { title: string; links: NavLink[] }[] = [
    {
      title: 'Start',
      links: [
        { title: 'Overview', source: 'README.md' },
        { title: 'All pages', source: INDEX },
      ],
    },
  ]
  for (const line of readDocument(INDEX).split('\n')) {
    const [, title] = /^\| \*\*(.+?)\*\*/.exec(line) ?? []
    if (title !== undefined) groups.push({ title, links: [] })
    const [, name, link] = /^\| \[(.+?)\]\((.+?)\)/.exec(line) ?? []
    if (name !== undefined && link !== undefined)
      groups.at(-1)?.links.push({ title: name, source: posix.join(posix.dirname(INDEX), link) })
  }
  if (groups.length < 4) throw new SiteError(`${INDEX}: its table has only ${groups.length} groups`)
  return groups
}

/** What docs/README.md says about the entry points. */
export function entryPoints(): ReadonlyMap<string, string> {
  const rows = readDocument(INDEX).matchAll(/^\| `(docker-mtls[^`]*)` \| (.+) \|$/gm)
  return new Map(Array.from(rows, ([, name = '', about = '']) => [name, about]))
}
