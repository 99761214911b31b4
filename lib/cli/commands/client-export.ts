import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { CommandSpec, Context } from '../command.ts'
import { certificateData } from '../reports/data.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJson, once } from '../command-line/options.ts'
import { requireFreeStdout } from '../terminal/free-stdout.ts'
import { askNewSecret, checkLength, readSecretFile } from '../terminal/passphrase.ts'
import { KEY_CARE, summaryText } from '../reports/summary.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface ExportFlags extends FolderFlags {
  readonly out: string
  readonly p12?: true
  readonly p12PassphraseFile?: string
  readonly force?: true
  readonly json?: true
}

async function runExport(name: string, flags: ExportFlags, context: Context): Promise<void> {
  if (flags.p12 === true) return runP12(name, flags, context)
  if (flags.p12PassphraseFile !== undefined) {
    throw usageError('the option --p12-passphrase-file', '--p12 is missing', 'Give both, or none.')
  }
  const { exportClient, packClient } = await import('../../keystore/client/export.ts')
  const { out } = flags
  if (out === '-') refuseTerminal(flags, context)
  const { dir } = await withFolder(flags, context)
  if (out === '-') {
    const { archive, warnings } = await packClient(dir, name)
    context.answer({ data: {}, text: archive, warnings: sentencesIn(warnings) }, {})
    return
  }
  const { client, files, warnings } = await exportClient({ folder: dir, name, out, force: flags.force === true })
  const about = [
    `${files.join(', ')}: client certificate of ${name}, ${keyName(client)}, ${until(client.validTo)}`,
    KEY_CARE,
  ]
  const text = `${summaryText({ action: 'created', path: out, about }, context)}\n`
  const data = { path: resolve(out), files, certificate: certificateData(client), warnings }
  context.answer({ data, text, warnings: sentencesIn(warnings) }, flags)
}

/** Checks the files before anyone has to type a passphrase. */
async function runP12(name: string, flags: ExportFlags, context: Context): Promise<void> {
  const { exportClientP12, packClientP12, readChecked } = await import('../../keystore/client/export.ts')
  const { out, force = false } = flags
  if (out === '-') refuseTerminal(flags, context)
  const { dir: folder } = await withFolder(flags, context)
  await readChecked(folder, name)
  const passphrase = await p12Passphrase(flags, context)
  if (out === '-') {
    const { p12, warnings } = await packClientP12(folder, name, passphrase)
    context.answer({ data: {}, text: p12, warnings: sentencesIn(warnings) }, {})
    return
  }
  const { client, warnings } = await exportClientP12({ folder, name, out, force, passphrase })
  const about = [`PKCS#12: client certificate of ${name}, ${keyName(client)}, ${until(client.validTo)}`, CARE_P12]
  const text = `${summaryText({ action: 'created', path: out, about }, context)}\n`
  const nss = client.key.type === 'ed25519' ? ['Software built on NSS, such as Firefox, accepts no Ed25519 key.'] : []
  const data = {
    path: resolve(out),
    format: 'pkcs12',
    certificate: certificateData(client),
    warnings: [...warnings, ...nss],
  }
  context.answer({ data, text, warnings: [...sentencesIn(warnings), ...nss] }, flags)
}

const CARE_P12 =
  'It contains a private key: send the file and its passphrase over different channels, and delete the file afterwards.'

async function p12Passphrase({ p12PassphraseFile: file }: ExportFlags, context: Context): Promise<string> {
  const secret = {
    what: 'the PKCS#12 file',
    code: 'ERR_PKCS12_PASSPHRASE',
    ways: 'Put it into a file of mode 0600 and name it:  --p12-passphrase-file FILE',
    risk: 'anyone who has the file can try any number of them',
  } as const
  if (file === undefined) return askNewSecret(secret, context)
  const passphrase = await readSecretFile(file, context.warn)
  checkLength(passphrase, secret)
  return passphrase
}

function refuseTerminal(flags: ExportFlags, { io }: Context): void {
  const elsewhere =
    flags.p12 === true ? '--p12 --out - | ssh HOST "cat > NAME.p12"' : '--out - | ssh HOST tar -x -C .docker'
  const todo = sentence`Redirect it:  ${SELF} client export NAME ${elsewhere}`
  requireFreeStdout(flags, io, sentence`${SELF} client export --out -`, todo)
}

function define(command: Command, context: Context): void {
  command.argument('<name>', 'a client in the folder that init created')
  addFolder(command)
  command
    .requiredOption('--out <file>', 'the tar or PKCS#12 file to write; - for stdout', once('--out'))
    .option('--p12', 'write one encrypted PKCS#12 file, for tools that need it')
    .option(
      '--p12-passphrase-file <file>',
      'a file with its passphrase (default: you are asked)',
      once('--p12-passphrase-file'),
    )
    .option('--force', 'replace an existing file')
  addJson(command).action((name: string, flags: ExportFlags) => runExport(name, flags, context))
}

export const clientExport: CommandSpec = {
  description:
    "Packs a client's key.pem, cert.pem and ca.pem, and nothing else, into a tar file that only you can read; with --p12, " +
    'into one encrypted PKCS#12 file. The three files are checked first: files that no daemon would accept are not exported.',
  examples: [
    [
      sentence`${SELF} client export alice --out alice.tar`,
      'on its machine:  mkdir -m 700 -p ~/.docker && tar -xf alice.tar -C ~/.docker',
    ],
    [
      sentence`${SELF} client export alice --out - |\n    ssh alice@laptop 'mkdir -m 700 -p .docker && tar -x -C .docker'`,
      'without a file in between',
    ],
    [
      sentence`${SELF} client export alice --p12 --out alice.p12`,
      'for a browser, Java or the Windows certificate store',
    ],
  ],
  json: '{ path, files, certificate, warnings }; with --p12, format instead of files.',
  define,
}
