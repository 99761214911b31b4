import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { issueLeaf, leafAnswer, type LeafFlags } from '../inputs/leaf-command.ts'
import { addDays, addFolder, addJson, addKeyType, addPassphraseFile, once } from '../command-line/options.ts'

interface ServerFlags extends LeafFlags {
  readonly host?: string
}

async function runServer(names: readonly string[], flags: ServerFlags, context: Context): Promise<void> {
  const { host } = flags
  const result = await issueLeaf(flags, context, async (folder, options) => {
    if (host !== undefined) return folder.ensureServer(names, { ...options, host })
    const { refuseOtherServer } = await import('../../keystore/keystore.ts')
    await refuseOtherServer(folder.path, names)
    return folder.ensureServer(names, options)
  })
  context.answer(leafAnswer("the server's certificate", result, flags, context), flags)
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the names and addresses that clients reach the server by')
  addFolder(command)
  command.option(
    '--host <host>',
    'of several servers: the one in the folder hosts/HOST, as setup makes them (default: the one in server)',
    once('--host'),
  )
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace one with other names, or one that is broken; the old files are kept beside it')
    .option('--renew', 'replace a good one too')
  addJson(command).action((names: string[], flags: ServerFlags) => runServer(names, flags, context))
}

export const certServer: CommandSpec = {
  description:
    "Issues the server's certificate, or keeps the one that is there and good. The kind of each " +
    'name is inferred (DNS, *.DNS, IPv4, IPv6); localhost, 127.0.0.1 and ::1 are added.',
  examples: [
    [sentence`${SELF} cert server build01.example.com 10.0.0.4`, 'for both names'],
    [sentence`${SELF} cert server build01.example.com 10.0.0.5 --force`, 'its address has changed'],
    [sentence`${SELF} cert server web.example.com 10.0.0.6 --host web.example.com`, 'a second server, in hosts/'],
    [sentence`${SELF} cert server build01.example.com 10.0.0.4 --renew`, 'a new one before the old one ends'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  define,
}
