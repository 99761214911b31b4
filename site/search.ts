import MiniSearch from 'minisearch'
import { plainText, type Rendered } from './markdown.ts'
import type { Page } from './page.ts'
import { SEARCH_OPTIONS, type Section } from './client/search-options.ts'

/** The levels of headings that begin a section of their own in the search. */
const DEEPEST = 3
/** Headings that each page of the API has. */
const USUAL = new Set([
  'Parameters',
  'Returns',
  'Throws',
  'Example',
  'Properties',
  'Methods',
  'Extends',
  'Call Signature',
])
const EXCERPT = 160

/** The index of the search, as a script: a page that was opened from a folder can't fetch files, but can load scripts. */
export function renderSearchIndex(pages: readonly (readonly [Page, Rendered])[]): string {
  const search = new MiniSearch<Section>(SEARCH_OPTIONS)
  search.addAll(pages.flatMap(([page, rendered]) => sectionsOf(page, rendered)))
  return `globalThis.searchIndex = ${JSON.stringify(JSON.stringify(search))}\n`
}

function sectionsOf(page: Page, { title, tokens, headings }: Rendered): Section[] {
  const sections: { heading: string; id: string; texts: string[] }[] = []
  let next = 0
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const heading = headings[next++]
      const isOwn = heading !== undefined && heading.level <= DEEPEST && !USUAL.has(heading.title)
      if (isOwn) sections.push({ heading: heading.title, id: sections.length === 0 ? '' : heading.id, texts: [] })
    } else if (token.type === 'inline' && tokens[index - 1]?.type !== 'heading_open') {
      sections.at(-1)?.texts.push(plainText(token))
    } else if (token.type === 'fence' && page.search === 'sections') {
      sections.at(-1)?.texts.push(token.content)
    }
  }
  return sections.map(({ heading, id, texts }) => {
    const text = page.search === 'sections' ? texts.join(' ') : (texts[0] ?? '')
    const url = id === '' ? page.output : `${page.output}#${id}`
    return { url, page: id === '' ? '' : title, heading, text, excerpt: text.replaceAll(/\s+/g, ' ').slice(0, EXCERPT) }
  })
}
