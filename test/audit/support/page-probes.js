// Looks at a report from within, in a frame of test/audit/support/browser.ts. The name of the frame says which probes to run.
'use strict'
const alerts = []
window.alert = (text) => alerts.push(String(text))
const blocked = []
document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => blocked.push(violatedDirective))

const every = (selector, within = document) => [...within.querySelectorAll(selector)]
const withId = (id) => document.getElementById(id)
const isSeen = (element) => element.checkVisibility()
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const unfold = () => {
  for (const element of every('details')) element.open = true
}

const change = async (id, value) => {
  withId(id).value = value
  withId(id).dispatchEvent(new Event('input', { bubbles: true }))
  await pause(200)
}

const idsSeen = () =>
  every('.entry .id')
    .filter(isSeen)
    .map((element) => element.textContent)

const PROBES = {
  async axe() {
    unfold()
    const { violations, passes } = await window.axe.run(document, { preload: false, iframes: false })
    return {
      passes: passes.length,
      violations: violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} (${nodes.length})`),
    }
  },

  /** What is wider than the window, besides tables that scroll alone. */
  width() {
    unfold()
    const wide = every('body *').filter((element) => {
      return element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, .skip, .unseen')
    })
    return {
      window: innerWidth,
      page: document.documentElement.scrollWidth,
      wide: wide.map(({ outerHTML }) => outerHTML.slice(0, 200)),
      background: getComputedStyle(document.body).backgroundColor,
    }
  },

  /** Without a positive tabindex, the order of the focus is the order of the document. */
  focus() {
    const controls = every('a[href], button, input, select, summary, [tabindex]').filter(isSeen)
    const unreachable = controls.filter((element) => {
      element.focus()
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const isOutlined = element.id === 'main' || (outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2)
      return document.activeElement !== element || !isOutlined || element.tabIndex !== (element.id === 'main' ? -1 : 0)
    })
    const names = [...new Set(controls.map(({ localName }) => localName))].toSorted((one, other) =>
      one < other ? -1 : 1,
    )
    const [first] = controls
    return { first: first.className, names, unreachable: unreachable.map(({ outerHTML }) => outerHTML.slice(0, 200)) }
  },

  async filter() {
    const shown = () => withId('shown').textContent
    const steps = { start: [shown(), idsSeen().length] }
    await change('query', 'WATCHTOWER user')
    steps.query = [shown(), idsSeen().slice(0, 1), every('#h1-C-USER .rows > li').filter(isSeen).length]
    await change('query', 'no such word')
    steps.nothing = [shown(), idsSeen(), every('.part').filter(isSeen).length]
    withId('filter').reset()
    await pause(50)
    await change('by-severity', 'critical')
    steps.severity = [
      ...new Set(
        every('.entry')
          .filter(isSeen)
          .map(({ dataset }) => dataset.severity),
      ),
    ]
    await change('by-status', 'failing')
    steps.none = shown()
    await change('by-severity', '')
    steps.failing = idsSeen()
    withId('filter').reset()
    await pause(50)
    await change('by-status', 'pass')
    steps.passed = [every('.entry').filter(isSeen).length > 20, idsSeen().includes('T-PLAIN')]
    withId('filter').reset()
    await pause(50)
    steps.end = [shown(), every('.entry[hidden], .part[hidden], .rows > li[hidden], .reasons > li[hidden]').length]
    withId('close').click()
    steps.closed = every('details.entry[open]').length
    withId('open').click()
    steps.opened = every('details.entry:not([open])').length
    return steps
  },

  print() {
    const open = () => every('details[open]').length
    const before = open()
    dispatchEvent(new Event('beforeprint'))
    const during = every('details:not([open])').length
    dispatchEvent(new Event('afterprint'))
    return { closed: during, same: open() === before }
  },

  /** Whether the page's own script ran, and what there is if it didn't. */
  async script() {
    await pause(100)
    return { ran: isSeen(withId('filter')), entries: every('.entry').filter(isSeen).length, blocked }
  },

  injected() {
    return { alerts, blocked, strange: every('img, iframe, object, embed, b:not(.status)').length }
  },
}

async function runProbes() {
  const results = {}
  for (const name of window.name.split(' ')) results[name] = await PROBES[name]()
  parent.postMessage(results, '*')
}
addEventListener('load', () => void runProbes())
