import { ours, SELF, sentence, type Sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CrlState } from '../../keystore/crl/state.ts'
import type { CommandSpec, Context } from '../command.ts'
import {
  addFolder,
  addJson,
  addListLife,
  addPassphraseFile,
  folderFlags,
  once,
  readListDays,
} from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import {
  COPY_TO_GATEWAYS,
  crlData,
  crlLines,
  crlWarnings,
  deliveryLines,
  keptAsideWarnings,
  writeAgain,
} from '../reports/crl.ts'
import { summaryText } from '../reports/summary.ts'
import { until } from '../reports/time-left.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'

interface CrlFlags extends FolderFlags, PassphraseFlags {
  readonly check?: string
  readonly for?: string
  readonly json?: true
}

async function runCrl(given: CrlFlags, context: Context): Promise<void> {
  const { check, for: life } = given
  if (check !== undefined) return runCheck(check, given, context)
  const { readCrl } = await import('../../keystore/crl/state.ts')
  const { writeCrl } = await import('../../keystore/revoke.ts')
  const days = await readListDays(life)
  const flags = await withFolder(given, context)
  const { dir: folder } = flags
  const action = (await readCrl(folder))?.lists.length ? 'replaced' : 'created'
  const run = (passphrase: string | undefined): Promise<CrlState> =>
    writeCrl({
      folder,
      ...(days !== undefined && { crlDays: days }),
      ...(passphrase !== undefined && { passphrase }),
    })
  const state = await withPassphrase({ folder, flags, run }, context)
  const summary = summaryText({ action, path: state.path, about: [...crlLines(state), COPY_TO_GATEWAYS] }, context)
  const text = [summary, ...deliveryLines(state, folder, context), ''].join('\n')
  context.answer(
    {
      data: { written: true, ...crlData(state) },
      text,
      warnings: [...crlWarnings(state, folder), ...keptAsideWarnings(state)],
    },
    flags,
  )
}

/** Writes nothing, and needs no key. */
async function runCheck(check: string, flags: CrlFlags, context: Context): Promise<void> {
  const { readCrl } = await import('../../keystore/crl/state.ts')
  const { parseDuration } = await import('../../keystore/renew/known.ts')
  const { PkiFolder } = await import('../../keystore/keystore.ts')
  if (flags.for !== undefined)
    throw usageError(sentence`${SELF} cert crl`, "--check and --for can't be combined", 'Give one of them.')
  const within = parseDuration(check, '--check')
  const { dir } = await withFolder(flags, context)
  // A wrong folder has no list either.
  await new PkiFolder(dir).list()
  const state = await readCrl(dir)
  const warnings = state === undefined ? [none(dir)] : [...crlWarnings(state, dir), ...expiring(state, within, dir)]
  const text = state === undefined ? '' : `${[state.path, ...crlLines(state).map((line) => `  ${line}`)].join('\n')}\n`
  const data = { written: false, ...(state && crlData(state)) }
  context.answer({ data, text, warnings, failed: warnings.length > 0 }, flags)
}

function none(dir: string): Sentence {
  return sentence`There is no revocation list. Write one:  ${ours('cert', 'crl', ...folderFlags(dir))}`
}

function expiring(state: CrlState, within: number, dir: string): Sentence[] {
  const { nextUpdate, faults } = state
  if (faults.length > 0 || nextUpdate === undefined || nextUpdate.getTime() - Date.now() > within) return []
  return [sentence`The revocation list is valid ${until(nextUpdate)}. Write it again:  ${writeAgain(state, dir)}`]
}

function define(command: Command, context: Context): void {
  command.option(
    '--check <time>',
    'write nothing; exit code 1 if a list in this folder expires within this time (7d, 12h, 2w), is missing or is wrong; for the copy of a gateway, see  gateway status  there',
    once('--check'),
  )
  addListLife(command, 'until the CA expires')
  addFolder(command)
  addPassphraseFile(command)
  addJson(command).action((flags: CrlFlags) => runCrl(flags, context))
}

export const certCrl: CommandSpec = {
  description:
    'Writes the revocation list ca/crl.pem again: with all revoked certificates that have not expired, or none. It is valid as long ' +
    'as the CA. With  --for  it expires earlier, and a gateway that still has it then refuses every client of the CA. So choose that ' +
    'only if a timer writes the next list and copies it to each gateway;  cert renew  writes it after half of its life, and copies ' +
    'nothing. During a rotation of the CA, the file has a list of each of the two CAs.',
  examples: [
    [sentence`${SELF} cert crl`, 'valid as long as the CA'],
    [sentence`${SELF} cert crl --for 30d`, 'valid for 30 days: for a timer that also copies it to the gateways'],
    [
      sentence`${SELF} cert crl --check 7d`,
      'for monitoring: exit code 1 if the list in this folder expires within 7 days',
    ],
  ],
  json: '{ written, path, number, nextUpdate, lists: [{ ca: { name, fingerprint256 }, number, thisUpdate, nextUpdate, endsWithCa, serials }], faults, keptAside };\nnextUpdate is that of the list that expires first; faults say why a gateway with this file would decide wrongly; keptAside is the new path of a file that could not be read; with --check, path and the rest are missing if there is no list.',
  define,
}
