import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { issueLeaf, leafAnswer, type LeafFlags } from '../inputs/leaf-command.ts'
import { addDays, addFolder, addJson, addKeyType, addPassphraseFile } from '../command-line/options.ts'

async function runClient(name: string, flags: LeafFlags, context: Context): Promise<void> {
  const result = await issueLeaf(flags, context, (folder, options) => folder.ensureClient(name, options))
  context.answer(leafAnswer(`the client ${name}`, result, flags, context), flags)
}

function define(command: Command, context: Context): void {
  command.argument('<name>', "the client's name: dockerd takes it as the user's")
  addFolder(command)
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace one that is broken or has ended; the old files are kept beside it')
    .option('--renew', 'replace a good one too')
  addJson(command).action((name: string, flags: LeafFlags) => runClient(name, flags, context))
}

export const certClient: CommandSpec = {
  description:
    "Issues a client's certificate, or keeps the one that is there and good. Whoever has it is " +
    'root on the server: give each person and each program one of its own.',
  examples: [
    [sentence`${SELF} cert client alice`, 'for 397 days'],
    [sentence`${SELF} cert client ci-runner --days 30`, 'for a month'],
    [sentence`${SELF} cert client alice --renew`, 'a new one before the old one ends'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  stray: (extra) => sentence`One client at a time:  ${SELF} cert client ${extra}`,
  define,
}
