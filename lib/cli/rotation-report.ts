import { join } from 'node:path'
import { commandLine } from '../pki/folder-layout.ts'
import type { RotationPhase } from '../pki/rotation-state.ts'
import type { RotationReport, WaitingClient, WaitingServer } from '../provision/rotate/report.ts'
import type { Context } from './command.ts'
import { wrap } from './output.ts'
import { asTyped } from './self.ts'
import { list, shellWord } from './words.ts'

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
  const now = PHASES.indexOf(phase as keyof typeof ABOUT)
  const lines = PHASES.map((name, index) => {
    const mark = index < now ? 'done' : index === now ? 'now' : ''
    const row = `  ${mark.padEnd(5)} ${index + 1} ${name.padEnd(8)} ${ABOUT[name]}`
    return index === now ? paint('bold', row) : row
  })
  return [`From ${from.name} to ${to.name}:`, ...lines, '', ...todo(report, dir, context), ''].join('\n')
}

const ABORTED =
  'A daemon or a client that was given files meanwhile goes on working with them; give them the files that are there now when it suits.'
const ENDED =
  'In the ca.pem of clients there may still be both; give each the files that are there now when it suits: the old authority is trusted there until then.'

function todo(report: RotationReport, dir: string, context: Context): string[] {
  const { waiting, phase, looks } = report
  const seen = looks.filter(({ ok }) => !ok).map(({ target, got }) => `  ${target} is not there yet: ${got}`)
  const blocks = [
    ...waiting.servers.flatMap((server) => serverBlock(server, phase, dir, context)),
    ...seen,
    ...waiting.clients.flatMap((client) => clientBlock(client, phase, dir, context)),
  ]
  if (waiting.consent)
    return [
      context.paint('bold', 'Nobody needs the old authority any more. To drop it:'),
      line(context, dir, phase, '--yes'),
    ]
  if (waiting.clients.length + waiting.servers.length === 0)
    return ['Nothing is waited for:', line(context, dir, phase)]
  return blocks
}

function line({ io }: Context, dir: string, phase: string, ...flags: readonly string[]): string {
  return `  ${asTyped(commandLine('cert', 'rotate-ca', '--dir', dir, '--phase', phase, ...flags), io.env)}`
}

function serverBlock({ name, names }: WaitingServer, phase: string, dir: string, context: Context): string[] {
  const host = names.find((one) => !one.startsWith('*')) ?? 'SERVER'
  const target = `tcp://${host.includes(':') ? `[${host}]` : host}:2376`
  const copy = name.replace(/^.*\//, '')
  return [
    context.paint('bold', `The server: bring it ${shellWord(join(dir, name))}, and there, as root:`),
    `  ${asTyped(commandLine('daemon', 'apply', '--from', copy), context.io.env)}`,
    `Then here, to see that it has it (where it can not be seen from here: --confirm-server ${shellWord(name)}):`,
    line(context, dir, phase, '--host', target),
  ]
}

function clientBlock({ name, keyElsewhere }: WaitingClient, phase: string, dir: string, context: Context): string[] {
  const { io, paint } = context
  const what = phase === 'trust' ? 'its new ca.pem' : 'its new cert.pem'
  const folder = join(dir, 'clients', name)
  const steps = keyElsewhere
    ? [
        `cat ${shellWord(join(folder, 'cert.pem'))} ${shellWord(join(folder, 'ca.pem'))} > ${name}.pem`,
        `docker-mtls client install ${name}.pem    # on its machine`,
      ]
    : [commandLine('client', 'export', name, '--dir', dir, '--out', `${name}.tar`)]
  return [
    paint('bold', `The client ${name}: bring it ${what}; its key stays as it is:`),
    ...steps.map((step) => `  ${asTyped(step, io.env)}`),
    'Then here:',
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
      : [`${list(left)} ${verb} along: the certificates have ended, or are of an authority that was replaced before.`]),
    ...lost.map(
      ({ name, serial, notAfter }) =>
        `The client ${name} has no folder here, but a certificate until ${notAfter.slice(0, 10)} (serial ${serial}): the daemon refuses it once ${from.name} is dropped.`,
    ),
  ]
}
