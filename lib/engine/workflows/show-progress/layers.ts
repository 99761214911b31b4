import type { ProgressMessage } from '../../types/progress.ts'
import { amountOf } from './amount.ts'
import type { Items, ItemState } from './item.ts'
import { LineReader, nameOf } from './texts.ts'

/** What dockerd says of a layer (moby, distribution/, image/tarexport/; daemon/containerd/). */
const STATUS: ReadonlyMap<string, readonly [state: ItemState, words: string]> = new Map([
  ['pulling fs layer', ['waiting', 'waiting']],
  ['waiting', ['waiting', 'waiting']],
  ['preparing', ['waiting', 'waiting']],
  ['downloading', ['running', 'downloading']],
  ['verifying checksum', ['running', 'verifying']],
  ['download complete', ['running', 'downloaded']],
  ['extracting', ['running', 'extracting']],
  ['pull complete', ['done', 'pulled']],
  ['already exists', ['done', 'exists already']],
  ['layer already exists', ['done', 'exists already']],
  ['pushing', ['running', 'pushing']],
  ['pushed', ['done', 'pushed']],
  ['loading layer', ['running', 'loading']],
])
const LOADED = ['done', 'loaded'] as const
const MOUNTED = /^mounted from /i
/** Reported with a tag as its id. */
const ABOUT_TAG = /^Pulling from /

/** Shows the messages of a pull, push, load and similar calls. */
export class LayerReader {
  readonly #items: Items
  readonly #lines = new LineReader()

  constructor(items: Items) {
    this.#items = items
  }

  read({ id, status, stream, progressDetail }: ProgressMessage): void {
    if (typeof stream === 'string') this.#say(this.#lines.read(stream))
    const text = nameOf(status)
    const name = nameOf(id)
    if (text === '') return
    if (name === '') this.#say([text])
    else if (ABOUT_TAG.test(text)) this.#say([`${name}: ${text}`])
    else this.#layer(name, text, progressDetail)
  }

  end(): void {
    this.#say(this.#lines.rest())
  }

  #layer(name: string, text: string, detail: ProgressMessage['progressDetail']): void {
    const item = this.#items.find(`layer ${name}`, name, 'layer')
    if (item === undefined) return
    const { current, total, units, hidecounts } = detail ?? {}
    const amount = hidecounts === true ? undefined : amountOf(current, total, units)
    const known = STATUS.get(text.toLowerCase()) ?? ([MOUNTED.test(text) ? 'done' : 'running', text] as const)
    // A load reports no end of a layer.
    const isLoaded = known[1] === 'loading' && amount !== undefined && amount.current === amount.total
    const [state, words] = isLoaded ? LOADED : known
    this.#items.change(item, { state, words, amount })
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) this.#items.output(line, undefined)
  }
}
