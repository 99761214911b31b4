import MiniSearch from 'minisearch'
import { SEARCH_OPTIONS, type Section } from './search-options.ts'

interface Parts {
  readonly button: HTMLElement
  readonly dialog: HTMLDialogElement
  readonly query: HTMLInputElement
  readonly found: HTMLElement
  readonly results: HTMLElement
}

const MOST = 30
const root = document.documentElement.dataset['root'] ?? ''

/** The search: a dialog, whose index is loaded when it opens first. */
export function startFinder(parts: Parts): void {
  const { button, dialog, query, results } = parts
  let index: Promise<MiniSearch<Section>> | undefined
  const open = (): void => {
    index ??= loadIndex()
    dialog.showModal()
    query.select()
  }
  const show = async (): Promise<void> => {
    const loaded = await (index ??= loadIndex())
    showResults(loaded, parts)
  }
  button.addEventListener('click', open)
  query.addEventListener('input', () => void show())
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement
    if (event.key === '/' && !isTyping && !dialog.open && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      open()
    }
  })
  dialog.addEventListener('keydown', (event) => moveAmong(event, query, results))
  // The results may be on this page.
  results.addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close()
  })
  button.hidden = false
}

/** By a script element: a page that was opened from a folder can't fetch. */
async function loadIndex(): Promise<MiniSearch<Section>> {
  await new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = `${root}assets/search-index.js`
    script.addEventListener('load', resolve)
    script.addEventListener('error', reject)
    document.head.append(script)
  })
  const { searchIndex } = globalThis as unknown as { searchIndex: string }
  return MiniSearch.loadJSON(searchIndex, SEARCH_OPTIONS)
}

function showResults(index: MiniSearch<Section>, { query, found, results }: Parts): void {
  const text = query.value.trim()
  const all = text === '' ? [] : index.search(text)
  const shown = all.slice(0, MOST)
  found.textContent = text === '' ? '' : countOf(all.length)
  results.replaceChildren(...shown.map((result) => itemOf(result as unknown as Section & { id: string })))
}

function countOf(count: number): string {
  if (count === 0) return 'Nothing found.'
  return count > MOST ? `${count} results, the first ${MOST}:` : `${count} ${count === 1 ? 'result' : 'results'}`
}

function itemOf({ id, page, heading, excerpt }: Section & { readonly id: string }): HTMLElement {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = root + id
  link.append(part('strong', heading), part('span', page === '' ? excerpt : `${page}: ${excerpt}`))
  item.append(link)
  return item
}

function part(name: string, text: string): HTMLElement {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

/** The arrow keys go through the results, and Enter in the field opens the first one. */
function moveAmong(event: KeyboardEvent, query: HTMLInputElement, results: HTMLElement): void {
  const links = [...results.querySelectorAll('a')]
  const at = links.findIndex((link) => link === document.activeElement)
  if (event.key === 'Enter' && document.activeElement === query) {
    event.preventDefault()
    links[0]?.click()
  } else if (event.key === 'ArrowDown') {
    event.preventDefault()
    links[Math.min(at + 1, links.length - 1)]?.focus()
  } else if (event.key === 'ArrowUp') {
    event.preventDefault()
    if (at > 0) links[at - 1]?.focus()
    else query.focus()
  }
}
