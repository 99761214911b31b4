import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { apiPages } from './api.ts'
import { ALL_COMMANDS, commandLinks, commandPages } from './commands.ts'
import { documents, entryPoints, navigation } from './documents.ts'
import { makeRenderer } from './markdown.ts'
import { SiteError, type NavGroup, type NavLink, type Page } from './page.ts'
import { screens } from './screens.ts'
import { renderSearchIndex } from './search.ts'
import { renderPage } from './template.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** Builds the site in a folder, which is replaced. Returns the number of pages. */
export async function buildSite(folder: string): Promise<number> {
  const pages = [...documents(), ...(await commandPages(screens())), ...(await apiPages())]
  const render = makeRenderer(pages)
  const rendered = pages.map((page) => [page, render(page)] as const)
  const surroundings = {
    navigation: wholeNavigation(pages),
    outputs: new Map(pages.map(({ source, output }) => [source, output])),
  }
  rmSync(folder, { recursive: true, force: true })
  for (const [page, content] of rendered) write(join(folder, page.output), renderPage(page, content, surroundings))
  write(join(folder, 'assets/search-index.js'), renderSearchIndex(rendered))
  // GitHub Pages would leave out what begins with an underscore.
  write(join(folder, '.nojekyll'), '')
  await writeAssets(join(folder, 'assets'))
  return pages.length
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function writeAssets(folder: string): Promise<void> {
  cpSync(join(HERE, 'style.css'), join(folder, 'style.css'))
  cpSync(join(HERE, 'icon.svg'), join(folder, 'icon.svg'))
  const scripts = ['site', 'theme'].map((name) => join(HERE, 'client', `${name}.ts`))
  // A page that was opened from a folder can't load modules.
  await build({ entryPoints: scripts, outdir: folder, bundle: true, minify: true, format: 'iife', target: 'es2022' })
}

/** The pages of docs/README.md, then what is generated. */
function wholeNavigation(pages: readonly Page[]): NavGroup[] {
  const api: NavLink[] = [...entryPoints().keys()].map((name) => ({ title: name, source: `api/${name}/README.md` }))
  const missing = api.find(({ source }) => !pages.some((page) => page.source === source))
  if (missing !== undefined) throw new SiteError(`there is no page of ${missing.title}`)
  return [
    ...navigation(),
    {
      title: 'Commands',
      links: [ALL_COMMANDS],
      inside: { folder: 'commands/', links: commandLinks() },
    },
    { title: 'API', links: [{ title: 'Entry points', source: 'api/README.md' }, ...api] },
  ]
}
