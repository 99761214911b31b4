import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { issueLeaf, leafAnswer, type LeafFlags } from '../leaf-command.ts'
import { addDays, addFolder, addJson, addKeyType, addPassphraseFile } from '../options.ts'

async function runServer(names: readonly string[], flags: LeafFlags, context: Context): Promise<void> {
  const result = await issueLeaf(flags, context, (folder, options) => folder.ensureServer(names, options))
  context.answer(leafAnswer("the server's certificate", result, flags, context), flags)
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the names and addresses that clients reach the server by')
  addFolder(command)
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace one with other names, or one that is broken; the old files are kept beside it')
    .option('--renew', 'replace a good one too')
  addJson(command).action((names: string[], flags: LeafFlags) => runServer(names, flags, context))
}

export const certServer: CommandSpec = {
  description:
    "Issues the server's certificate, or keeps the one that is there and good. The kind of each " +
    'name is inferred (DNS, *.DNS, IPv4, IPv6); localhost, 127.0.0.1 and ::1 are added.',
  examples: [
    ['docker-mtls cert server build01.example.com 10.0.0.4', 'for both names'],
    ['docker-mtls cert server build01.example.com 10.0.0.5 --force', 'its address has changed'],
    ['docker-mtls cert server build01.example.com 10.0.0.4 --renew', 'a new one before the old one ends'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  define,
}
