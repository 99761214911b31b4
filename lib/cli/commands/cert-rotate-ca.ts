import { renderSentence, SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { RotateOptions, RotationReport } from '../../keystore/rotate/rotate.ts'
import type { RotationPhase } from '../../keystore/keystore.ts'
import { enumerate } from '../../base/text.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { usageError } from '../errors.ts'
import {
  addFolder,
  addJsonLines,
  addKeyType,
  addPassphraseFile,
  addProbe,
  addYes,
  certificateOptions,
  choice,
  many,
  once,
  type CertificateFlags,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { withProgress } from '../terminal/progress.ts'
import { canAsk } from '../terminal/prompt.ts'
import { rotationText, rotationWarnings } from '../reports/rotation.ts'
import { staleContextWarnings } from '../reports/stale-contexts.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface RotateFlags extends PassphraseFlags, ConfirmFlags, CertificateFlags, FolderFlags {
  readonly status?: true
  readonly abort?: true
  readonly confirm?: readonly string[]
  readonly confirmServer?: readonly string[]
  readonly host?: readonly string[]
  readonly phase?: string
  readonly probe?: true
  readonly name?: string
  readonly json?: true
}

async function runRotate(given: RotateFlags, context: Context): Promise<void> {
  const { rotateAuthority } = await import('../../keystore/rotate/rotate.ts')
  refuseMixture(given)
  const flags = await withFolder(given, context)
  const { dir } = flags
  const options = await optionsOf(flags, context)
  const run = (passphrase: string | undefined): Promise<RotationReport> =>
    withProgress(context, flags, (onStep) =>
      rotateAuthority({ ...options, onStep, ...(passphrase !== undefined && { passphrase }) }),
    )
  const report = await withPassphrase({ folder: dir, flags, run }, context)
  // A bare run asks for the consent; a run that confirms something only shows the next step.
  if (report.waiting.consent && isBare(flags)) await confirm(question(report.from.name), flags, context, UNCHANGED)
  const warnings = [...rotationWarnings(report, dir), ...(await staleContextWarnings(dir, context))]
  const data = { ...report, warnings: warnings.map((warning) => renderSentence(warning)) }
  // The phase after it can't be complete yet.
  const failed = flags.phase === report.phase && report.looks.some(({ ok }) => !ok)
  context.answer({ data, text: await rotationText(report, dir, context), warnings, failed }, flags)
}

/** Does the command line only ask to continue? */
function isBare({ status, confirm: names = [], confirmServer: servers = [], host = [] }: RotateFlags): boolean {
  return status !== true && names.length + servers.length + host.length === 0
}

function question(name: string): string {
  return `Drop the CA ${name}, so that clients that only have certificates of this CA are refused, by dockerd after its next restart, and by a gateway as soon as it has its new files?`
}

const UNCHANGED = 'The old CA is still trusted, and the rotation stays in its phase.'

async function optionsOf(flags: RotateFlags & { readonly dir: string }, context: Context): Promise<RotateOptions> {
  const { dir, status, abort, phase, name, yes } = flags
  const canConsent = yes === true || canAsk(context.io)
  return {
    folder: dir,
    action: status === true ? 'status' : abort === true ? 'abort' : 'go',
    confirm: flags.confirm ?? [],
    confirmServer: flags.confirmServer ?? [],
    hosts: flags.host ?? [],
    probe: flags.probe === true,
    signal: context.io.signal,
    ...(phase !== undefined && { phase }),
    next: {
      ...(name !== undefined && { commonName: name }),
      ...(await certificateOptions(flags)),
    },
    ...(canConsent && { consent: (drop: string) => confirm(question(drop), flags, context, UNCHANGED) }),
  }
}

/** Options of a run that continues, which --status and --abort exclude. */
const CONTINUING = ['confirm', 'confirmServer', 'host', 'phase', 'probe', 'name', 'keyType', 'days'] as const

function refuseMixture(flags: RotateFlags): void {
  const { status, abort } = flags
  if (status !== true && abort !== true) return
  const first = status === true ? 'status' : 'abort'
  const other = [...(status === true ? (['abort'] as const) : []), ...CONTINUING].find(
    (name) => flags[name] !== undefined,
  )
  if (other === undefined) return
  const got = `--${first} and ${flagOf(other)} can't be combined`
  throw usageError(sentence`${SELF} cert rotate-ca`, got, 'Give one of them.')
}

/** As it is typed. */
function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

const PHASES: readonly RotationPhase[] = ['trust', 'server', 'clients', 'finish']

function define(command: Command, context: Context): void {
  addFolder(command)
  command
    .option('--status', 'show the phase and which machines it waits for; change nothing')
    .option(
      '--confirm <client>',
      "note that this client has its new file, which can't be checked from here; repeatable",
      many('--confirm'),
    )
    .option(
      '--host <host>',
      'connect to the daemon at this host, and check that it has its new files; repeatable',
      many('--host'),
    )
    .option(
      '--confirm-server <server>',
      "note that a server has its new files if it can't be reached from here, by its folder: server, or hosts/HOST; repeatable",
      many('--confirm-server'),
    )
    .addOption(
      choice(
        '--phase <phase>',
        `continue only if this is the current phase (${enumerate(PHASES, 'or')}), so that an outdated command does nothing`,
        PHASES,
      ),
    )
    .option('--abort', 'return to the old CA; possible until a daemon was seen with a certificate from the new one')
  addProbe(command)
  command.option(
    '--name <name>',
    "the new CA's common name (default: docker-mtls CA and the id of its key)",
    once('--name'),
  )
  addKeyType(command)
  command.option('--days <days>', 'how many days the new CA is valid (default: 3650)', once('--days'))
  addPassphraseFile(command)
  addYes(command)
  addJsonLines(command).action((flags: RotateFlags) => runRotate(flags, context))
}

export const certRotateCa: CommandSpec = {
  description: sentence`Replaces the CA without locking anybody out, in four phases:

  1 trust    clients and daemon get a ca.pem with the old and the new CA
  2 server   the daemon gets a certificate issued by the new CA
  3 clients  the clients get certificates issued by the new CA
  4 finish   the old CA is dropped, and its clients are refused

Each run creates the files of a phase and lists the machines that need them. Once all of them have theirs, the next run starts the next phase. The first run starts the rotation. You can stop it at any point; the next run continues. Servers and clients keep their keys. If somebody else may have seen the old CA key, don't rotate; replace the CA at once:  ${SELF} cert ca --replace-ca`,
  examples: [
    [sentence`${SELF} cert rotate-ca`, 'start or continue; shows the next steps'],
    [sentence`${SELF} cert rotate-ca --status`, 'show the phase, and which machines it waits for'],
    [
      sentence`${SELF} cert rotate-ca --phase trust --confirm alice --confirm ci`,
      'these two clients have their new ca.pem',
    ],
    [
      sentence`${SELF} cert rotate-ca --phase server --host build01.example.com`,
      'check that this daemon has its new certificate',
    ],
    [
      sentence`${SELF} cert rotate-ca --phase clients --yes`,
      'all clients have their new certificates: drop the old CA',
    ],
    [sentence`${SELF} cert rotate-ca --abort`, 'return to the old CA'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", folder, outcome ("under way", "ended", "aborted"), begun, phase, startedAt, from, to, confirmed, waiting: { clients: [{ name, keyElsewhere }], servers: [{ name, names, inspectAs, probe }], consent }, looks: [{ target, server, ok, got }], left, issuers, lists, lost, warnings }',
  jsonLines: true,
  define,
}
