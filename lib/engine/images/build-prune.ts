import { serves } from '../newer.ts'
import { BUILD_PRUNE, BUILD_PRUNE_1_47 } from './operations.ts'
import type { BuildPruneOptions } from './options.ts'
import type { Send } from '../send.ts'
import type { BuildPruneResponse } from './types/build-cache.ts'

/** Implements {@link Images.buildPrune}. */
export async function buildPrune(send: Send, options: BuildPruneOptions): Promise<BuildPruneResponse> {
  const operation = serves(send.version, '1.48') ? BUILD_PRUNE : BUILD_PRUNE_1_47
  return send.json(operation, { options: withPresence(options) })
}

/**
 * Some filters of BuildKit have no value (moby, builder/builder-next: toBuildkitPruneInfo), and `true` would match
 * nothing. So `true` becomes an empty list. All other values are checked later.
 */
function withPresence(options: BuildPruneOptions): object {
  const pairs = Object.entries(options?.filters ?? {})
  if (!pairs.some(([, value]) => value === true)) return options
  return { ...options, filters: Object.fromEntries(pairs.map(([key, value]) => [key, value === true ? [] : value])) }
}
