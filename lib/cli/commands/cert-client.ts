import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { issueLeaf, leafAnswer, type LeafFlags } from '../inputs/leaf-command.ts'
import { addDays, addFolder, addJson, addKeyType, addPassphraseFile } from '../command-line/options.ts'

async function runClient(name: string, flags: LeafFlags, context: Context): Promise<void> {
  const result = await issueLeaf(flags, context, (folder, options) => folder.ensureClient(name, options))
  context.answer(leafAnswer(`client certificate of ${name}`, result, flags, context), flags)
}

function define(command: Command, context: Context): void {
  command.argument('<name>', "the client's name, which dockerd uses as the user name")
  addFolder(command)
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace a broken or expired certificate; the old files are kept beside it')
    .option('--renew', 'replace a valid certificate as well')
  addJson(command).action((name: string, flags: LeafFlags) => runClient(name, flags, context))
}

export const certClient: CommandSpec = {
  description:
    'Issues a client certificate, or keeps the existing one while it is valid. Anyone who has it with its key is root on ' +
    'the server: give each person and each program their own.',
  examples: [
    [sentence`${SELF} cert client alice`, 'valid for 397 days'],
    [sentence`${SELF} cert client ci-runner --days 30`, 'valid for 30 days'],
    [sentence`${SELF} cert client alice --renew`, 'a new one before the old one expires'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  stray: (extra) => sentence`Name one client at a time:  ${SELF} cert client ${extra}`,
  define,
}
