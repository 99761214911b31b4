import { posix } from 'node:path'
import { slug } from 'github-slugger'
import highlighter from 'highlight.js/lib/common'
import MarkdownIt, { type Token } from 'markdown-it'
import anchors from 'markdown-it-anchor'
import { escapeHtml, relativeUrl, SiteError, type Page } from './page.ts'

export interface Heading {
  readonly level: number
  readonly id: string
  readonly title: string
}

export interface Rendered {
  readonly title: string
  readonly html: string
  readonly headings: readonly Heading[]
  readonly tokens: readonly Token[]
}

/** The names of code blocks that highlight.js knows under another name. */
const LANGUAGES: Readonly<Record<string, string>> = { console: 'shell', systemd: 'ini', toml: 'ini' }

/** Renders pages. `pages` are all pages of the site: a link to a file that isn't one of them is an error. */
export function makeRenderer(pages: readonly Page[]): (page: Page) => Rendered {
  const outputs = new Map(pages.map(({ source, output }) => [source, output]))
  const markdown = new MarkdownIt({ html: true, linkify: false, highlight: highlight })
  markdown.use(anchors, {
    slugify: (text) => slug(text),
    permalink: anchors.permalink.headerLink({ safariReaderFix: true }),
  })
  markdown.renderer.rules['table_open'] = () => '<div class="scroll"><table>\n'
  markdown.renderer.rules['table_close'] = () => '</table></div>\n'
  markdown.renderer.rules['text'] = (tokens, index) => breakable(tokens[index]?.content ?? '')
  markdown.renderer.rules['code_inline'] = (tokens, index) => `<code>${breakable(tokens[index]?.content ?? '')}</code>`
  return (page) => {
    const tokens = markdown.parse(page.text, {})
    for (const token of tokens.flatMap(({ children }) => children ?? [])) mapLink(token, page, outputs)
    tokens.forEach(emptyHead)
    const headings = headingsOf(tokens)
    const title = headings.find(({ level }) => level === 1)?.title
    if (title === undefined) throw new SiteError(`${page.source} has no heading`)
    return { title, html: markdown.renderer.render(tokens, markdown.options, {}), headings, tokens }
  }
}

/** Where a phone may break long names: at `_`, `.` and `/`, and within `camelCase`. */
const BREAKS = /(?<=[_./])(?=\w)|(?<=\p{Ll})(?=\p{Lu})/u
const LONG_NAME = /(\S{13,})/

function breakable(text: string): string {
  const parts = text.split(LONG_NAME).map((part) => (LONG_NAME.test(part) ? part.split(BREAKS) : [part]))
  return parts.map((part) => part.map((word) => escapeHtml(word)).join('<wbr>')).join('')
}

function highlight(code: string, name: string): string {
  const language = LANGUAGES[name] ?? name
  return highlighter.getLanguage(language) === undefined ? '' : highlighter.highlight(code, { language }).value
}

function mapLink(token: Token, { source, output }: Page, outputs: ReadonlyMap<string, string>): void {
  const href = token.attrGet('href')
  if (token.type !== 'link_open' || href === null || /^(#|[a-z]+:)/.test(href)) return
  const [file = '', anchor] = decodeURI(href).split('#')
  const target = outputs.get(posix.join(posix.dirname(source), file))
  if (target === undefined) throw new SiteError(`${source}: the link ${href} leads to no page of the site`)
  token.attrSet('href', relativeUrl(output, target) + (anchor === undefined ? '' : `#${anchor}`))
}

/** A head without a text is no head: a screen reader would announce it for each cell. */
function emptyHead(token: Token, index: number, tokens: readonly Token[]): void {
  const close = tokens[index + 2]
  if (token.type !== 'th_open' || tokens[index + 1]?.content !== '' || close === undefined) return
  token.tag = 'td'
  close.tag = 'td'
}

function headingsOf(tokens: readonly Token[]): Heading[] {
  return tokens.flatMap((token, index) =>
    token.type === 'heading_open'
      ? [{ level: Number(token.tag.slice(1)), id: token.attrGet('id') ?? '', title: plainText(tokens[index + 1]) }]
      : [],
  )
}

/** The text of a token without its markup. */
export function plainText(token: Token | undefined): string {
  const parts = token?.children?.map(({ type, content }) => {
    if (type === 'softbreak') return ' '
    return type === 'text' || type === 'code_inline' || type === 'text_special' ? content : ''
  })
  return parts?.join('') ?? ''
}
