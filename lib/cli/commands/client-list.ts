import { SELF, sentence } from '../../base/sentence.ts'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { FolderClient } from '../../keystore/client/list.ts'
import type { CommandSpec, Context } from '../command.ts'
import { printable } from '../../base/text.ts'
import { addFolder, addJson } from '../command-line/options.ts'
import { hostInFile } from '../inputs/client-folder.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { STATES } from '../reports/certificate-states.ts'
import { day, daysLeft } from '../reports/dates.ts'
import { columns } from '../terminal/layout.ts'

interface ListFlags extends FolderFlags {
  readonly json?: true
}

/** A client, and the daemon in its `.env`. */
type Listed = FolderClient & { readonly host?: string }

const HEADS = ['NAME', 'EXPIRES', 'DAYS LEFT', 'STATE', 'KEY', 'HOST']

async function runList(flags: ListFlags, context: Context): Promise<void> {
  const { listClients } = await import('../../keystore/client/list.ts')
  const { dir } = await withFolder(flags, context)
  const clients = await Promise.all((await listClients(dir)).map(withHost))
  const data = { folder: resolve(dir), clients: clients.map(dataOf) }
  context.answer({ data, text: textOf(clients, context) }, flags)
}

async function withHost(client: FolderClient): Promise<Listed> {
  const host = await hostInFile(join(client.folder, '.env'))
  return { ...client, ...(host !== undefined && { host }) }
}

function dataOf({ name, folder, key, certificate, host }: Listed): object {
  return {
    name,
    folder: resolve(folder),
    key,
    ...(certificate && {
      certificate: {
        ...certificate,
        ...(certificate.path !== undefined && { path: resolve(certificate.path) }),
        daysLeft: daysLeft(new Date(certificate.notAfter)),
      },
    }),
    ...(host !== undefined && { host }),
  }
}

const KEYS: Readonly<Record<FolderClient['key'], string>> = {
  here: 'here',
  client: 'on its machine',
  missing: 'missing',
}

function textOf(clients: readonly Listed[], { paint, width }: Context): string {
  const rows = clients.map(({ name, key, certificate, host }) => {
    const ends = certificate === undefined ? undefined : new Date(certificate.notAfter)
    const dates = ends === undefined ? ['-', '-'] : [day(ends), String(daysLeft(ends))]
    const state = certificate === undefined ? 'no certificate' : STATES[certificate.state]
    return [name, ...dates, state, KEYS[key], host === undefined ? '-' : printable(host)]
  })
  const [head = '', ...lines] = columns([HEADS, ...rows], width)
  return `${[paint('bold', head), ...lines].join('\n')}\n`
}

function define(command: Command, context: Context): void {
  addFolder(command)
  addJson(command).action((flags: ListFlags) => runList(flags, context))
}

export const clientList: CommandSpec = {
  description:
    'Lists the clients that have a folder beside the CA: when their certificates expire, whether their keys are here or were ' +
    'created on their own machines, and the daemon that their .env names. Clients that were removed have no folder, but their ' +
    'certificates work until they expire:  cert list  shows those as well.',
  examples: [
    [sentence`${SELF} client ls`, 'in ./docker-mtls'],
    [sentence`${SELF} client ls --dir /srv/keys --json`, 'another folder, for a program'],
  ],
  json: '{ folder, clients: [{ name, folder, key, certificate, host }] };\nkey is "here", "client" (on its own machine, and never here) or "missing"; certificate is an entry of  cert list .',
  reads: true,
  define,
}
