import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { CommandSpec, Context } from '../command.ts'
import { certificateData } from '../reports/data.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJson, DEFAULT_FOLDER, once } from '../command-line/options.ts'
import { askNewSecret, checkLength, readSecretFile } from '../terminal/passphrase.ts'
import { pieceText } from '../reports/certificate.ts'
import { keyWords, until } from '../reports/dates.ts'

interface ExportFlags {
  readonly dir?: string
  readonly out: string
  readonly p12?: true
  readonly p12PassphraseFile?: string
  readonly force?: true
  readonly json?: true
}

async function runExport(name: string, flags: ExportFlags, context: Context): Promise<void> {
  if (flags.p12 === true) return runP12(name, flags, context)
  if (flags.p12PassphraseFile !== undefined) {
    throw usageError('the option --p12-passphrase-file', 'there is no --p12 beside it', 'Give both, or none.')
  }
  const { exportClient, packClient } = await import('../../keystore/client/export.ts')
  const { dir = DEFAULT_FOLDER, out } = flags
  if (out === '-') {
    refuseTerminal(flags, context)
    const { archive, warnings } = await packClient(dir, name)
    context.answer({ data: {}, text: archive, warnings }, {})
    return
  }
  const { client, files, warnings } = await exportClient({ folder: dir, name, out, force: flags.force === true })
  const about = [`${files.join(', ')}: the client ${name}, ${keyWords(client)}, ${until(client.validTo)}`, CARE]
  const text = `${pieceText({ action: 'created', path: out, about }, context)}\n`
  context.answer(
    { data: { path: resolve(out), files, certificate: certificateData(client), warnings }, text, warnings },
    flags,
  )
}

/** Whether it can be packed at all is known before anyone has to type anything. */
async function runP12(name: string, flags: ExportFlags, context: Context): Promise<void> {
  const { exportClientP12, packClientP12, readChecked } = await import('../../keystore/client/export.ts')
  const { dir: folder = DEFAULT_FOLDER, out, force = false } = flags
  if (out === '-') refuseTerminal(flags, context)
  await readChecked(folder, name)
  const passphrase = await p12Passphrase(flags, context)
  if (out === '-') {
    const { p12, warnings } = await packClientP12(folder, name, passphrase)
    context.answer({ data: {}, text: p12, warnings }, {})
    return
  }
  const { client, warnings } = await exportClientP12({ folder, name, out, force, passphrase })
  const about = [`PKCS#12: the client ${name}, ${keyWords(client)}, ${until(client.validTo)}`, CARE_P12]
  const text = `${pieceText({ action: 'created', path: out, about }, context)}\n`
  const nss = client.key.type === 'ed25519' ? ['What is built on NSS, such as Firefox, takes no Ed25519 key.'] : []
  const all = [...warnings, ...nss]
  const data = { path: resolve(out), format: 'pkcs12', certificate: certificateData(client), warnings: all }
  context.answer({ data, text, warnings: all }, flags)
}

const CARE_P12 = 'There is a key in it: send it and its passphrase on two ways, and delete it afterwards.'

async function p12Passphrase({ p12PassphraseFile: file }: ExportFlags, context: Context): Promise<string> {
  const secret = {
    what: 'the PKCS#12 file',
    code: 'ERR_PKCS12_PASSPHRASE',
    ways: 'Put it into a file of mode 0600 and name that:  --p12-passphrase-file FILE',
    risk: 'who has the file can try any number of them',
  } as const
  if (file === undefined) return askNewSecret(secret, context)
  const passphrase = await readSecretFile(file, context.say)
  checkLength(passphrase, secret)
  return passphrase
}

const CARE = 'There is a key in it: send it on a way that nobody else reads, and delete it afterwards.'

function refuseTerminal({ json, p12 }: ExportFlags, { io }: Context): void {
  const where = sentence`${SELF} client export --out -`
  const elsewhere = p12 === true ? '--p12 --out - | ssh HOST "cat > NAME.p12"' : '--out - | ssh HOST tar -x -C .docker'
  const todo = sentence`Lead it elsewhere:  ${SELF} client export NAME ${elsewhere}`
  if (json === true) throw usageError(where, 'stdout has the file, and no room for --json', todo)
  if (io.stdout.isTTY === true) throw usageError(where, 'stdout is a terminal', todo)
}

function define(command: Command, context: Context): void {
  command.argument('<name>', 'a client in the folder that init made')
  addFolder(command)
  command
    .requiredOption('--out <file>', 'the tar file, or the PKCS#12 file; - for stdout', once('--out'))
    .option('--p12', 'one PKCS#12 file, encrypted, for tools that want it')
    .option(
      '--p12-passphrase-file <file>',
      'a file with its passphrase; else you are asked',
      once('--p12-passphrase-file'),
    )
    .option('--force', 'replace a file of that name')
  addJson(command).action((name: string, flags: ExportFlags) => runExport(name, flags, context))
}

export const clientExport: CommandSpec = {
  description:
    'Packs key.pem, cert.pem and ca.pem of a client, and nothing else, into a tar file that only ' +
    'you can read; with --p12 into one encrypted PKCS#12 file. The three are checked before: what no ' +
    'daemon would take is not handed out.',
  examples: [
    [
      sentence`${SELF} client export alice --out alice.tar`,
      'there: mkdir -m 700 -p ~/.docker && tar -xf alice.tar -C ~/.docker',
    ],
    [
      sentence`${SELF} client export alice --out - |\n    ssh alice@laptop 'mkdir -m 700 -p .docker && tar -x -C .docker'`,
      'without a file in between',
    ],
    [sentence`${SELF} client export alice --p12 --out alice.p12`, 'for a browser, Java or a Windows store'],
  ],
  json: '{ path, files, certificate, warnings }; with --p12 format in place of files.',
  define,
}
