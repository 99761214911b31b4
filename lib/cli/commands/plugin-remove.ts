import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { addJson } from '../command-line/options.ts'
import { addPluginFolder, pluginFolder } from '../plugin/place.ts'

interface RemoveFlags {
  readonly dir?: string
  readonly json?: true
}

async function runRemove(flags: RemoveFlags, context: Context): Promise<void> {
  const { removePlugin } = await import('../plugin/plugin-file.ts')
  const result = await removePlugin(pluginFolder(flags.dir, context.io.env))
  const text = result.removed ? `removed ${result.path}\n` : `There is no ${result.path}.\n`
  context.answer({ data: result, text }, flags)
}

function define(command: Command, context: Context): void {
  addJson(addPluginFolder(command)).action((flags: RemoveFlags) => runRemove(flags, context))
}

export const pluginRemove: CommandSpec = {
  description: sentence`Removes the file that  ${SELF} plugin install  created, and no other.`,
  examples: [[sentence`${SELF} plugin remove`, 'from your own plugin folder']],
  json: '{ path, removed }',
  stray: (extra) => sentence`Name the folder with an option:  ${SELF} plugin remove --dir ${extra}`,
  define,
}
