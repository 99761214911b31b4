import { ours, sentence } from '../../base/sentence.ts'
import { join } from 'node:path'
import type { RotationPhase } from '../../keystore/keystore.ts'
import { formatTarget } from '../../daemon-config/listener-target.ts'
import type { RotationReport, WaitingClient, WaitingServer } from '../../keystore/rotate/rotate.ts'
import type { Context } from '../command.ts'
import { DEFAULT_FOLDER } from '../command-line/options.ts'
import { wrap } from '../terminal/layout.ts'
import { serverSteps } from './server-steps.ts'
import { printableLines, enumerate } from '../../base/text.ts'
import { shellWord } from '../../base/shell-quote.ts'

/** What each phase is about, for a person. */
const ABOUT: Readonly<Record<Exclude<RotationPhase, 'abort'>, string>> = {
  trust: 'clients and daemon trust both authorities',
  server: 'the daemon shows a certificate of the new one',
  clients: 'clients show certificates of the new one',
  finish: 'the old one is dropped',
}

const PHASES = Object.keys(ABOUT) as (keyof typeof ABOUT)[]

/** How far it is, and what is to be done by hand. */
export function rotationText(report: RotationReport, dir: string, context: Context): string {
  const { outcome, from, to, phase } = report
  const { paint, width } = context
  if (outcome === 'aborted') return `${wrap(`Stopped: ${from.name} stays. ${ABORTED}`, width)}\n`
  if (outcome === 'ended') return `${wrap(`Done: ${to.name} has taken the place of ${from.name}. ${ENDED}`, width)}\n`
  if (phase === 'abort')
    return `${wrap(`It is being stopped: ${from.name} stays. To end that:`, width)}\n  ${abortLine(dir, context)}\n`
  const now = PHASES.indexOf(phase)
  const lines = PHASES.map((name, index) => {
    const mark = index < now ? 'done' : index === now ? 'now' : ''
    const row = `  ${mark.padEnd(5)} ${index + 1} ${name.padEnd(8)} ${ABOUT[name]}`
    return index === now ? paint('bold', row) : row
  })
  return [`From ${from.name} to ${to.name}:`, ...lines, '', ...todo(report, dir, context), ''].join('\n')
}

const ABORTED =
  'Who was given files meanwhile goes on working with them. Give those that are there now to each daemon first, and then to its clients: they trust the old authority alone.'
const ENDED =
  'In the ca.pem of clients, and in docker contexts, there may still be both: give each the files that are there now when it suits. Until then the old authority is trusted there.'

function todo(report: RotationReport, dir: string, context: Context): string[] {
  const { waiting, phase, looks } = report
  if (waiting.consent) {
    const heading = context.paint('bold', 'Nobody needs the old authority any more. To drop it:')
    return [heading, line(context, dir, phase, '--yes')]
  }
  if (waiting.servers.length + waiting.clients.length === 0) {
    return [context.paint('bold', 'Nothing is waited for. To go on:'), line(context, dir, phase)]
  }
  const seen = looks
    .filter(({ ok }) => !ok)
    .map(({ target, got }) => wrap(printableLines(`${target} is not as it should be: ${got}.`), context.width))
  const blocks = [
    ...waiting.servers.map((server) => serverBlock(server, phase, dir, context)),
    ...waiting.clients.map((client) => clientBlock(client, phase, dir, context)),
  ]
  return [...seen.flatMap((text) => [text, '']), ...blocks.flatMap((block) => ['', ...block]).slice(1)]
}

function line({ typed }: Context, dir: string, phase: string, ...flags: readonly string[]): string {
  return `  ${typed([ours('cert', 'rotate-ca', ...dirFlags(dir), '--phase', phase, ...flags)])}`
}

function abortLine(dir: string, { typed }: Context): string {
  return typed([ours('cert', 'rotate-ca', ...dirFlags(dir), '--abort')])
}

/** The usual folder is not named. */
function dirFlags(dir: string): string[] {
  return dir === DEFAULT_FOLDER ? [] : ['--dir', dir]
}

function serverBlock({ name, names, probe }: WaitingServer, phase: string, dir: string, context: Context): string[] {
  const address = names.find((one) => !one.startsWith('*')) ?? 'SERVER'
  const target = formatTarget({ host: address, port: 2376 })
  const [, host] = /^hosts\/(.+)$/.exec(name) ?? []
  const { heading, commands } = serverSteps({ dir, folder: join(dir, name), host, probe }, context)
  return [
    context.paint('bold', wrap(`${heading.charAt(0).toUpperCase()}${heading.slice(1)}:`, context.width)),
    ...commands.map((command) => `  ${command}`),
    'and then here, to see that it has it:',
    line(context, dir, phase, '--host', target),
    `or, where it can not be seen from here,  --confirm-server ${shellWord(name)}`,
  ]
}

function clientBlock({ name, keyElsewhere }: WaitingClient, phase: string, dir: string, context: Context): string[] {
  const { typed, paint, width } = context
  const what = phase === 'trust' ? 'ca.pem' : 'cert.pem'
  const folder = join(dir, 'clients', name)
  const steps = keyElsewhere
    ? [
        `cat ${shellWord(join(folder, 'cert.pem'))} ${shellWord(join(folder, 'ca.pem'))} > ${name}.pem`,
        sentence`${ours('client', 'install', `${name}.pem`)}    # on its machine`,
      ]
    : // The file of an earlier phase may be there still.
      [[ours('client', 'export', name, ...dirFlags(dir), '--out', `${name}.tar`, '--force')]]
  return [
    paint('bold', wrap(`For ${name}, whose machine needs its new ${what} (the key stays as it is):`, width)),
    ...steps.map((step) => `  ${typed(step)}`),
    'and here, when it is there:',
    line(context, dir, phase, '--confirm', name),
  ]
}

/** What should be known besides. */
export function rotationWarnings({ outcome, from, left, lost }: RotationReport): string[] {
  if (outcome === 'aborted') return []
  const verb = outcome === 'ended' ? 'did not come' : 'will not come'
  return [
    ...(left.length === 0
      ? []
      : [
          `${enumerate(left)} ${verb} along: the certificates have ended, or are of an authority that was replaced before.`,
        ]),
    ...lost.map(
      ({ name, serial, notAfter }) =>
        `The client ${name} has no folder here, but a certificate until ${notAfter.slice(0, 10)} (serial ${serial}): the daemon refuses it once ${from.name} is dropped.`,
    ),
  ]
}
