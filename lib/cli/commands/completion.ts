import type { Command } from 'commander'
import { readIfThere } from '../../base/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { CommandSpec, Context } from '../command.ts'
import { renderBash } from '../completion/bash.ts'
import { renderFish } from '../completion/fish.ts'
import { renderPowerShell } from '../completion/powershell.ts'
import { fileURLToPath } from 'node:url'
import { knownCommands, type KnownCommand } from '../completion/tree.ts'
import { renderZsh } from '../completion/zsh.ts'
import { addJson, notAmong } from '../command-line/options.ts'

const RENDERERS: Readonly<Record<string, (commands: readonly KnownCommand[]) => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
  powershell: renderPowerShell,
}
const SHELLS: readonly string[] = Object.keys(RENDERERS)

function readShell(value: string): string {
  if (SHELLS.includes(value)) return value
  throw notAmong('the argument shell', value, SHELLS)
}

function define(command: Command, context: Context): void {
  const shell = command.createArgument('<shell>', enumerate(SHELLS, 'or')).choices(SHELLS).argParser(readShell)
  addJson(command.addArgument(shell)).action(async (name: string, flags: { readonly json?: true }) => {
    const commands = (await commandsOfBuild()) ?? knownCommands(command.parent ?? command)
    context.answer({ data: { commands }, text: RENDERERS[name]?.(commands) ?? '' }, flags)
  })
}

/** The build writes them, because loading all commands takes longer than everything else. The sources have no such file. */
async function commandsOfBuild(): Promise<readonly KnownCommand[] | undefined> {
  const text = await readIfThere(fileURLToPath(new URL('known-commands.json', import.meta.url)))
  return text === undefined ? undefined : (JSON.parse(text) as { commands: readonly KnownCommand[] }).commands
}

export const completion: CommandSpec = {
  description:
    'Prints a script for your shell. It completes commands, options, their values, files, the clients in the folder with keys ' +
    'and certificates, and docker contexts, for docker-mtls and for npx docker-mtls. Completing starts neither Node nor a ' +
    'connection. After an update of docker-mtls, save the script again.',
  examples: [
    [sentence`${SELF} completion bash > ~/.docker-mtls.bash`, 'bash; add  source ~/.docker-mtls.bash  to ~/.bashrc'],
    [sentence`${SELF} completion zsh > ~/.docker-mtls.zsh`, 'zsh; add  source ~/.docker-mtls.zsh  to ~/.zshrc'],
    [sentence`${SELF} completion fish > ~/.config/fish/conf.d/docker-mtls.fish`, 'fish'],
    [
      sentence`${SELF} completion powershell > docker-mtls.ps1`,
      'PowerShell; add  . PATH/docker-mtls.ps1  to the file $PROFILE',
    ],
  ],
  needsAllCommands: async () => (await commandsOfBuild()) === undefined,
  json: '{ commands: [{ words, commands: [{ name, summary }], options, operands }] }, the same for every shell',
  define,
}
