import { ours, SELF, sentence, type Sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { Adopted } from '../../keystore/keystore.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson } from '../command-line/options.ts'
import { until } from '../reports/time-left.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface AdoptFlags extends FolderFlags {
  readonly dryRun?: true
  readonly acceptChanges?: true
  readonly json?: true
}

async function runAdopt(flags: AdoptFlags, context: Context): Promise<void> {
  const { adoptCertificates } = await import('../../keystore/keystore.ts')
  const { crlPath } = await import('../../keystore/layout.ts')
  const { dir, dryRun = false, acceptChanges = false } = await withFolder(flags, context)
  const { accepted, adopted, refused, revoked, listFault } = await adoptCertificates(dir, { dryRun, acceptChanges })
  const data = {
    folder: resolve(dir),
    accepted,
    adopted: adopted.map((one) => ({ ...one, path: resolve(one.path) })),
    refused: refused.map((one) => ({ ...one, path: resolve(one.path) })),
    revoked,
    ...(listFault !== undefined && { listFault }),
  }
  const warnings = [
    ...refused.map(({ path, got }) => `${path} was not added to the ledger: ${got}`),
    ...(listFault === undefined ? [] : [unreadable(crlPath(dir), listFault, dir)]),
  ]
  const isComplete = accepted.length + adopted.length + revoked.length + warnings.length === 0
  const text = isComplete ? 'The ledger is complete.\n' : textOf({ accepted, adopted, revoked }, dryRun)
  context.answer({ data, text, warnings, failed: warnings.length > 0 }, flags)
}

function unreadable(path: string, fault: string, dir: string): Sentence {
  const again = ours('cert', 'crl', '--dir', dir)
  return sentence`${resolve(path)} can't be read: ${fault}. Copy it again from a gateway before you write a new one with  ${again}`
}

function textOf(
  { accepted, adopted, revoked }: Pick<Adopted, 'accepted' | 'adopted' | 'revoked'>,
  dryRun: boolean,
): string {
  const would = dryRun ? 'would ' : ''
  const [accept, adopt, note] = dryRun ? ['accept', 'adopt', 'note'] : ['accepted', 'adopted', 'noted']
  const lines = [
    ...accepted.map(({ got }) => `${would}${accept}  the ledger, although ${got}`),
    ...adopted.map(({ kind, name, serial, notAfter, path }) => {
      return `${would}${adopt}  ${path}: ${kind} ${name}, serial ${serial}, ${until(new Date(notAfter))}`
    }),
    ...revoked.map(
      ({ kind, name, serial }) =>
        `${would}${note}  that ${kind} ${name}, serial ${serial}, was revoked, as ca/crl.pem says`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function define(command: Command, context: Context): void {
  addFolder(command)
  command
    .option('--dry-run', 'show what would be added, and write nothing')
    .option(
      '--accept-changes',
      'accept the ledger as it is now, although lines were changed or removed; it records when that was accepted',
    )
  addJson(command).action((flags: AdoptFlags) => runAdopt(flags, context))
}

export const certAdopt: CommandSpec = {
  description:
    'Adds certificates that are in their folders to the ledger, ca/ledger.jsonl, which lists all issued certificates. Use it ' +
    'after the ledger was lost, for example. It accepts only certificates that a CA in the folder has signed, and changes ' +
    'no certificate. The ledger also notes again what only the list ca/crl.pem says is revoked.',
  examples: [
    [sentence`${SELF} cert adopt --dry-run`, 'show what would be added'],
    [sentence`${SELF} cert adopt`, 'add them'],
    [sentence`${SELF} cert adopt --accept-changes`, 'after you have corrected the ledger or restored it from a backup'],
  ],
  json: "{ folder, accepted: [{ kind, line, got }], adopted: [{ kind, name, serial, path, ... }], refused: [{ path, kind, got }], revoked: [{ kind, name, serial, revokedAt, ... }], listFault };\nlistFault says why ca/crl.pem can't be read, and is missing otherwise.",
  define,
}
