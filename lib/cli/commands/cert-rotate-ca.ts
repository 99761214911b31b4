import type { Command } from 'commander'
import type { RotateOptions } from '../../provision/rotate/options.ts'
import type { RotationReport } from '../../provision/rotate/report.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../confirm.ts'
import { usageError } from '../errors.ts'
import {
  addFolder,
  addJsonLines,
  addKeyType,
  addPassphraseFile,
  addYes,
  DEFAULT_FOLDER,
  many,
  once,
  readDays,
} from '../options.ts'
import { withPassphrase, type PassphraseFlags } from '../passphrase.ts'
import { withProgress } from '../progress.ts'
import { canAsk } from '../prompt.ts'
import { rotationText, rotationWarnings } from '../rotation-report.ts'

interface RotateFlags extends PassphraseFlags, ConfirmFlags {
  readonly dir?: string
  readonly status?: true
  readonly abort?: true
  readonly confirm?: readonly string[]
  readonly confirmServer?: readonly string[]
  readonly host?: readonly string[]
  readonly phase?: string
  readonly name?: string
  readonly keyType?: string
  readonly days?: string
  readonly json?: true
}

async function runRotate(flags: RotateFlags, context: Context): Promise<void> {
  const { rotateAuthority } = await import('../../provision/rotate/rotate.ts')
  const { dir = DEFAULT_FOLDER } = flags
  refuseMixture(flags)
  const options = await optionsOf(flags, context)
  const run = (passphrase: string | undefined): Promise<RotationReport> =>
    withProgress(context, flags, (onStep) =>
      rotateAuthority({ ...options, onStep, ...(passphrase !== undefined && { passphrase }) }),
    )
  const report = await withPassphrase({ folder: dir, flags, run }, context)
  // Who asked for this alone is told why it wasn't done; who confirmed something is told what follows.
  if (report.waiting.consent && isBare(flags)) await confirm(question(report.from.name), flags, context, UNCHANGED)
  const warnings = rotationWarnings(report)
  context.answer({ data: { ...report, warnings }, text: rotationText(report, dir, context), warnings }, flags)
}

/** Does it ask for nothing but to go on? */
function isBare({ status, confirm: names = [], confirmServer: servers = [], host = [] }: RotateFlags): boolean {
  return status !== true && names.length + servers.length + host.length === 0
}

function question(name: string): string {
  return `Drop the authority ${name}, so that after the daemon's next restart whoever has only its certificates is refused?`
}

const UNCHANGED = 'The old authority is trusted as before; everything else stays as far as it has come.'

async function optionsOf(flags: RotateFlags, context: Context): Promise<RotateOptions> {
  const { parseKeyType } = await import('../../pki/index.ts')
  const { dir = DEFAULT_FOLDER, status, abort, phase, name, keyType, days, yes } = flags
  const isAsked = yes === true || canAsk(context.io)
  return {
    folder: dir,
    action: status === true ? 'status' : abort === true ? 'abort' : 'go',
    confirm: flags.confirm ?? [],
    confirmServer: flags.confirmServer ?? [],
    hosts: flags.host ?? [],
    signal: context.io.signal,
    ...(phase !== undefined && { phase }),
    next: {
      ...(name !== undefined && { commonName: name }),
      ...(keyType !== undefined && { keyType: parseKeyType(keyType) }),
      ...(days !== undefined && { days: readDays(days) }),
    },
    ...(isAsked && { consent: (drop: string) => confirm(question(drop), flags, context, UNCHANGED) }),
  }
}

function refuseMixture(flags: RotateFlags): void {
  const { status, abort, confirm: names = [], confirmServer: servers = [], host = [], phase } = flags
  const first = status === true ? '--status' : '--abort'
  if (status !== true && abort !== true) return
  const others = [
    ...(status === true && abort === true ? ['--abort'] : []),
    ...(names.length > 0 ? ['--confirm'] : []),
    ...(servers.length > 0 ? ['--confirm-server'] : []),
    ...(host.length > 0 ? ['--host'] : []),
    ...(phase === undefined ? [] : ['--phase']),
  ]
  if (others.length === 0) return
  throw usageError('docker-mtls cert rotate-ca', `${first} and ${others[0]} exclude each other`, 'Give one of them.')
}

function define(command: Command, context: Context): void {
  addFolder(command)
  command
    .option('--status', 'say how far it is, and change nothing')
    .option('--confirm <client>', 'this client has what it was to get; any number of times', many('--confirm'))
    .option(
      '--host <host>',
      'look at the daemon, whether it has what it was to get; any number of times',
      many('--host'),
    )
    .option(
      '--confirm-server <server>',
      'the daemon of this folder (server, hosts/HOST) has it, and was restarted; for one that can not be looked at',
      many('--confirm-server'),
    )
    .option('--phase <phase>', 'only if it is in this phase: trust, server, clients or finish', once('--phase'))
    .option('--abort', 'go back to the old authority, while no daemon shows a certificate of the new one')
    .option('--name <name>', "the new one's common name (default: docker-mtls CA and its key's id)", once('--name'))
  addKeyType(command)
  command.option('--days <days>', 'how long the new one holds (default: 3650)', once('--days'))
  addPassphraseFile(command)
  addYes(command)
  addJsonLines(command).action((flags: RotateFlags) => runRotate(flags, context))
}

export const certRotateCa: CommandSpec = {
  description:
    'Replaces the authority without a moment at which a client that is up to date is refused. In four phases: all trust ' +
    'the old and the new one; the daemon shows a certificate of the new one; the clients do; the old one is dropped. ' +
    'Keys of servers and clients stay as they are. Each run does what can be done, says what it waits for, and may be ' +
    'stopped at any point; the next one goes on. The first one begins.',
  examples: [
    ['docker-mtls cert rotate-ca', 'begin, or go on; it says what is to be done next'],
    ['docker-mtls cert rotate-ca --status', 'how far is it, and who is waited for?'],
    ['docker-mtls cert rotate-ca --phase trust --confirm alice --confirm ci', 'these clients have their new ca.pem'],
    [
      'docker-mtls cert rotate-ca --phase server --host build01.example.com',
      'look whether the daemon has its new files',
    ],
    ['docker-mtls cert rotate-ca --abort', 'not today'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", folder, outcome ("under way", "ended", "aborted"), begun, phase, startedAt, from, to, confirmed, waiting: { clients: [{ name, keyElsewhere }], servers: [{ name, names }], consent }, looks: [{ target, server, ok, got }], left, lost, warnings }',
  jsonLines: true,
  define,
}
