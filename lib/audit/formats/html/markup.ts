import { shown, xmlText } from '../foreign.ts'

/** A piece of HTML, in which all text is escaped. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a template takes. Nothing is written for undefined. */
export type Content = Html | string | number | undefined | readonly Content[]

/**
 * A piece of HTML. Every text that is put into it is escaped, both for content and for attributes in double quotes, so that no
 * name of a container can become an element. No character of it controls a terminal or disguises the text.
 */
export function html(texts: TemplateStringsArray, ...values: readonly Content[]): Html {
  let own = OWN_TEXTS.get(texts)
  if (own === undefined) {
    own = texts.map((text) => text.replaceAll(/\n\s*/g, '\n'))
    OWN_TEXTS.set(texts, own)
  }
  return new Html(own.map((text, index) => text + render(values[index])).join(''))
}

/** Templates without the indentation of the source. */
const OWN_TEXTS = new WeakMap<TemplateStringsArray, readonly string[]>()

function render(value: Content): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(render).join('')
  return xmlText(shown(String(value)))
}

/** Text of ours that is HTML already. Never use it for a text of a daemon, an exception or a baseline. */
export function ownHtml(text: string): Html {
  return new Html(text)
}

type Level = 2 | 3 | 4

/** A heading: in a report of several hosts, those of each host are one level lower. */
export function heading(level: Level, content: Content, id?: string): Html {
  const attribute = id === undefined ? undefined : html` id="${id}"`
  if (level === 2) return html`<h2${attribute}>${content}</h2>`
  return level === 3 ? html`<h3${attribute}>${content}</h3>` : html`<h4${attribute}>${content}</h4>`
}

/** Several pieces with a text between them. */
export function joined(parts: readonly Content[], between: Content): Content[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [between, part]))
}

/** A list that shows its first items and folds the others. */
export function folded(items: readonly Html[], most: number, wrap: (items: readonly Html[]) => Html): Html {
  // To unfold a single line costs more than to read it.
  if (items.length <= most + 1) return wrap(items)
  const rest = items.slice(most)
  return html`${wrap(items.slice(0, most))}
    <details class="more">
      <summary>${rest.length} more</summary>
      ${wrap(rest)}
    </details>`
}
