import type { Page } from 'playwright-core'

export interface Crawled {
  /** All pages that links lead to, from the root of the site. */
  readonly pages: readonly string[]
  /** `PAGE: LINK`. */
  readonly dead: readonly string[]
}

/** What a page of the site has, by the browser's own parser. */
interface Parsed {
  readonly links: readonly string[]
  readonly ids: readonly string[]
}

/** Follows all links from a page, in a browser that shows a page of this site. Addresses elsewhere are left alone. */
export async function crawl(page: Page, root: string): Promise<Crawled> {
  const parsed = new Map<string, Parsed | undefined>()
  let next = [new URL('index.html', root).href]
  while (next.length > 0) {
    const found = await page.evaluate(parsePages, next)
    next.forEach((url, index) => parsed.set(url, found[index] ?? undefined))
    const targets = found.flatMap((one) => one?.links ?? []).map((link) => link.split('#')[0] ?? '')
    next = [...new Set(targets)].filter((url) => url.startsWith(root) && !parsed.has(url))
  }
  const dead = [...parsed].flatMap(([url, one]) =>
    (one?.links ?? []).filter((link) => isDead(link, parsed, root)).map((link) => `${url.slice(root.length)}: ${link}`),
  )
  const pages = [...parsed].filter(([, one]) => one !== undefined).map(([url]) => url.slice(root.length))
  return { pages, dead }
}

function isDead(link: string, parsed: ReadonlyMap<string, Parsed | undefined>, root: string): boolean {
  if (new URL(link).origin !== new URL(root).origin) return false
  const [url = '', anchor = ''] = link.split('#')
  const target = parsed.get(url)
  return target === undefined || (anchor !== '' && !target.ids.includes(decodeURIComponent(anchor)))
}

/** Runs in the browser. Null for what can't be read. */
async function parsePages(urls: readonly string[]): Promise<(Parsed | null)[]> {
  return Promise.all(
    urls.map(async (url) => {
      const answer = await fetch(url)
      if (!answer.ok) return null
      if (!url.endsWith('.html')) return { links: [], ids: [] }
      const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html')
      const addresses = [...parsed.querySelectorAll('[href], [src]')].map(
        (element) => element.getAttribute('href') ?? element.getAttribute('src') ?? '',
      )
      const ids = [...parsed.querySelectorAll('[id]')].map(({ id }) => id)
      return { links: addresses.map((address) => new URL(address, url).href), ids }
    }),
  )
}
