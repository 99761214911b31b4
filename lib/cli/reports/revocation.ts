import { resolve } from 'node:path'
import { formatDate } from '../../base/dates.ts'
import { ours, renderSentence, sentence, type CommandPart, type Sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { IssuedGranted } from '../../keystore/granted.ts'
import type { KnownCertificate } from '../../keystore/renew/known.ts'
import type { CrlState } from '../../keystore/crl/state.ts'
import type { Revocation, RevokeReport } from '../../keystore/revoke.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { COPY_TO_GATEWAYS, crlData, deliveryLines } from './crl.ts'
import { daysLeft } from './dates.ts'
import { until, untilOf } from './time-left.ts'

const REASON = 'dockerd checks neither revocation lists (CRL) nor OCSP'

/** How a certificate loses its access. */
interface Way {
  readonly speed: 'at once' | 'in phases'
  /** A sentence without a full stop. */
  readonly effect: string
  readonly commands: readonly CommandPart[]
}

/** What else there is to say about a revocation. */
export interface Beside {
  /** The folder. */
  readonly dir: string
  /** The words of the commands that set its hosts up again. */
  readonly setups: readonly (readonly string[])[]
  /** Certificates of grants for the same name, which stay in force. */
  readonly grants: readonly IssuedGranted[]
  /** Other clients with a valid certificate for the same key. */
  readonly sameKey: readonly string[]
}

/** The ways that work for it; the first one is the fastest. */
function waysOf(found: Revocation, { dir, setups }: Pick<Beside, 'dir' | 'setups'>): Way[] {
  const { kind, name, isInPlace, hasCaKey, phase } = found
  const flags = folderFlags(dir)
  const remove = kind === 'client' && isInPlace ? [ours('client', 'rm', name, ...flags)] : []
  const rotate = ours('cert', 'rotate-ca', ...flags)
  const now = atOnce(remove, setups, flags)
  if (phase !== undefined && kind === 'client') {
    const effect = `A rotation of the CA is in progress (phase ${phase}). When it has ended, no daemon accepts the certificate`
    return [{ speed: 'in phases', effect, commands: [...remove, rotate] }]
  }
  if (phase !== undefined) {
    const effect = `A rotation of the CA is in progress (phase ${phase}), which keeps the keys of servers. Finish it or abort it first, then replace the CA`
    return [{ ...now, effect, commands: [rotate, ...now.commands] }]
  }
  // A rotation keeps the keys of servers.
  if (kind === 'server' || !hasCaKey) return [now]
  const effect =
    'Nobody else is locked out. The certificate works until the last phase has ended, which may be days later'
  return [now, { speed: 'in phases', effect, commands: [...remove, rotate] }]
}

function atOnce(remove: readonly CommandPart[], setups: Beside['setups'], flags: readonly string[]): Way {
  return {
    speed: 'at once',
    effect:
      'All clients lose access until they get new files. A server refuses the certificate as soon as its dockerd has restarted with the new CA',
    commands: [
      ...remove,
      ours('cert', 'ca', '--replace-ca', ...flags),
      ours('cert', 'renew', '--server', ...flags),
      ...setups.map((words) => ours(...words, ...flags)),
    ],
  }
}

/** An explanation: nothing was revoked. */
export function revocationData(found: Revocation, beside: Beside): object {
  return { revoked: false, because: REASON, ...aboutData(found, found.certificates, beside) }
}

/** The certificates of a client were revoked, now or before. */
export function revokedData(report: RevokeReport, beside: Beside): object {
  const { revocable, revokedNow, crl } = report
  return {
    revoked: revocable.length > 0,
    changed: revokedNow.length > 0 || report.isListWritten,
    ...aboutData(report, revocable, beside),
    ...(crl && { crl: crlData(crl) }),
  }
}

function aboutData(found: Revocation, certificates: readonly KnownCertificate[], beside: Beside): object {
  const { dir, grants, sameKey } = beside
  const { kind, name, servers, authorities } = found
  return {
    kind,
    name,
    certificates: certificates.map((one) => ({
      ...one,
      ...(one.path !== undefined && { path: resolve(one.path) }),
      daysLeft: daysLeft(new Date(one.notAfter)),
    })),
    grants: grants.map(({ commonName, fingerprint256, validTo }) => {
      const command = renderSentence([endGrant(name, dir)])
      return { commonName, fingerprint256, until: validTo.toISOString(), command }
    }),
    sameKey: sameKey.map((other) => ({ name: other, command: renderSentence([revokeToo(other, dir)]) })),
    acceptedBy:
      kind === 'server' ? [] : servers.map((one) => ({ name: one.name, ...(one.host && { host: one.host }) })),
    authorities: authorities.map((one) => ({ name: one.name, fingerprint256: one.fingerprint256 })),
    ways: waysOf(found, beside).map((way) => ({
      ...way,
      commands: way.commands.map((line) => renderSentence([line])),
    })),
  }
}

export function revocationText(found: Revocation, beside: Beside, context: Context): string {
  const { paint, width } = context
  const { kind, name, certificates } = found
  const paragraph = (text: string, indent = ''): string => wrap(printableLines(text), width, indent)
  const head = paint('yellow', paragraph(`Nothing was revoked: ${REASON}.`))
  if (whoseOf(found) === 'issuer') return `${head}\n\n${paragraph(OF_ISSUER)}\n`
  const kept = keptText(found, beside, context)
  if (certificates.length === 0) return [head, '', paragraph(nothingValid(found)), ...kept, ''].join('\n')
  return [
    head,
    '',
    paragraph(`${kind === 'client' ? 'The client' : 'The server'} ${name} can still use:`),
    ...certificates.map((one) => paragraph(`  ${certificateText(one)}`, '    ')),
    paragraph(whoAccepts(found)),
    ...kept,
    '',
    ...sooner(found, beside, context),
    '',
  ].join('\n')
}

/** Only gateways accept an issuer, and they read lists. */
const OF_ISSUER =
  'It is an issuer. Daemons accept neither it nor the certificates that it has renewed, and gateways read lists.'

/** Whose certificates are revoked. */
export function whoseOf({ kind, revocable }: Revocation): 'client' | 'server' | 'issuer' {
  return revocable.some((one) => one.kind === 'issuer') ? 'issuer' : kind
}

/** The ways that end the access at daemons themselves. */
function sooner(found: Revocation, beside: Beside, context: Context): string[] {
  return [
    'Only a new CA ends that sooner.',
    ...waysOf(found, beside).flatMap((way) => ['', ...wayText(way, context)]),
    '',
    context.typed(GUIDE),
  ]
}

export function revokedText(report: RevokeReport, beside: Beside, context: Context): string {
  const { paint, width } = context
  const { name, revokedNow, revocable, certificates, crl } = report
  const paragraph = (text: string, indent = ''): string => wrap(printableLines(text), width, indent)
  const kept = keptText(report, beside, context)
  if (revocable.length === 0) return [paragraph(`Nothing was revoked. ${nothingValid(report)}`), ...kept, ''].join('\n')
  const head = `The ${whoseOf(report)} ${name} ${revokedNow.length > 0 ? 'is revoked' : 'was revoked before'}:`
  const shown = revokedNow.length > 0 ? revokedNow : revocable
  const without = `A daemon without a gateway reads no list: it accepts the certificates until they expire. ${whoAccepts(report)}`
  return [
    paint('bold', paragraph(head)),
    ...shown.map((one) => paragraph(`  ${certificateText(one)}`, '    ')),
    ...(crl === undefined ? [] : [paragraph(listText(report, crl)), ...deliveryLines(crl, beside.dir, context)]),
    ...kept,
    ...(certificates.length === 0 ? [] : ['', paragraph(without), '', ...sooner(report, beside, context)]),
    '',
  ].join('\n')
}

const endGrant = (name: string, dir: string): CommandPart => ours('grant', 'end', name, ...folderFlags(dir))

const revokeToo = (name: string, dir: string): CommandPart => ours('cert', 'revoke', name, ...folderFlags(dir))

/** What still gives access: the certificates of grants, and those of others for the same key. */
function keptText(found: Revocation, beside: Beside, context: Context): string[] {
  return [...grantText(found, beside, context), ...sameKeyText(beside, context)]
}

function sameKeyText({ dir, sameKey }: Beside, { paint, typed, width }: Context): string[] {
  if (sameKey.length === 0) return []
  const text = `Whoever has the same key can also connect as ${enumerate(sameKey, 'or')}. To end that:`
  const lines = sameKey.map((name) => `  ${typed([revokeToo(name, dir)])}`)
  return ['', paint('yellow', wrap(printableLines(text), width)), ...lines]
}

/** What the client keeps. */
function grantText({ name }: Revocation, { dir, grants }: Beside, { paint, typed, width }: Context): string[] {
  const [last] = grants.toSorted((one, other) => Number(other.validTo) - Number(one.validTo))
  if (last === undefined) return []
  const names = enumerate(grants.map(({ commonName }) => commonName))
  const still = `${name} still has a grant, until ${formatDate(last.validTo)}, with another certificate: ${names}. To end it:`
  return ['', paint('yellow', wrap(printableLines(still), width)), `  ${typed([endGrant(name, dir)])}`]
}

function listText(report: RevokeReport, { path, lists, nextUpdate }: CrlState): string {
  const { revokedNow, isListWritten } = report
  const whom = whoseOf(report) === 'issuer' ? 'every certificate that it has renewed' : 'the client'
  const endsWithCa = lists.every((list) => list.endsWithCa)
  const end = nextUpdate === undefined ? '' : `, ${untilOf(nextUpdate, endsWithCa)}`
  const what = isListWritten
    ? revokedNow.length > 0
      ? 'The new revocation list is'
      : 'The revocation list was out of date. The new one is'
    : 'Nothing was left to revoke. The revocation list is'
  return `${what} ${path}${end}. A gateway that has read it refuses ${whom} from its next request on, and cuts its open streams: ${COPY_TO_GATEWAYS}.`
}

function certificateText({ serial, notAfter, state, path }: KnownCertificate): string {
  const where = path === undefined ? `${state} here` : path
  return `a certificate ${until(new Date(notAfter))}, serial ${serial}, ${where}`
}

function whoAccepts({ kind, servers, authorities }: Revocation): string {
  const cas = enumerate(authorities.map(({ name }) => name))
  if (kind === 'server') return `Every client that trusts ${cas} accepts it, from whoever has the key.`
  const names = servers.map(({ name }) => name)
  if (names.length === 0) return `Every daemon that trusts ${cas} gives whoever has the key root access.`
  return `${enumerate(names)} and every other daemon that trusts ${cas} give whoever has the key root access.`
}

function nothingValid({ name, authorities }: Revocation): string {
  const cas = enumerate(authorities.map((one) => one.name))
  return `No certificate of ${name} is valid that ${cas} can have issued. Daemons that still trust an earlier CA accept its certificates until they expire: make sure that every server has the files of this CA.`
}

function wayText({ speed, effect, commands }: Way, { paint, width, typed }: Context): string[] {
  const title = speed === 'at once' ? 'Replace the CA now.' : 'Replace the CA in phases.'
  return [
    wrap(`${paint('bold', title)} ${effect}:`, width),
    ...commands.map((line) => `  ${typed([line])}`),
    ...(speed === 'at once' ? [wrap(AFTERWARDS, width)] : []),
  ]
}

const AFTERWARDS =
  'cert ca --replace-ca  shows what to issue again for the others. With a gateway, add  --gateway  to setup. On a ' +
  'server itself, use  daemon apply  or  gateway apply --from server  instead. Then delete the backups there, because ' +
  'daemon rollback  and  gateway rollback  would bring the old CA back.'

const GUIDE: Sentence = sentence`Step by step, with what to do first after a theft: docs/guide-lost-key.md in the package docker-mtls`
