/** `npm run docs`: builds the documentation site. */
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { buildSite } from './build.ts'
import { ROOT } from './documents.ts'
import { SiteError } from './page.ts'

const { values } = parseArgs({ options: { out: { type: 'string', default: resolve(ROOT, 'site/dist') } } })
const started = performance.now()
try {
  const pages = await buildSite(values.out)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`${pages} pages in ${relative('.', values.out)}, in ${seconds} s.`)
  console.log(`Open ${pathToFileURL(resolve(values.out, 'index.html')).href}, or copy the folder to any web server.`)
} catch (error) {
  if (!(error instanceof SiteError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
