import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COMMANDS } from '../lib/cli/commands.ts'
import { commandPages } from '../site/commands.ts'
import { documents, entryPoints, navigation } from '../site/documents.ts'
import { makeRenderer, type Rendered } from '../site/markdown.ts'
import { relativeUrl, SiteError, type Page } from '../site/page.ts'
import { screens } from '../site/screens.ts'

// Pages of the site that typedoc doesn't write. `npm run test:site` builds the whole site, and looks at it in a browser.
const printed = screens()
const pages = [...documents(), ...(await commandPages(printed))]
const render = makeRenderer(pages)

function pageOf(source: string): Page {
  const page = pages.find((one) => one.source === source)
  assert.ok(page, source)
  return page
}

/** A page of docs/ with this text. */
function rendered(text: string): Rendered {
  return render({ source: 'docs/x.md', output: 'folder/x.html', text, search: 'sections' })
}

test('every page renders: it has a heading, and its links lead to pages', () => {
  for (const page of pages) assert.ok(render(page).title.length > 1, page.source)
  assert.ok(pages.length > 200, `only ${pages.length} pages`)
})

test('two pages never share a file', () => {
  const outputs = pages.map(({ output }) => output.toLowerCase())
  assert.equal(new Set(outputs).size, pages.length)
})

describe('what is wrong in a page', () => {
  const rows: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ['a link to no page', '# X\n\n[gone](gone.md)', /^docs\/x\.md: the link gone\.md leads to no page/],
    ['a link to a source file', '# X\n\n[code](../lib/index.ts)', /the link \.\.\/lib\/index\.ts/],
    ['no heading', 'Text', /^docs\/x\.md has no heading$/],
  ]
  for (const [what, text, message] of rows) {
    test(`${what} ends the build`, () => {
      assert.throws(
        () => rendered(text),
        (error) => error instanceof SiteError && message.test(error.message),
      )
    })
  }
})

test('links between Markdown files become links between pages, at any address', () => {
  const text = '# X\n\n[a](../SECURITY.md) [b](checks/README.md#images) [c](#x) [d](https://example.com/x.md)'
  const { html } = rendered(text)
  const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, link]) => link)
  assert.deepEqual(links, ['#x', '../SECURITY.html', '../checks/index.html#images', '#x', 'https://example.com/x.md'])
  assert.equal(relativeUrl('api/docker-mtls/pki/index.html', 'api/index.html'), '../../index.html')
})

test('the navigation has every page of docs/README.md, and every entry point', () => {
  const sources = navigation().flatMap(({ links }) => links.map(({ source }) => source))
  const inDocs = pages.map(({ source }) => source).filter((source) => /^docs\/[^/]+$/.test(source))
  assert.deepEqual(
    inDocs.filter((source) => !sources.includes(source)),
    [],
  )
  for (const source of sources) pageOf(source)
  assert.equal(entryPoints().size, 9)
})

test('the page of a command has all that its definition says', async () => {
  for (const { words, load } of COMMANDS) {
    const { text } = pageOf(`commands/${words.join('-')}.md`)
    const { examples, json } = await load()
    assert.match(text, /^\| `-h, --help` \|/m)
    assert.equal(text.match(/^```sh$/gm)?.length, examples.length, words.join(' '))
    assert.equal(json === undefined, !text.includes('## JSON'), words.join(' '))
  }
})

test('what can be typed is code, and a list in columns stays one', () => {
  assert.ok(pageOf('commands/README.md').text.includes('There are two ways: `export` packs a key'))
  assert.match(
    pageOf('commands/context-create.md').text,
    /^Then: `docker --context prod ps`, or `docker context use prod`:$/m,
  )
  assert.match(pageOf('commands/cert-rotate-ca.md').text, /^```text\n {2}1 trust {4}clients/m)
})

test('screens show what the commands printed, in colour, and nothing of this machine', () => {
  assert.ok(printed.length > 8)
  const { html } = printed.find(({ command }) => command === 'init') ?? { html: '' }
  assert.match(html, /^<pre class="screen"><kbd>\$ docker-mtls init build01\.example\.com/)
  assert.match(html, /<span class="ansi-green-fg">created/)
  for (const screen of printed) {
    assert.doesNotMatch(screen.html, /\/tmp\/|\n\n/)
    assert.ok(pageOf(`commands/${screen.command.replace(' ', '-')}.md`).text.includes(screen.html))
  }
})
