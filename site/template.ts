import { packageVersion } from '../lib/base/package-version.ts'
import type { Heading, Rendered } from './markdown.ts'
import { escapeHtml, relativeUrl, type NavGroup, type NavLink, type Page } from './page.ts'

/** With fewer sections, a list of them helps nobody. */
const ENOUGH = 3
/** The pages of errors and of changes have too many headings to list the deeper ones. */
const MOST = 40

export interface Surroundings {
  readonly navigation: readonly NavGroup[]
  /** The HTML files of the pages, by their sources. */
  readonly outputs: ReadonlyMap<string, string>
}

/** A whole HTML page. All its addresses are relative. */
export function renderPage(page: Page, rendered: Rendered, { navigation, outputs }: Surroundings): string {
  const to = (output: string): string => relativeUrl(page.output, output)
  const name = page.output === 'index.html' ? 'docker-mtls' : `${rendered.title} · docker-mtls`
  return `<!DOCTYPE html>
<html lang="en" data-root="${to('')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)}</title>
<link rel="icon" href="${to('assets/icon.svg')}">
<link rel="stylesheet" href="${to('assets/style.css')}">
<script src="${to('assets/theme.js')}"></script>
<script src="${to('assets/site.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<button class="icon" id="menu" type="button" aria-expanded="false" aria-controls="pages" hidden>Menu</button>
<a class="brand" href="${to('index.html')}">docker-mtls</a>
<button class="search" id="search" type="button" aria-haspopup="dialog" hidden><span>Search</span><kbd>/</kbd></button>
<button class="icon" id="theme" type="button" hidden></button>
</header>
<div class="columns">
<nav id="pages" aria-label="Pages">
${navigation.map((group) => groupHtml(group, page, { to, outputs })).join('\n')}
</nav>
<main id="content" tabindex="-1">
${contents(rendered.headings)}
<article>
${parentHtml(page, { to, outputs })}${rendered.html}
</article>
</main>
</div>
<footer>docker-mtls ${packageVersion()} · <a href="${to('CHANGELOG.html')}">Changelog</a> · MIT licence</footer>
<dialog id="finder" aria-label="Search">
<form method="dialog" role="search"><input id="query" type="text" enterkeyhint="search" aria-label="Search the documentation" placeholder="A command, an error code, a method …" autocomplete="off" spellcheck="false"><button class="icon" type="submit">Close</button></form>
<p id="found" role="status"></p>
<ol id="results"></ol>
</dialog>
</body>
</html>
`
}

interface Linking {
  readonly to: (output: string) => string
  readonly outputs: ReadonlyMap<string, string>
}

function groupHtml({ title, links, inside }: NavGroup, page: Page, linking: Linking): string {
  const isInside = inside !== undefined && page.output.startsWith(inside.folder)
  const items = [...links, ...(isInside ? inside.links : [])].map((link) => linkHtml(link, page, linking))
  return `<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('')}</ul>`
}

/** Where a page belongs that isn't in the navigation. */
function parentHtml({ parent }: Page, { to, outputs }: Linking): string {
  if (parent === undefined) return ''
  return `<p class="parent"><a href="${to(outputs.get(parent.source) ?? '')}">${escapeHtml(parent.title)}</a></p>\n`
}

function linkHtml({ title, source }: NavLink, page: Page, { to, outputs }: Linking): string {
  const current = currentOf(source, page)
  return `<li><a href="${to(outputs.get(source) ?? '')}"${current}>${escapeHtml(title)}</a></li>`
}

function currentOf(source: string, page: Page): string {
  if (source === page.source) return ' aria-current="page"'
  return source === page.parent?.source ? ' aria-current="true"' : ''
}

function contents(headings: readonly Heading[]): string {
  const deeper = headings.filter(({ level }) => level === 2 || level === 3)
  const shown = deeper.length > MOST ? deeper.filter(({ level }) => level === 2) : deeper
  if (shown.length < ENOUGH) return ''
  const items = shown.map(
    ({ level, id, title }) => `<li class="level-${level}"><a href="#${escapeHtml(id)}">${escapeHtml(title)}</a></li>`,
  )
  return `<details class="contents"><summary>On this page</summary><nav aria-label="On this page"><ul>${items.join('')}</ul></nav></details>`
}
