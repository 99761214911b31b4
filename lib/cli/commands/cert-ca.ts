import {
  type CommandPart,
  ours,
  renderSentence,
  SELF,
  type Sentence,
  sentence,
  sentencesIn,
} from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { FolderAuthorityResult } from '../../keystore/keystore.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { issuedData } from '../reports/data.ts'
import {
  addDays,
  addFolder,
  addJson,
  addKeyType,
  addPassphraseFile,
  addYes,
  certificateOptions,
  once,
  keyTypeWarnings,
  type CertificateFlags,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { shellWord } from '../../base/quoting/posix.ts'
import { agreeToNewCa } from '../inputs/new-ca.ts'
import { withFolder, type FolderFlags, type Placed } from '../inputs/key-folder.ts'

interface CaFlags extends PassphraseFlags, ConfirmFlags, CertificateFlags, FolderFlags {
  readonly name?: string
  readonly encrypt?: true
  readonly replaceCa?: true
  readonly json?: true
}

type PlacedFlags = CaFlags & Placed

async function makeAuthority(flags: PlacedFlags, context: Context): Promise<FolderAuthorityResult> {
  const { PkiFolder } = await import('../../keystore/keystore.ts')
  const { checkCaOptions } = await import('../../pki/ca.ts')
  const { dir, name, encrypt = false, replaceCa: replace = false } = flags
  const folder = new PkiFolder(dir)
  const options = { ...(name !== undefined && { commonName: name }), ...(await certificateOptions(flags)) }
  const run = (passphrase: string | undefined): Promise<FolderAuthorityResult> => {
    const all = { ...options, ...(passphrase !== undefined && { passphrase }) }
    return replace ? folder.replaceAuthority(all) : folder.ensureAuthority(all)
  }
  checkCaOptions(options)
  await agree(flags, context)
  await agreeToNewCa(['cert', 'ca'], flags, context)
  return withPassphrase({ folder: dir, flags, encrypt, replace, run }, context)
}

/**
 * Asks before a CA is replaced.
 *
 * @throws {@link PkiError} ERR_ROTATION_UNDERWAY
 */
async function agree(flags: PlacedFlags, context: Context): Promise<void> {
  if (flags.replaceCa !== true) return
  const { dir } = flags
  const { caPaths } = await import('../../keystore/layout.ts')
  const { readIfThere } = await import('../../base/files.ts')
  const { refuseRotation } = await import('../../keystore/keystore.ts')
  await refuseRotation(dir, `replacing the CA in ${dir}`)
  const { folder, cert, key } = caPaths(dir)
  const old = [await readIfThere(cert), await readIfThere(key)]
  if (old.every((text) => text === undefined)) return
  const question = `Replace the CA in ${folder}, so that the daemon refuses all certificates of the old CA as soon as it has the new one?`
  await confirm(question, flags, context)
}

/** The commands that put the old files back, if there were any. */
function undoText(keptAside: readonly string[]): string {
  const lines = keptAside.map((old) => `  mv ${shellWord(old)} ${shellWord(old.replace(/\.pem\.[^/\\]*$/, '.pem'))}\n`)
  return lines.length === 0 ? '' : `\nTo undo this, as long as the new CA has issued nothing:\n${lines.join('')}`
}

async function runCa(given: CaFlags, context: Context): Promise<void> {
  const flags = await withFolder(given, context)
  const result = await makeAuthority(flags, context)
  const { action, paths, facts, keptAside, notes } = result
  const about = `the CA ${facts.commonName ?? facts.subject}, ${keyName(facts)}, ${until(facts.validTo)}`
  const text = summaryText(
    { action, path: `${paths.folder}/`, about: [about, ...oldFiles(keptAside), ...sentencesIn(notes)] },
    context,
  )
  const replaced = action === 'replaced'
  const reissue = replaced ? await reissues(flags.dir) : []
  const warnings = [...(replaced ? [RENEW_ALL] : []), ...keyTypeWarnings(flags.keyType)]
  const steps =
    reissue.length === 0
      ? ''
      : `\nIssue these again, and copy them to their machines:\n${reissue.map(({ text: line }) => `  ${context.typed(line)}\n`).join('')}`
  const data = {
    ...issuedData(result),
    ...(replaced && { reissue: reissue.map(({ line }) => renderSentence([line])) }),
  }
  context.answer({ data, text: `${text}\n${steps}${replaced ? undoText(keptAside) : ''}`, warnings }, flags)
}

interface Reissue {
  readonly line: CommandPart
  /** The line, and the command for its request. */
  readonly text: Sentence
}

/** The commands for all servers and clients in the folder. */
async function reissues(dir: string): Promise<Reissue[]> {
  const { PkiFolder } = await import('../../keystore/keystore.ts')
  const { reissueLine } = await import('../reports/reissue.ts')
  const listed = await new PkiFolder(dir).list()
  const placed = listed.filter(({ kind, path }) => kind !== 'ca' && path !== undefined)
  const hasHosts = placed.some(({ host }) => host !== undefined)
  const lines = placed.map((one): [string, Reissue] => {
    const line =
      one.kind === 'server' && hasHosts ? ours('cert', 'renew', '--server', '--dir', dir) : reissueLine(one, dir)
    const request = sentence`${line}    # first, on its machine:  ${ours('client', 'request', one.name)}`
    return [renderSentence([line]), { line, text: one.keyHeld === 'client' ? request : [line] }]
  })
  // One command renews all servers.
  return [...new Map(lines).values()]
}

const RENEW_ALL =
  'The new CA did not issue the existing certificates: issue them again, and copy the new ca.pem to every machine.'

function define(command: Command, context: Context): void {
  addFolder(command)
  command.option(
    '--name <name>',
    'the common name of a new CA (default: docker-mtls CA and the id of its key)',
    once('--name'),
  )
  addKeyType(command)
  addDays(command, 3650)
  addPassphraseFile(command)
  command
    .option('--encrypt', 'encrypt the key of a new CA with a passphrase')
    .option(
      '--replace-ca',
      'create a new CA at once; as soon as the daemon has it, it refuses all certificates of the old CA. The old files are kept, and the output shows how to undo it',
    )
  addYes(command)
  addJson(command).action((flags: CaFlags) => runCa(flags, context))
}

export const certCa: CommandSpec = {
  description:
    'Creates the CA that signs all certificates, or keeps the existing one: only --replace-ca replaces a key. Only this ' +
    'machine needs the CA key.',
  examples: [
    [sentence`${SELF} cert ca`, 'in ./docker-mtls, valid for ten years'],
    [sentence`${SELF} cert ca --encrypt`, 'with its key encrypted; asks for a passphrase'],
    [
      sentence`${SELF} cert ca --replace-ca`,
      'if somebody else may have seen its key; otherwise  cert rotate-ca  locks nobody out',
    ],
  ],
  json: '{ action, paths, certificate, keptAside, notes };\nwith --replace-ca also reissue, the commands that issue all certificates again.',
  define,
}
