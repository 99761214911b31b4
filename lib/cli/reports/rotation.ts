import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { join } from 'node:path'
import type { RotationPhase } from '../../keystore/keystore.ts'
import { formatTarget } from '../../daemon-config/listener-target.ts'
import type { RotationReport, WaitingClient, WaitingServer } from '../../keystore/rotate/rotate.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { wrap } from '../../base/wrap.ts'
import { serverSteps } from './server-steps.ts'
import { printableLines, enumerate } from '../../base/text.ts'
import { shellWord } from '../../base/quoting/posix.ts'

/** The aim of each phase, for a person. */
const ABOUT: Readonly<Record<Exclude<RotationPhase, 'abort'>, string>> = {
  trust: 'clients and daemons trust both CAs',
  server: 'daemons use certificates from the new CA',
  clients: 'clients use certificates from the new CA',
  finish: 'the old CA is dropped',
}

const PHASES = Object.keys(ABOUT) as (keyof typeof ABOUT)[]

/** The phase, and the next steps by hand. */
export async function rotationText(report: RotationReport, dir: string, context: Context): Promise<string> {
  const { outcome, from, to, phase } = report
  const { paint, width } = context
  if (outcome === 'aborted') return `${wrap(`Aborted: ${from.name} stays. ${ABORTED}`, width)}\n`
  if (outcome === 'ended') return `${wrap(`Done: ${to.name} has replaced ${from.name}. ${ENDED}`, width)}\n`
  if (phase === 'abort')
    return `${wrap(`The rotation is being aborted: ${from.name} stays. To finish that:`, width)}\n  ${abortLine(dir, context)}\n`
  const now = PHASES.indexOf(phase)
  const lines = PHASES.map((name, index) => {
    const mark = index < now ? 'done' : index === now ? 'now' : ''
    const row = `  ${mark.padEnd(5)} ${index + 1} ${name.padEnd(8)} ${ABOUT[name]}`
    return index === now ? paint('bold', row) : row
  })
  return [`From ${from.name} to ${to.name}:`, ...lines, '', ...(await todo(report, dir, context)), ''].join('\n')
}

const ABORTED =
  'Machines that received new files still work. Copy the current files, which trust only the old CA, to each daemon first, and then to its clients.'
const ENDED =
  'The ca.pem of clients and docker contexts may still contain both CAs: copy the current files there when convenient. Until then they trust the old CA.'

async function todo(report: RotationReport, dir: string, context: Context): Promise<string[]> {
  const { waiting, phase, looks } = report
  const lists = report.lists ? join(dir, 'ca', 'crl.pem') : undefined
  if (waiting.consent) {
    const heading = context.paint('bold', 'No machine needs the old CA any more. To drop it:')
    return [heading, line(context, dir, phase, '--yes')]
  }
  if (waiting.servers.length + waiting.clients.length === 0) {
    return [context.paint('bold', 'All machines have their files. To continue:'), line(context, dir, phase)]
  }
  const seen = looks
    .filter(({ ok }) => !ok)
    .map(({ target, got }) => wrap(printableLines(`${target} doesn't have its new files yet: ${got}.`), context.width))
  const servers = waiting.servers.map((server) => serverBlock({ ...server, lists }, phase, dir, context))
  const blocks = [
    ...(await Promise.all(servers)),
    ...waiting.clients.map((client) => clientBlock(client, phase, dir, context)),
  ]
  return [...seen.flatMap((text) => [text, '']), ...blocks.flatMap((block) => ['', ...block]).slice(1)]
}

function line({ typed }: Context, dir: string, phase: string, ...flags: readonly string[]): string {
  return `  ${typed([ours('cert', 'rotate-ca', ...folderFlags(dir), '--phase', phase, ...flags)])}`
}

function abortLine(dir: string, { typed }: Context): string {
  return typed([ours('cert', 'rotate-ca', ...folderFlags(dir), '--abort')])
}

async function serverBlock(
  { name, inspectAs, probe, lists }: WaitingServer & { readonly lists: string | undefined },
  phase: string,
  dir: string,
  context: Context,
): Promise<string[]> {
  const [, host] = /^hosts\/(.+)$/.exec(name) ?? []
  const { heading, commands } = await serverSteps({ dir, folder: join(dir, name), host, probe, lists }, context)
  return [
    context.paint('bold', wrap(`${heading.charAt(0).toUpperCase()}${heading.slice(1)}:`, context.width)),
    ...commands.map((command) => `  ${command}`),
    ...(inspectAs === undefined
      ? ['then here:', line(context, dir, phase, '--confirm-server', name)]
      : [
          'then here, to check it:',
          line(context, dir, phase, '--host', formatTarget({ host: inspectAs, port: 2376 })),
          `or, if it can't be reached from here,  --confirm-server ${shellWord(name)}`,
        ]),
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
    : // The file of an earlier phase may still exist.
      [[ours('client', 'export', name, ...folderFlags(dir), '--out', `${name}.tar`, '--force')]]
  return [
    paint('bold', wrap(`For ${name}, whose machine needs its new ${what} (its key doesn't change):`, width)),
    ...steps.map((step) => `  ${typed(step)}`),
    'then here, once it is installed:',
    line(context, dir, phase, '--confirm', name),
  ]
}

/** Warnings about clients that the rotation leaves out, and issuers that it doesn't renew. */
export function rotationWarnings({ outcome, from, left, lost, issuers }: RotationReport, dir: string): Sentence[] {
  if (outcome === 'aborted') return []
  const verb = outcome === 'ended' ? 'were left out' : 'will be left out'
  return [
    ...issuers.map(
      (name) =>
        sentence`The issuer ${name} is of ${from.name}, and its gateway refuses a ca.pem without that CA. Renew it, and apply its folder there with  --issuer  and the files of the phase finish:  ${ours('cert', 'issuer', name, '--renew', ...folderFlags(dir))}`,
    ),
    ...(left.length === 0
      ? []
      : [
          `These clients ${verb}, because their certificates have expired, were revoked, have the key of a revoked one, or are of a CA that was replaced before: ${enumerate(left)}. To let one of them back in, issue a certificate with a new key.`,
        ]),
    ...lost.map(
      ({ name, serial, notAfter }) =>
        `The client ${name} has no folder here, but a certificate until ${notAfter.slice(0, 10)} (serial ${serial}): the daemon refuses it once ${from.name} is dropped.`,
    ),
  ]
}
