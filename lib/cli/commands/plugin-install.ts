import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { PluginInstalled } from '../plugin/plugin-file.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson } from '../command-line/options.ts'
import { summaryText } from '../reports/summary.ts'
import { addPluginFolder, pluginFolder } from '../plugin/place.ts'

interface InstallFlags {
  readonly dir?: string
  readonly force?: true
  readonly json?: true
}

async function runInstall(flags: InstallFlags, context: Context): Promise<void> {
  const { installPlugin } = await import('../plugin/plugin-file.ts')
  const place = { folder: pluginFolder(flags.dir, context.io.env), makeFolder: flags.dir === undefined }
  const program = { node: process.execPath, script: process.argv[1] ?? '' }
  const installed = await installPlugin(place, program, flags.force === true)
  context.answer({ data: installed, text: installedText(installed, context) }, flags)
}

function installedText({ action, path, program: { node, script } }: PluginInstalled, context: Context): string {
  const about = [`runs ${script}`, `by ${node}`, 'try it: docker mtls ping']
  return `${summaryText({ action, path, about }, context)}\n`
}

function define(command: Command, context: Context): void {
  addPluginFolder(command).option(
    '--force',
    'replace a file that docker-mtls did not write; install even from the npx cache',
  )
  addJson(command).action((flags: InstallFlags) => runInstall(flags, context))
}

export const pluginInstall: CommandSpec = {
  description:
    'Installs docker-mtls as a plugin of the docker command:  docker mtls ping  then runs  docker-mtls ping , and so on for ' +
    'every command. Options before mtls, as in  docker --context build01 mtls ping , keep their meaning. It writes one ' +
    'small file into the plugin folder, which runs docker-mtls from where it is installed now.',
  examples: [
    [sentence`${SELF} plugin install`, 'for yourself'],
    [
      sentence`${SELF} plugin install --dir /usr/local/lib/docker/cli-plugins`,
      'for all users of this machine, as root',
    ],
  ],
  json: '{ path, action, program: { node, script } }',
  stray: (extra) => sentence`Name the folder with an option:  ${SELF} plugin install --dir ${extra}`,
  define,
}
