import { parseRequested, type RequestedSettings } from './requested-settings.ts'
import { settingsOfInit } from './settings-in-force.ts'

/**
 * The flags with which `daemon render` renders the requested settings, for a host on which no apply is possible.
 *
 * @param override - the drop-in that `init` rendered
 * @throws {@link DaemonError} as `parseRequested` and `settingsOfInit` do
 */
export function renderFlags(requested: RequestedSettings & { readonly override?: string | undefined }): string[] {
  const settings = { ...settingsOfInit(requested.override), ...parseRequested(requested) }
  const { listen: [listener] = [], tlsDir, usernsRemap } = settings
  return [
    ...(listener === undefined ? [] : ['--listen', listener.slice('tcp://'.length)]),
    ...(tlsDir === undefined ? [] : ['--tlsdir', tlsDir]),
    ...remapFlags(usernsRemap),
  ]
}

function remapFlags(usernsRemap: string | false | undefined): string[] {
  if (usernsRemap === undefined) return []
  return [usernsRemap === false ? '--no-userns-remap' : `--userns-remap=${usernsRemap}`]
}
