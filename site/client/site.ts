/** What a page does besides being read: the search, the menu on a phone, the colours. Without it, all text is there. */
import { startFinder } from './finder.ts'
import { applyTheme, storedTheme, storeTheme, THEMES } from './themes.ts'

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

function startTheme(button: HTMLElement): void {
  let theme = storedTheme()
  const show = (): void => {
    const name = { auto: 'Auto', light: 'Light', dark: 'Dark' }[theme]
    const label = document.createElement('span')
    label.textContent = 'Colours: '
    button.replaceChildren(label, name)
    button.setAttribute('aria-label', `Colours: ${name}`)
  }
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    storeTheme(theme)
    applyTheme(theme)
    show()
  })
  show()
  button.hidden = false
}

function startMenu(button: HTMLElement, pages: HTMLElement): void {
  const toggle = (isOpen: boolean): void => {
    button.setAttribute('aria-expanded', String(isOpen))
    pages.classList.toggle('open', isOpen)
  }
  button.addEventListener('click', () => toggle(button.getAttribute('aria-expanded') !== 'true'))
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !pages.classList.contains('open')) return
    toggle(false)
    button.focus()
  })
  document.documentElement.classList.add('scripted')
  button.hidden = false
  // The page itself comes after the page that lists it.
  const current = [...pages.querySelectorAll<HTMLElement>('[aria-current]')].at(-1)
  if (current !== undefined && pages.scrollHeight > pages.clientHeight) pages.scrollTop = current.offsetTop - 120
}

/** A keyboard must reach what scrolls sideways, and only that. */
function markWide(wide: HTMLElement): void {
  if (wide.scrollWidth <= wide.clientWidth) return wide.removeAttribute('tabindex')
  wide.tabIndex = 0
  wide.role = 'group'
  wide.ariaLabel = wide.localName === 'pre' ? 'Code' : 'Table'
}

function watchWide(): void {
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => markWide(target as HTMLElement)))
  for (const wide of document.querySelectorAll<HTMLElement>('pre, .scroll')) observer.observe(wide)
}

/** Beside the text there is room for the sections of the page. */
function openContents(): void {
  const contents = document.querySelector<HTMLDetailsElement>('.contents')
  const roomy = matchMedia('(min-width: 75rem)')
  if (contents !== null && roomy.matches) contents.open = true
}

startTheme(element('theme'))
startMenu(element('menu'), element('pages'))
startFinder({
  button: element('search'),
  dialog: element('finder') as HTMLDialogElement,
  query: element('query') as HTMLInputElement,
  found: element('found'),
  results: element('results'),
})
watchWide()
openContents()
