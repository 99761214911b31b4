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
  context.answer(leafAnswer('server certificate', result, flags, context), flags)
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the names and addresses that clients connect to')
  addFolder(command)
  command.option(
    '--host <host>',
    'with several servers: the one in the folder hosts/HOST, as setup creates them (default: the one in server)',
    once('--host'),
  )
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace a certificate that has other names or is broken; the old files are kept beside it')
    .option('--renew', 'replace a valid certificate as well')
  addJson(command).action((names: string[], flags: ServerFlags) => runServer(names, flags, context))
}

export const certServer: CommandSpec = {
  description:
    'Issues a server certificate, or keeps the existing one while it is valid. docker-mtls recognizes the kind of each ' +
    'name (DNS, *.DNS, IPv4, IPv6), and adds localhost, 127.0.0.1 and ::1.',
  examples: [
    [sentence`${SELF} cert server build01.example.com 10.0.0.4`, 'for a name and an address'],
    [sentence`${SELF} cert server build01.example.com 10.0.0.5 --force`, 'its address has changed'],
    [sentence`${SELF} cert server web.example.com 10.0.0.6 --host web.example.com`, 'a second server, in hosts/'],
    [sentence`${SELF} cert server build01.example.com 10.0.0.4 --renew`, 'a new one before the old one expires'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  define,
}
