'use strict'
{
  const form = document.getElementById('filter')
  const all = (selector, within = document) => [...within.querySelectorAll(selector)]

  const textOf = (element) => element.textContent.toLowerCase()

  const openTarget = () => {
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

  if (form) {
    const shown = document.getElementById('shown')
    const query = document.getElementById('query')
    const by = (name) => document.getElementById(`by-${name}`)?.value ?? ''
    // Read once: a page may have many thousands of names.
    const entries = all('.entry').map((element) => ({
      element,
      text: textOf(element),
      host: element.closest('.host')?.id ?? '',
      lines: undefined,
    }))
    const parts = all('.part, .host')

    const isChosen = ({ element, host }) =>
      ['status', 'severity', 'family', 'change'].every((name) => {
        const value = by(name)
        return value === '' || (element.dataset[name] ?? '').split(' ').includes(value)
      }) &&
      (by('host') === '' || by('host') === host)

    /** Shows only the lines with the words that aren't in the heading of a check: those with a name, for example. */
    const showLines = (entry, words) => {
      if (words.length === 0 && entry.lines === undefined) return
      entry.head ??= all('summary', entry.element).map(textOf)[0] ?? ''
      entry.lines ??= all('.rows > li, .names > li', entry.element).map((element) => ({
        element,
        text: textOf(element),
      }))
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

    const apply = () => {
      const words = query.value.toLowerCase().split(/\s+/).filter(Boolean)
      let count = 0
      for (const entry of entries) {
        const isShown = isChosen(entry) && words.every((word) => entry.text.includes(word))
        entry.element.hidden = !isShown
        if (isShown) {
          count++
          showLines(entry, words)
        }
      }
      const isFiltering = words.length > 0 || all('select', form).some(({ value }) => value !== '')
      for (const part of parts) {
        const isEmpty = !part.querySelector('.entry:not([hidden])')
        part.hidden = isFiltering && isEmpty
        if (isFiltering && !isEmpty && part.matches('details')) part.open = true
      }
      for (const reason of all('.reasons > li:not(.entry)'))
        reason.hidden = !reason.querySelector('.entry:not([hidden])')
      shown.textContent = `${count} of ${entries.length} results shown`
    }

    let waiting
    form.addEventListener('input', () => {
      clearTimeout(waiting)
      waiting = setTimeout(apply, entries.length > 2000 ? 150 : 0)
    })
    form.addEventListener('reset', () => setTimeout(apply, 0))
    form.addEventListener('submit', (event) => event.preventDefault())
    const setOpen = (open) => () => {
      for (const element of all('details:not(.more)')) element.open = open
    }
    document.getElementById('open').addEventListener('click', setOpen(true))
    document.getElementById('close').addEventListener('click', setOpen(false))
    form.hidden = false
    apply()
  }
}
