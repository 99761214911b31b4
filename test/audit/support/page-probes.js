// Looks at a report from within, in a frame of test/audit/support/browser.ts. The name of the frame says which probes to run.
'use strict'
{
  const alerts = []
  window.alert = (text) => alerts.push(String(text))
  const blocked = []
  document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => blocked.push(violatedDirective))

  const all = (selector, within = document) => [...within.querySelectorAll(selector)]
  const byId = (id) => document.getElementById(id)
  const isSeen = (element) => element.checkVisibility()
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

  const openAll = () => {
    for (const element of all('details')) element.open = true
  }

  const change = async (id, value) => {
    byId(id).value = value
    byId(id).dispatchEvent(new Event('input', { bubbles: true }))
    await pause(200)
  }

  const idsSeen = () =>
    all('.entry .id')
      .filter(isSeen)
      .map((element) => element.textContent)

  const PROBES = {
    async axe() {
      openAll()
      const { violations, passes } = await window.axe.run(document, { preload: false, iframes: false })
      return {
        passes: passes.length,
        violations: violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} (${nodes.length})`),
      }
    },

    /** What is wider than the window, besides tables that scroll alone. */
    width() {
      openAll()
      const wide = all('body *').filter((element) => {
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
      const controls = all('a[href], button, input, select, summary, [tabindex]').filter(isSeen)
      const unreachable = controls.filter((element) => {
        element.focus()
        const { outlineStyle, outlineWidth } = getComputedStyle(element)
        const isOutlined = element.id === 'main' || (outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2)
        return (
          document.activeElement !== element || !isOutlined || element.tabIndex !== (element.id === 'main' ? -1 : 0)
        )
      })
      const names = [...new Set(controls.map(({ localName }) => localName))].toSorted()
      const [first] = controls
      return { first: first.className, names, unreachable: unreachable.map(({ outerHTML }) => outerHTML.slice(0, 200)) }
    },

    async filter() {
      const shown = () => byId('shown').textContent
      const steps = { start: [shown(), idsSeen().length] }
      await change('query', 'WATCHTOWER user')
      steps.query = [shown(), idsSeen().slice(0, 1), all('#h1-C-USER .rows > li').filter(isSeen).length]
      await change('query', 'no such word')
      steps.nothing = [shown(), idsSeen(), all('.part').filter(isSeen).length]
      byId('filter').reset()
      await pause(50)
      await change('by-severity', 'critical')
      steps.severity = [
        ...new Set(
          all('.entry')
            .filter(isSeen)
            .map(({ dataset }) => dataset.severity),
        ),
      ]
      await change('by-status', 'failing')
      steps.none = shown()
      await change('by-severity', '')
      steps.failing = idsSeen()
      byId('filter').reset()
      await pause(50)
      await change('by-status', 'pass')
      steps.passed = [all('.entry').filter(isSeen).length > 20, idsSeen().includes('T-PLAIN')]
      byId('filter').reset()
      await pause(50)
      steps.end = [shown(), all('.entry[hidden], .part[hidden], .rows > li[hidden], .reasons > li[hidden]').length]
      byId('close').click()
      steps.closed = all('details.entry[open]').length
      byId('open').click()
      steps.opened = all('details.entry:not([open])').length
      return steps
    },

    print() {
      const open = () => all('details[open]').length
      const before = open()
      dispatchEvent(new Event('beforeprint'))
      const during = all('details:not([open])').length
      dispatchEvent(new Event('afterprint'))
      return { closed: during, same: open() === before }
    },

    /** Whether the page's own script ran, and what there is if it didn't. */
    async script() {
      await pause(100)
      return { ran: isSeen(byId('filter')), entries: all('.entry').filter(isSeen).length, blocked }
    },

    injected() {
      return { alerts, blocked, strange: all('img, iframe, object, embed, b:not(.status)').length }
    },
  }

  addEventListener('load', async () => {
    const results = {}
    for (const name of window.name.split(' ')) {
      results[name] = await Promise.resolve(PROBES[name]()).catch((error) => String(error))
    }
    parent.postMessage(results, '*')
  })
}
