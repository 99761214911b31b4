import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { Revoked } from '../../keystore/revocation.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { revocationData, revocationText } from '../reports/revocation.ts'

interface RevokeFlags extends FolderFlags {
  readonly host?: string
  readonly json?: true
}

async function runRevoke(name: string | undefined, flags: RevokeFlags, context: Context): Promise<void> {
  const revoked = revokedOf(name, flags)
  const { findRevocation } = await import('../../keystore/revocation.ts')
  const { dir } = await withFolder(flags, context)
  const found = await findRevocation(dir, revoked)
  const text = revocationText(found, dir, context)
  // Nothing is revoked, so the command hasn't done what its name says.
  context.answer({ data: revocationData(found, dir), text, failed: true }, flags)
}

function revokedOf(name: string | undefined, { host }: RevokeFlags): Revoked {
  if (name !== undefined && host === undefined) return { kind: 'client', name }
  if (name === undefined && host !== undefined) return { kind: 'server', called: host }
  const got = name === undefined ? 'nothing is named' : 'a client and a server are named'
  throw usageError(sentence`${SELF} cert revoke`, got, 'Name a client, or a server with  --host HOST .')
}

function define(command: Command, context: Context): void {
  command
    .argument('[name]', 'the client')
    .option(
      '--host <host>',
      'the server instead, by its folder here (server, hosts/HOST) or one of its names',
      once('--host'),
    )
  addFolder(command)
  addJson(command).action((name: string | undefined, flags: RevokeFlags) => runRevoke(name, flags, context))
}

export const certRevoke: CommandSpec = {
  description:
    'Shows what ends the access of a certificate before it expires. It changes nothing: dockerd checks neither revocation lists ' +
    '(CRL) nor OCSP, so a certificate works until it expires, or until no daemon trusts the CA that issued it. Only a new CA ends ' +
    'it sooner. The command shows the certificates that still work, the servers that accept them, and the commands for a new CA. ' +
    'Its exit code is 1, because nothing was revoked.',
  examples: [
    [sentence`${SELF} cert revoke alice`, 'a client left, or its key was stolen'],
    [sentence`${SELF} cert revoke --host build01.example.com`, "somebody may have the server's key"],
  ],
  json: '{ revoked: false, reason, kind, name, certificates, acceptedBy: [{ name, host }], authorities: [{ name, fingerprint256 }], ways: [{ speed, effect, commands }] };\nspeed is "at once" or "in phases"; a certificate is an entry of  cert list .',
  stray: (extra) => sentence`Name one client at a time:  ${SELF} cert revoke ${extra}`,
  define,
}
