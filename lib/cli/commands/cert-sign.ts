import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { basename, resolve } from 'node:path'
import type { SignedBefore, SignReport } from '../../keystore/client/sign.ts'
import type { CommandSpec, Context } from '../command.ts'
import { absolutePaths, authoritiesData, certificateData, keptData } from '../reports/data.ts'
import { usageError } from '../errors.ts'
import { inputName, readInput } from '../inputs/input-file.ts'
import { addDays, addFolder, addJson, addPassphraseFile, addYes, once, readDays } from '../command-line/options.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { wrap } from '../../base/wrap.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { oldFiles, summaryText, trustedCas } from '../reports/summary.ts'
import { selfOf } from '../terminal/self.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { shellWord } from '../../base/quoting/posix.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface SignFlags extends PassphraseFlags, FolderFlags, ConfirmFlags {
  readonly out?: string
  readonly name?: string
  readonly fingerprint?: string
  readonly days?: string
  readonly force?: true
  readonly json?: true
}

async function runSign(path: string, flags: SignFlags, context: Context): Promise<void> {
  refuseBoth(flags)
  const request = await readInput(path, context.io, { what: 'the request', names: /\.csr$/i })
  const report = await sign(request, inputName(path), flags, context)
  if (flags.out === '-') {
    context.say(textOf(report, context))
    context.answer({ data: {}, text: report.answer }, {})
    return
  }
  context.answer({ data: dataOf(report), text: `${textOf(report, context)}\n` }, flags)
}

async function sign(request: Buffer, file: string, flags: SignFlags, context: Context): Promise<SignReport> {
  const { findSignedBefore, signRequestInto } = await import('../../keystore/client/sign.ts')
  const { out, name, fingerprint, days, force = false } = flags
  const { dir: folder } = await withFolder(flags, context)
  const options = {
    folder,
    file,
    force,
    fingerprint,
    out: (client: string) => (out === '-' ? undefined : (out ?? `${client}.pem`)),
    ...(name !== undefined && { name }),
    ...(days !== undefined && { days: readDays(days) }),
  }
  const before = await findSignedBefore(request, options)
  if (before !== undefined) await confirm(question(before), flags, context, 'Nothing was signed.')
  const run = (passphrase: string | undefined): Promise<SignReport> =>
    signRequestInto(request, { ...options, ...(passphrase !== undefined && { passphrase }) })
  return withPassphrase({ folder, flags, run }, context)
}

/** Each certificate works until it expires, so a second one is not an update of the first. */
function question({ name, certificate: { validTo } }: SignedBefore): string {
  return (
    `This key of ${name} already has a certificate, ${until(validTo)}. A second one does not replace it: dockerd accepts ` +
    'both until they expire. Sign another?'
  )
}

function refuseBoth({ out, json }: SignFlags): void {
  if (out !== '-' || json !== true) return
  const where = sentence`${SELF} cert sign --out -`
  throw usageError(
    where,
    'the answer and --json both need stdout',
    'Leave one out: --json contains the answer as well.',
  )
}

function dataOf({ action, facts, request, paths, out, answer, authorities, keptAside, notes }: SignReport): object {
  return {
    action,
    name: facts.commonName,
    keyFingerprint256: request.keyFingerprint256,
    leftOut: request.leftOut,
    certificate: certificateData(facts),
    paths: { ...absolutePaths(paths), ...(out !== undefined && { answer: resolve(out) }) },
    answer,
    authorities: authoritiesData(authorities),
    keptAside: keptData(keptAside),
    notes,
  }
}

function textOf(
  { action, facts, request, paths, out, authorities, keptAside, notes }: SignReport,
  context: Context,
): string {
  const { commonName: name = '' } = facts
  const about = [
    `client certificate of ${name}, ${keyName(facts)}, ${until(facts.validTo)}; its key is on its own machine`,
    `its key's SHA-256: ${request.keyFingerprint256}`,
    ...oldFiles(keptAside),
    ...sentencesIn(notes),
  ]
  const trust = trustedCas(authorities)
  const summary = summaryText({ action, path: `${paths.folder}/`, about }, context)
  return [
    summary,
    ...(out === undefined ? [] : [summaryText({ action: 'created', path: out, about: [ANSWER, ...trust] }, context)]),
    '',
    wrap(compare(name), context.width),
    '',
    ...nextSteps(name, out, context),
  ].join('\n')
}

const ANSWER = 'the answer: the certificate and the CA certificate, nothing secret'

function compare(name: string): string {
  return (
    `Before you hand over the answer, compare the key's SHA-256 with the one that client request printed on the machine of ` +
    `${name}: with the answer, the owner of that key can become root on every server of this CA. With --fingerprint, cert ` +
    `sign accepts no other key.`
  )
}

function nextSteps(name: string, out: string | undefined, { io, paint, width }: Context): string[] {
  return [
    paint('bold', wrap(`On the machine of ${name}, with the answer:`, width)),
    `  ${selfOf(io.env)} client install ${shellWord(basename(out ?? `${name}.pem`))}`,
  ]
}

function define(command: Command, context: Context): void {
  command.argument(
    '<file>',
    "the request: the NAME.csr that client request created on the client's machine; - for stdin",
  )
  addFolder(command)
  command
    .option('--name <name>', "the client's name (default: the one in the request)", once('--name'))
    .option(
      '--fingerprint <sha256>',
      'sign only this key, by the SHA-256 that client request printed',
      once('--fingerprint'),
    )
    .option('--out <file>', 'the file for the answer (default: ./NAME.pem); - for stdout', once('--out'))
  addDays(command, 397)
  addPassphraseFile(command)
  command.option(
    '--force',
    'sign a new key even if the client exists with another one or was revoked; the old files are kept beside it',
  )
  addJson(addYes(command)).action((path: string, flags: SignFlags) => runSign(path, flags, context))
}

export const certSign: CommandSpec = {
  description:
    "Signs a client's request; the client's key stays on its own machine. Only the name and the public key are taken from " +
    'the request. Forged requests, and requests for the certificate of a CA or server, are refused. The answer is one file ' +
    'with the certificate and the CA certificate, for client install.\n\n' +
    "It asks before it signs a key again whose certificate isn't due for renewal; without a terminal, confirm with --yes.",
  examples: [
    [sentence`${SELF} cert sign alice.csr`, 'writes alice.pem, valid for 397 days'],
    [
      sentence`${SELF} cert sign alice.csr --fingerprint 4D:7E:...`,
      'only if the key has the SHA-256 that its owner told you',
    ],
    [sentence`${SELF} cert sign alice.csr --days 30`, 'valid for 30 days'],
    [sentence`${SELF} cert sign alice.csr --yes`, 'again, although the first certificate is still valid'],
    [sentence`${SELF} cert sign request.pem --name alice`, 'a request of another tool, under a name that you choose'],
    [
      sentence`ssh laptop cat docker-mtls-alice/alice.csr | ${SELF} cert sign - --out - |\n    ssh laptop ${SELF} client install -`,
      'without a file in between',
    ],
  ],
  json: '{ action, name, keyFingerprint256, leftOut, certificate, paths, answer, authorities, keptAside, notes }; answer is the PEM for client install.',
  stray: (extra) => sentence`Sign one request at a time:  ${SELF} cert sign ${extra}`,
  define,
}
