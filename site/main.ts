/** `npm run docs`: builds the documentation site. */
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSite } from './build.ts'
import { ROOT } from './documents.ts'
import { SiteError } from './page.ts'

const FOLDER = join(ROOT, 'site/dist')

const started = performance.now()
try {
  const pages = await buildSite(FOLDER)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`${pages} pages in ${relative('.', FOLDER)}, in ${seconds} s.`)
  console.log(`Open ${pathToFileURL(join(FOLDER, 'index.html')).href}, or copy the folder to any web server.`)
} catch (error) {
  if (!(error instanceof SiteError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
