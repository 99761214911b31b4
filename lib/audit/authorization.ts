import type { Snapshot } from './snapshot/snapshot.ts'

/**
 * The authorization plugins that daemon.json or a flag names; undefined if that isn't known. `GET /info` names those with which
 * dockerd has started: it says nothing of plugins that a reload has put in or taken out since.
 */
export function configuredPlugins({ host }: Pick<Snapshot, 'host'>): readonly string[] | undefined {
  if (host === null || 'unknown' in host || 'unknown' in host.value.settings) return undefined
  const plugins = host.value.settings.value['authorization-plugins']
  return plugins === null ? [] : plugins
}
