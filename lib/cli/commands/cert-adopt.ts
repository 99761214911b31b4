import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { Adopted } from '../../keystore/keystore.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, DEFAULT_FOLDER } from '../command-line/options.ts'
import { until } from '../reports/dates.ts'

interface AdoptFlags {
  readonly dir?: string
  readonly dryRun?: true
  readonly json?: true
}

async function runAdopt(flags: AdoptFlags, context: Context): Promise<void> {
  const { adoptCertificates } = await import('../../keystore/keystore.ts')
  const { dir = DEFAULT_FOLDER, dryRun = false } = flags
  const { adopted, refused } = await adoptCertificates(dir, dryRun)
  const data = {
    folder: resolve(dir),
    adopted: adopted.map((one) => ({ ...one, path: resolve(one.path) })),
    refused: refused.map((one) => ({ ...one, path: resolve(one.path) })),
  }
  const warnings = refused.map(({ path, got }) => `${path} was not added to the ledger: ${got}`)
  context.answer({ data, text: textOf(adopted, dryRun), warnings, failed: refused.length > 0 }, flags)
}

function textOf(adopted: Adopted['adopted'], dryRun: boolean): string {
  if (adopted.length === 0) return 'The ledger is complete.\n'
  const verb = dryRun ? 'would adopt' : 'adopted'
  return adopted
    .map(({ kind, name, serial, notAfter, path }) => {
      return `${verb}  ${path}: ${kind} ${name}, serial ${serial}, ${until(new Date(notAfter))}\n`
    })
    .join('')
}

function define(command: Command, context: Context): void {
  addFolder(command)
  command.option('--dry-run', 'show what would be added, and write nothing')
  addJson(command).action((flags: AdoptFlags) => runAdopt(flags, context))
}

export const certAdopt: CommandSpec = {
  description:
    'Adds certificates that are in their folders to the ledger, ca/ledger.jsonl, which lists all issued certificates. Use it ' +
    'after the ledger was lost, for example. It accepts only certificates that a CA in the folder has signed, and changes ' +
    'no certificate.',
  examples: [
    [sentence`${SELF} cert adopt --dry-run`, 'show what would be added'],
    [sentence`${SELF} cert adopt`, 'add them'],
  ],
  json: '{ folder, adopted: [{ kind, name, serial, path, ... }], refused: [{ path, kind, got }] }',
  define,
}
