import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runCommand } from '../../support/command.ts'

const CHROMIUM = 'chromium-headless-shell'
const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const PROBES = readFileSync(new URL('./page-probes.js', import.meta.url), 'utf8')

/** A page, and how it is looked at. */
export interface Look {
  readonly name: string
  readonly html: string
  readonly width: number
  /** Of page-probes.js. */
  readonly probes: readonly string[]
}

/** What each probe found, by the name of the look. */
export type Found = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Puts axe and the probes into a page. Its policy then allows their hashes, and otherwise stays as it is. */
function probed(html: string): string {
  const hashes = [AXE, PROBES].map(
    (script) => `&apos;sha256-${createHash('sha256').update(script).digest('base64')}&apos;`,
  )
  assert.ok(html.includes('script-src ') && html.includes('<title>'))
  return html
    .replace('script-src ', `script-src ${hashes.join(' ')} `)
    .replace('<title>', () => `<script>${PROBES}</script><script>${AXE}</script><title>`)
}

/** Shows pages in frames of one window, each as wide as asked, and collects what they find. */
const COLLECT = `
const looks = JSON.parse(document.getElementById('looks').textContent)
const results = {}
addEventListener('message', ({ source, data }) => {
  const index = [...document.querySelectorAll('iframe')].findIndex((frame) => frame.contentWindow === source)
  results[looks[index].name] = data
  document.getElementById('results').textContent = JSON.stringify(results)
})
for (const { file, width, probes } of looks) {
  const frame = document.createElement('iframe')
  Object.assign(frame, { src: file, name: probes.join(' '), width, height: 900 })
  document.body.append(frame)
}`

/**
 * Looks at pages in headless Chromium. Virtual time passes at once when nothing is left to do, so nothing waits for a clock.
 *
 * @param folder - for the copies of the pages
 */
export async function lookAt(looks: readonly Look[], scheme: 'light' | 'dark', folder: string): Promise<Found> {
  const files = looks.map(({ name }) => join(folder, `${scheme} ${name}.html`))
  await Promise.all(looks.map(({ html }, index) => writeFile(files[index] ?? '', probed(html))))
  const asked = looks.map(({ name, width, probes }, index) => ({
    name,
    width,
    probes,
    file: pathToFileURL(files[index] ?? '').href,
  }))
  const output = await dumpDom(
    `<pre id="results"></pre><script type="application/json" id="looks">${inScript(asked)}</script><script>${COLLECT}</script>`,
    scheme,
    folder,
  )
  const found = JSON.parse(output) as Found
  const missing = looks.filter(({ name }) => !(name in found)).map(({ name }) => name)
  assert.deepEqual(missing, [], 'these pages did not answer')
  return found
}

/** JSON that can't end its script element. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003C`)
}

async function dumpDom(body: string, scheme: 'light' | 'dark', folder: string): Promise<string> {
  const file = join(folder, `${scheme}.html`)
  await writeFile(
    file,
    `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>looks</title><body>${body}</body></html>`,
  )
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--virtual-time-budget=60000']
  const dark = scheme === 'dark' ? ['--blink-settings=preferredColorScheme=0'] : []
  const profile = `--user-data-dir=${join(folder, scheme)}`
  const args = [...flags, ...dark, profile, '--window-size=1400,900', '--dump-dom', pathToFileURL(file).href]
  const { code, stdout, stderr } = await runCommand(CHROMIUM, args)
  const results = /<pre id="results">(.*?)<\/pre>/s.exec(stdout)?.[1]
  assert.ok(code === 0 && results !== undefined, `${CHROMIUM} ended with ${code}: ${stderr.slice(-2000)}`)
  return results.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

/** What a real parser makes of pages: which elements and attributes they have. */
export async function parsePages(pages: readonly string[], folder: string): Promise<string[][]> {
  const parse = `
const kinds = (page) => {
  const found = new Set()
  for (const element of new DOMParser().parseFromString(page, 'text/html').querySelectorAll('*')) {
    for (const name of element.getAttributeNames()) found.add(element.localName + ' ' + name)
    found.add(element.localName)
  }
  return [...found]
}
const pages = JSON.parse(document.getElementById('pages').textContent)
document.getElementById('results').textContent = JSON.stringify(pages.map(kinds))
document.getElementById('pages').remove()`
  const body = `<pre id="results"></pre><script type="application/json" id="pages">${inScript(pages)}</script><script>${parse}</script>`
  return JSON.parse(await dumpDom(body, 'light', folder)) as string[][]
}
