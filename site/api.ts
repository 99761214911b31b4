import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Application, Comment, type ProjectReflection, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { entryPoints, ROOT } from './documents.ts'
import { SiteError, type Page } from './page.ts'

const OPTIONS: Partial<TypeDocOptions> & Partial<PluginOptions> = {
  options: join(ROOT, 'typedoc.json'),
  plugin: ['typedoc-plugin-markdown'],
  // The site has its own pages for these.
  readme: 'none',
  projectDocuments: [],
  // `npm run check` does both.
  skipErrorChecking: true,
  validation: false,
  logLevel: 'Warn',
  entryFileName: 'README',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  indexFormat: 'table',
  tableColumnSettings: { hideSources: true, hideInherited: true, leftAlignHeaders: true },
}

/** The pages of the API, by typedoc: one for each export of each entry point. */
export async function apiPages(): Promise<Page[]> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-api-'))
  try {
    const app = await Application.bootstrapWithPlugins({ ...OPTIONS, out: folder })
    const project = await app.convert()
    if (project === undefined) throw new SiteError('typedoc could not read the sources')
    nameEntryPoints(project)
    await app.generateOutputs(project)
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => pageOf(name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** typedoc names modules by their files; people import them by other names. */
function nameEntryPoints(project: ProjectReflection): void {
  const about = entryPoints()
  project.name = 'API'
  for (const entry of project.children ?? []) {
    entry.name = entry.name === 'index' ? 'docker-mtls' : `docker-mtls/${entry.name}`
    const text = about.get(entry.name)
    if (text === undefined) throw new SiteError(`docs/README.md doesn't say what ${entry.name} is for`)
    entry.comment = new Comment([{ kind: 'text', text: `For ${text}.` }])
  }
}

function pageOf(name: string, text: string): Page {
  const output = `api/${name.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html')}`
  const page = { source: `api/${name}`, output, text: joinThrows(text), search: 'names' } as const
  if (name.endsWith('README.md')) return page
  const entry = name.split('/').slice(0, -2).join('/')
  return { ...page, parent: { title: entry, source: `api/${entry}/README.md` } }
}

/** typedoc writes a heading above each error that a function throws. */
function joinThrows(text: string): string {
  let last = ''
  return text
    .split('\n')
    .filter((line) => {
      if (!line.startsWith('#')) return true
      const isSame = line === last && line.endsWith(' Throws')
      last = line
      return !isSame
    })
    .join('\n')
}
