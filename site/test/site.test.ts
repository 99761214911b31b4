import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { BROWSER_PACKAGES, ensurePackages, findProgram } from '../../scripts/packages.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { buildSite } from '../build.ts'
import { crawl } from './crawl.ts'
import { serve, type Served } from './server.ts'

const PREFIX = '/some/where/docker-mtls/'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** One of each kind of page. */
const KINDS = [
  'index.html',
  'documentation.html',
  'guide-secure-a-host.html',
  'environment.html',
  'errors.html',
  'checks/index.html',
  'checks/C-CAPS.html',
  'commands/index.html',
  'commands/init.html',
  'commands/audit.html',
  'api/index.html',
  'api/docker-mtls/pki/index.html',
  'api/docker-mtls/functions/connect.html',
  'api/docker-mtls/interfaces/Containers.html',
  'api/docker-mtls/classes/ConnectionError.html',
] as const
const PHONE = { width: 360, height: 740 }
const DESKTOP = { width: 1280, height: 900 }

interface Axe {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: unknown[] }>
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run({ preload: false }))
  assert.ok(found.passes.length > 15, `only ${found.passes.length} rules passed`)
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} (${nodes.length})`)
}

/** What is wider than the window, besides what scrolls by itself. */
function wider(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > innerWidth + 1 && element.closest('.scroll, pre') === null,
    )
    const found = wide.map(({ outerHTML }) => outerHTML.slice(0, 150))
    return document.documentElement.scrollWidth > innerWidth ? ['the page', ...found] : found
  })
}

const folder = join(await temporaryFolder(), 'site')

describe('the site', () => {
  let site: Served
  let browser: Browser
  /** What the browser said that is wrong, and requests to elsewhere. */
  const complaints: string[] = []

  before(async () => {
    const absent = await ensurePackages(BROWSER_PACKAGES, (line) => process.stderr.write(`${line}\n`))
    assert.deepEqual(absent, [], 'the site can only be tested in a browser')
    await buildSite(folder)
    site = await serve(folder, PREFIX)
    browser = await chromium.launch({
      executablePath: findProgram('chromium-headless-shell') ?? '',
      args: ['--no-sandbox'],
    })
  })
  after(async () => {
    await browser.close()
    site.close()
  })

  async function open(path: string, options: BrowserContextOptions = { viewport: DESKTOP }): Promise<Page> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    page.on('console', (message) => complaints.push(`${path}: ${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(site.address) && !request.url().startsWith('file:'))
        complaints.push(`${path}: request to ${request.url()}`)
    })
    await page.goto(/^\w+:/.test(path) ? path : site.address + path)
    return page
  }

  test('every link leads to a page and an anchor, and every page has a link', async () => {
    const page = await open('index.html')
    const { pages, dead } = await crawl(page, site.address)
    await page.context().close()
    assert.deepEqual(dead, [])
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
    assert.deepEqual(pages.filter((name) => name.endsWith('.html')).toSorted(), files.toSorted())
    assert.ok(files.length > 900, `only ${files.length} pages`)
  })

  test('the crawl finds dead links and anchors', async (t) => {
    const wrong = await temporaryFolder(t)
    await writeFile(join(wrong, 'index.html'), '<a href="b.html#x">1</a><a href="c.html">2</a><a href="b.html#y">3</a>')
    await writeFile(join(wrong, 'b.html'), '<h1 id="y"><a href="https://elsewhere.example/">4</a></h1>')
    const served = await serve(wrong, PREFIX)
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(served.address)
    const { pages, dead } = await crawl(page, served.address)
    await context.close()
    served.close()
    assert.deepEqual(pages, ['index.html', 'b.html'])
    assert.deepEqual(dead, [`index.html: ${served.address}b.html#x`, `index.html: ${served.address}c.html`])
  })

  for (const scheme of ['light', 'dark'] as const) {
    test(`axe has no objection to any kind of page, ${scheme}`, async () => {
      for (const kind of KINDS) {
        for (const viewport of kind === 'index.html' ? [PHONE, DESKTOP] : [scheme === 'dark' ? PHONE : DESKTOP]) {
          const page = await open(kind, { viewport, colorScheme: scheme })
          assert.deepEqual(await violations(page), [], `${kind} ${viewport.width}`)
          const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
          assert.equal(back, scheme === 'dark' ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)')
          await page.context().close()
        }
      }
    })
  }

  test('axe and the measure of the width object to what is wrong', async () => {
    const page = await open('index.html', { viewport: PHONE })
    await page.addStyleTag({ content: 'article p { color: #999; white-space: nowrap }' })
    assert.match((await violations(page)).join(), /color-contrast/)
    assert.ok((await wider(page)).length > 0)
    await page.context().close()
  })

  test('on a phone nothing is wider than the window', async () => {
    const page = await open('index.html', { viewport: PHONE })
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
    const looked = names.filter(
      (name) => !/^(api|checks)\//.test(name) || KINDS.includes(name as (typeof KINDS)[number]),
    )
    assert.ok(looked.length > 60, `only ${looked.length} pages`)
    for (const name of looked) {
      await page.goto(site.address + name)
      assert.deepEqual(await wider(page), [], name)
    }
    await page.context().close()
  })

  test('the search works without a server and a network, and by the keyboard alone', async () => {
    const page = await open(pathToFileURL(join(folder, 'commands/init.html')).href)
    await page.context().setOffline(true)
    await page.keyboard.press('/')
    await page.keyboard.type('ERR_PLAINTEXT_PORT')
    await page.locator('#results a').first().waitFor()
    assert.match((await page.locator('#found').textContent()) ?? '', /^\d+ results?/)
    assert.deepEqual(await violations(page), [])
    await page.keyboard.press('ArrowDown')
    assert.match((await page.locator('#results a:focus strong').textContent()) ?? '', /^ERR_PLAINTEXT_PORT$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/errors\.html#err_plaintext_port$/)
    assert.ok(await page.locator('#err_plaintext_port').isVisible())
    await page.context().close()
  })

  test('the search finds commands, methods, variables and checks first, and says when there is nothing', async () => {
    const page = await open('documentation.html')
    await page.locator('#search').click()
    const first = async (text: string): Promise<string | null> => {
      await page.locator('#query').fill(text)
      await page.waitForFunction(() => document.querySelector('#found')?.textContent !== '')
      return page.evaluate(() => document.querySelector('#results a')?.getAttribute('href') ?? null)
    }
    await first('docker')
    assert.deepEqual(
      [await first('cert rotate-ca'), await first('waitHealthy'), await first('C-CAPS'), await first('xyzzyx')],
      [
        'commands/cert-rotate-ca.html',
        'api/docker-mtls/interfaces/Containers.html#waithealthy',
        'checks/C-CAPS.html',
        null,
      ],
    )
    assert.match((await first('DOCKER_TLS_CERTDIR')) ?? '', /^environment\.html#docker_tls_certdir$/)
    await page.locator('#query').fill('xyzzyx')
    assert.equal(await page.locator('#found').textContent(), 'Nothing found.')
    await page.keyboard.press('Escape')
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'search')
    await page.context().close()
  })

  test('an option is on one line on a wide screen, and no page scrolls sideways', async () => {
    for (const path of ['commands/init.html', 'commands/audit.html', 'environment.html', 'from-dockerode.html']) {
      const page = await open(path, { viewport: DESKTOP })
      const names = page.locator('td:first-child > code')
      assert.ok((await names.count()) > 5, path)
      const broken = await names.evaluateAll((all) =>
        all.filter((name) => name.getClientRects().length > 1).map(({ textContent }) => textContent),
      )
      assert.deepEqual(broken, [], path)
      assert.deepEqual(await wider(page), [], path)
      await page.setViewportSize(PHONE)
      assert.deepEqual(await wider(page), [], path)
      await page.context().close()
    }
  })

  test('a keyboard reaches everything, and sees where it is', async () => {
    const page = await open('commands/cert-list.html', { viewport: PHONE })
    const names: string[] = []
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press('Tab')
      const seen = await page.evaluate(() => {
        const at = document.activeElement
        if (at === null || at === document.body) return undefined
        const { outlineStyle, outlineWidth } = getComputedStyle(at)
        const box = at.getBoundingClientRect()
        const isShown = outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2 && box.width > 0
        return { name: at.id || at.className || at.localName, isShown, html: at.outerHTML.slice(0, 120) }
      })
      if (seen === undefined) break
      assert.ok(seen.isShown, seen.html)
      names.push(seen.name)
    }
    assert.deepEqual(names.slice(0, 5), ['skip', 'menu', 'brand', 'search', 'theme'])
    assert.ok(names.includes('summary') && names.includes('screen') && names.includes('header-anchor'), names.join())
    await page.context().close()
  })

  test('the menu of a phone opens, has all pages, and closes by Escape', async () => {
    const page = await open('index.html', { viewport: PHONE })
    assert.equal(await page.locator('#pages').isVisible(), false)
    await page.locator('#menu').click()
    assert.ok(await page.locator('#pages a[aria-current=page]').isVisible())
    assert.deepEqual(await violations(page), [])
    await page.keyboard.press('Escape')
    assert.equal(await page.locator('#pages').isVisible(), false)
    await page.context().close()
  })

  test('the chosen colours stay, whatever the system prefers', async () => {
    const page = await open('index.html', { viewport: DESKTOP, colorScheme: 'light' })
    const back = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    await page.locator('#theme').click()
    await page.locator('#theme').click()
    assert.deepEqual([await page.locator('#theme').textContent(), await back()], ['Colours: Dark', 'rgb(20, 23, 27)'])
    await page.goto(`${site.address}errors.html`)
    assert.equal(await back(), 'rgb(20, 23, 27)')
    await page.locator('#theme').click()
    assert.deepEqual(
      [await page.locator('#theme').textContent(), await back()],
      ['Colours: Auto', 'rgb(255, 255, 255)'],
    )
    await page.context().close()
  })

  test('without scripts all text and all links are there', async () => {
    const page = await open('commands/init.html', { viewport: PHONE, javaScriptEnabled: false })
    assert.ok(await page.locator('#pages').isVisible())
    assert.ok(await page.getByText('Creates everything for one server').isVisible())
    assert.equal(await page.locator('button:visible').count(), 0)
    await page.context().close()
  })

  test('each command has a page with its options, and screens show what it really printed', () => {
    for (const { words } of COMMANDS) {
      const html = readFileSync(join(folder, 'commands', `${words.join('-')}.html`), 'utf8')
      assert.match(html, /<code>-h, --help<\/code>/, words.join(' '))
    }
    const init = readFileSync(join(folder, 'commands/init.html'), 'utf8')
    assert.match(init, /<pre class="screen"><kbd>\$ docker-mtls init/)
    assert.match(init, /<span class="ansi-green-fg">created /)
    assert.doesNotMatch(init, /docker-mtls-\w{6}\b/)
  })

  test('each exported function has an example', () => {
    const functions = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^api\/.*\/functions\//.test(name),
    )
    const without = functions.filter((name) => !/<h\d id="example"/.test(readFileSync(join(folder, name), 'utf8')))
    assert.ok(functions.length > 60, `only ${functions.length} functions`)
    assert.deepEqual(without, [])
  })

  test('the browser complained about nothing, and asked nobody else', () => {
    assert.deepEqual(complaints, [])
  })
})
