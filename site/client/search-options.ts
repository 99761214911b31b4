import type { Options } from 'minisearch'

/** What the search finds: a section of a page. */
export interface Section {
  /** From the root of the site. */
  readonly url: string
  /** The title of the page, for a section below it. */
  readonly page: string
  readonly heading: string
  readonly text: string
  readonly excerpt: string
}

/** `fooBar`, `ERR_CLIENT_CERT` and `--key-type` are found by their parts as well as whole. */
export function wordsOf(text: string): string[] {
  const whole = text.split(/[^\p{L}\p{N}_.-]+/u).map((word) => word.replaceAll(/^[-.]+|[-.]+$/g, ''))
  const parts = whole.flatMap((word) => word.split(/[_.-]|(?<=\p{Ll})(?=\p{Lu})/u))
  return [...new Set([...whole, ...parts])].filter((word) => word.length > 1)
}

/** Build and browser need the same: the index doesn't hold them. */
export const SEARCH_OPTIONS: Options<Section> = {
  idField: 'url',
  fields: ['heading', 'page', 'text'],
  storeFields: ['page', 'heading', 'excerpt'],
  tokenize: wordsOf,
  searchOptions: {
    boost: { heading: 4, page: 2 },
    prefix: true,
    fuzzy: (word) => (word.length > 5 ? 0.2 : false),
    combineWith: 'AND',
    // What was changed once, and what developers need, is asked for least.
    boostDocument: (url) => (/^(CHANGELOG|CONTRIBUTING)/.test(String(url)) ? 0.2 : 1),
  },
}
