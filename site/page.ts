/** A page before it is rendered. */
export interface Page {
  /** Its Markdown file, relative to the checkout: links between pages name these. Generated pages have one that isn't written. */
  readonly source: string
  /** Its HTML file in the site. */
  readonly output: string
  readonly text: string
  /** What the search finds of it: every section, or only names and first words, which are enough for the API. */
  readonly search: 'sections' | 'names'
  /** The page that lists this one, where the navigation doesn't. */
  readonly parent?: NavLink
}

/** A page in the navigation. */
export interface NavLink {
  readonly title: string
  readonly source: string
}

export interface NavGroup {
  readonly title: string
  readonly links: readonly NavLink[]
  /** Links that are shown only on pages below this folder of the site. */
  readonly inside?: { readonly folder: string; readonly links: readonly NavLink[] }
}

/** What keeps a site from being built: a mistake in a page. */
export class SiteError extends Error {
  override readonly name = 'SiteError'
}

/** The path from one page of the site to another, which works at any address, and without a server. */
export function relativeUrl(from: string, to: string): string {
  const folders = from.split('/').slice(0, -1)
  const target = to.split('/')
  let shared = 0
  while (shared < folders.length && folders[shared] === target[shared]) shared++
  return `${'../'.repeat(folders.length - shared)}${target.slice(shared).join('/')}`
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
