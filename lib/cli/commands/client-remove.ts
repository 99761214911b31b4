import { ours, SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { Command } from 'commander'
import type { KnownCertificate } from '../../keystore/renew/known.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, addYes, folderFlags } from '../command-line/options.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { day } from '../reports/dates.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'

interface RemoveFlags extends FolderFlags, ConfirmFlags {
  readonly json?: true
}

/** A client, and the end of the last of its certificates that daemons still accept and nobody has revoked. */
interface Removed {
  readonly name: string
  readonly validUntil?: Date
}

async function runRemove(given: readonly string[], flags: RemoveFlags, context: Context): Promise<void> {
  const { checkRemoval, removeClients } = await import('../../keystore/client/remove.ts')
  const { findValid } = await import('../../keystore/revocation.ts')
  const { dir } = await withFolder(flags, context)
  const names = [...new Set(given)]
  await checkRemoval(dir, names)
  const { valid } = await findValid(dir)
  const unrevoked = valid.filter(({ revoked }) => revoked === undefined)
  const removed = names.map((name) => removedOf(name, unrevoked))
  await confirm(question(removed), flags, context, 'Nothing was removed.')
  await removeClients(dir, names)
  const warnings = removed.flatMap((one) => warningOf(one, dir))
  const data = {
    removed: removed.map(({ name, validUntil }) => ({ name, ...(validUntil && { validUntil }) })),
    warnings: warnings.map(context.typed),
  }
  context.answer({ data, text: `${names.join('\n')}\n`, warnings }, flags)
}

function removedOf(called: string, valid: readonly KnownCertificate[]): Removed {
  const ends = valid.flatMap(({ kind, name, notAfter }) =>
    kind === 'client' && name === called ? [Date.parse(notAfter)] : [],
  )
  return { name: called, ...(ends.length > 0 && { validUntil: new Date(Math.max(...ends)) }) }
}

function question(removed: readonly Removed[]): string {
  const names = enumerate(removed.map(({ name }) => name))
  const ends = removed.flatMap(({ validUntil }) => validUntil ?? [])
  const last = new Date(Math.max(...ends.map(Number)))
  const still = ends.length === 0 ? '' : ` This ends no access: dockerd accepts the certificates until ${day(last)}.`
  return `Remove ${names}, with certificates and keys?${still === '' ? '' : `${still} Continue?`}`
}

/** Whoever removes a client usually wants to end its access, which this doesn't. */
function warningOf({ name, validUntil }: Removed, dir: string): Sentence[] {
  if (validUntil === undefined) return []
  const revoke = ours('cert', 'revoke', name, ...folderFlags(dir))
  return [
    sentence`${name} still has access: every server of this CA accepts its certificate until ${day(validUntil)}, wherever a copy of it and its key is. To revoke it:  ${revoke}`,
  ]
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the clients to remove')
  addFolder(command)
  addJson(addYes(command)).action((names: string[], flags: RemoveFlags) => runRemove(names, flags, context))
}

export const clientRemove: CommandSpec = {
  description:
    "Removes clients' files, with their keys, from the folder beside the CA: all that you name, or none. It asks first; without " +
    "a terminal, confirm with --yes. It ends nobody's access: dockerd accepts the certificates until they expire, and  cert " +
    "list  shows them as removed. To end access, use  cert revoke .  cert renew  and  cert rotate-ca  don't issue them again.",
  examples: [
    [sentence`${SELF} client rm alice`, 'ask, then remove it'],
    [sentence`${SELF} client rm alice ci-runner --yes`, 'in a script'],
    [sentence`${SELF} cert revoke alice`, 'end its access at gateways, before or afterwards'],
  ],
  json: '{ removed: [{ name, validUntil }], warnings };\nvalidUntil is missing if no certificate of the client is valid any more, or all were revoked.',
  define,
}
