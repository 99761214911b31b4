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
  const warnings = refused.map(({ path, got }) => `${path} stays out of the ledger: ${got}`)
  context.answer({ data, text: textOf(adopted, dryRun), warnings, failed: refused.length > 0 }, flags)
}

function textOf(adopted: Adopted['adopted'], dryRun: boolean): string {
  if (adopted.length === 0) return 'The ledger has all that it can have.\n'
  const verb = dryRun ? 'would adopt' : 'adopted'
  return adopted
    .map(({ kind, name, serial, notAfter, path }) => {
      return `${verb}  ${path}: the ${kind} ${name}, serial ${serial}, ${until(new Date(notAfter))}\n`
    })
    .join('')
}

function define(command: Command, context: Context): void {
  addFolder(command)
  command.option('--dry-run', 'say what would be written, and write nothing')
  addJson(command).action((flags: AdoptFlags) => runAdopt(flags, context))
}

export const certAdopt: CommandSpec = {
  description:
    'Writes certificates that are in their places and not in the ledger into it, as after a ledger ' +
    'was lost. Only what an authority in the folder has signed; no certificate is changed.',
  examples: [
    [sentence`${SELF} cert adopt --dry-run`, 'what would that be?'],
    [sentence`${SELF} cert adopt`, 'write it down'],
  ],
  json: '{ folder, adopted: [{ kind, name, serial, path, ... }], refused: [{ path, kind, got }] }',
  define,
}
