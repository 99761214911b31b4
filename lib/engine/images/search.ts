import { HUB } from '../../registry/reference.ts'
import type { Send } from '../send.ts'
import { SEARCH } from './operations.ts'
import type { ImageSearchOptions } from './options.ts'
import { explainUnreachable } from './registry-refusal.ts'
import type { ImageSearchItem } from './types/images.ts'

/** Implements {@link Images.search}. */
export async function search(
  send: Send,
  term: string,
  options: ImageSearchOptions,
): Promise<readonly ImageSearchItem[]> {
  try {
    return await send.json(SEARCH, { names: { term }, options })
  } catch (error) {
    throw explainUnreachable(error, registryIn(term))
  }
}

/** A term may begin with a registry (moby, registry/search.go, splitReposSearchTerm). */
function registryIn(term: unknown): string {
  const [, first = ''] = typeof term === 'string' ? (/^([^/]+)\//.exec(term) ?? []) : []
  return first === 'localhost' || /[.:]/.test(first) ? first : HUB
}
