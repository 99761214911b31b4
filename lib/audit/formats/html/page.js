const all = (selector, within = document) => [...within.querySelectorAll(selector)]
const textOf = (element) => element.textContent.toLowerCase()

function openTarget() {
  const target = document.getElementById(location.hash.slice(1))
  for (let element = target; element; element = element.parentElement)
    if (element.matches('details')) element.open = true
  if (target) target.scrollIntoView()
}
addEventListener('hashchange', openTarget)
if (location.hash) openTarget()

// Browsers that can't show closed details on paper by a style get them open.
let closed = []
addEventListener('beforeprint', () => {
  closed = all('details:not([open])')
  for (const element of closed) element.open = true
})
addEventListener('afterprint', () => {
  for (const element of closed) element.open = false
})

const form = document.getElementById('filter')
const shown = document.getElementById('shown')
const query = document.getElementById('query')
// Read once: a page may have many thousands of names.
const entries = all('.entry').map((element) => ({
  element,
  text: textOf(element),
  host: element.closest('.host')?.id ?? '',
}))
const parts = all('.part, .host')

function chosen(name) {
  return document.getElementById(`by-${name}`)?.value ?? ''
}

function isChosen({ element, host }) {
  if (chosen('host') !== '' && chosen('host') !== host) return false
  return ['status', 'severity', 'family', 'change'].every((name) => {
    return chosen(name) === '' || (element.dataset[name] ?? '').split(' ').includes(chosen(name))
  })
}

/** Shows only the lines with the words that aren't in the heading of a check: those with a name, for example. */
function showLines(entry, words) {
  if (words.length === 0 && entry.lines === undefined) return
  entry.head ??= all('summary', entry.element).map(textOf)[0] ?? ''
  entry.lines ??= all('.rows > li, .names > li', entry.element).map((element) => ({ element, text: textOf(element) }))
  const wanted = words.filter((word) => !entry.head.includes(word))
  const found = entry.lines.filter(({ text }) => wanted.every((word) => text.includes(word)))
  const kept = new Set(found.map(({ element }) => element))
  for (const { element } of entry.lines) element.hidden = kept.size > 0 && !kept.has(element)
  // A row that has the words itself keeps all of its names.
  for (const element of kept) {
    const names = all('.names > li', element)
    if (names.every((name) => name.hidden)) for (const name of names) name.hidden = false
  }
  if (wanted.length > 0 && kept.size > 0) for (const more of all('.more', entry.element)) more.open = true
}

function apply() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean)
  let count = 0
  for (const entry of entries) {
    const isShown = isChosen(entry) && words.every((word) => entry.text.includes(word))
    entry.element.hidden = !isShown
    if (!isShown) continue
    count++
    showLines(entry, words)
  }
  const isFiltering = words.length > 0 || all('select', form).some(({ value }) => value !== '')
  for (const part of parts) {
    const isEmpty = !part.querySelector('.entry:not([hidden])')
    part.hidden = isFiltering && isEmpty
    if (isFiltering && !isEmpty && part.matches('details')) part.open = true
  }
  for (const reason of all('.reasons > li:not(.entry)')) reason.hidden = !reason.querySelector('.entry:not([hidden])')
  shown.textContent = `${count} of ${entries.length} results shown`
}

function setOpen(open) {
  for (const element of all('details:not(.more)')) element.open = open
}

function start() {
  let waiting
  form.addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = setTimeout(apply, entries.length > 2000 ? 150 : 0)
  })
  // The fields are empty only after the event.
  form.addEventListener('reset', () => setTimeout(apply, 0))
  form.addEventListener('submit', (event) => event.preventDefault())
  document.getElementById('open').addEventListener('click', () => setOpen(true))
  document.getElementById('close').addEventListener('click', () => setOpen(false))
  form.hidden = false
  apply()
}
if (form) start()
