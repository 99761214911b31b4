import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CertificateInspection } from '../../pki/inspect.ts'
import { readCertificates } from '../inputs/certificate-file.ts'
import { inputName } from '../inputs/input-file.ts'
import type { CommandSpec, Context } from '../command.ts'
import { certificateData } from '../reports/data.ts'
import { addJson } from '../command-line/options.ts'
import type { Paint } from '../../base/terminal/colours.ts'
import { facts } from '../terminal/layout.ts'
import { keyName } from '../reports/dates.ts'
import { left } from '../reports/time-left.ts'
import { printable } from '../../base/text.ts'

interface ShowFlags {
  readonly json?: true
}

async function runShow(path: string, flags: ShowFlags, context: Context): Promise<void> {
  const { inspectCertificate } = await import('../../pki/inspect.ts')
  const inputs = await readCertificates(path, context.io)
  const found = inputs.map((input, index) => inspectCertificate(input, nameOf(path, index, inputs.length)))
  const blocks = found.map((one, index) => {
    const title = context.paint('bold', nameOf(path, index, found.length))
    return `${title}\n${certificateText(one, context)}\n`
  })
  context.answer({ data: { certificates: found.map(certificateData) }, text: blocks.join('\n') }, flags)
}

function nameOf(path: string, index: number, count: number): string {
  const name = inputName(path)
  return count === 1 ? name : `${name}, certificate ${index + 1} of ${count}`
}

const ROLES = { server: 'As a server', client: 'As a client', ca: 'As a CA' } as const

/** In the terms of RFC 5280, so that you can look them up; then whether Docker accepts the certificate. */
function certificateText(one: CertificateInspection, { paint, width }: Context): string {
  const { names, keyUsage, purposes, isCa, pathLength, nameConstraints } = one
  const alternative = [...names.dns.map((name) => `DNS ${name}`), ...names.ip.map((address) => `IP ${address}`)].map(
    printable,
  )
  const rows: [string, string][] = [
    ['Subject', one.subject],
    ['Issuer', one.issuer === one.subject ? `${one.issuer} (self-signed)` : one.issuer],
    ['Serial number', one.serialNumber],
    ['Not before', one.validFrom.toISOString()],
    ['Not after', `${one.validTo.toISOString()} (${left(one.validTo)})`],
    ['Public key', keyName(one)],
    ['Signature algorithm', one.signatureAlgorithm],
    ['Basic constraints', constraints(isCa, pathLength)],
    ['Key usage', keyUsage?.join(', ') ?? 'not restricted'],
    ['Extended key usage', purposes?.join(', ') ?? 'not restricted'],
    [
      'Subject alternative names',
      alternative.length === 0 ? 'none' : alternative.join(width === Infinity ? ', ' : '\n'),
    ],
    ...(nameConstraints ? [['Name constraints', 'present'] as [string, string]] : []),
    ['SHA-256 fingerprint', fingerprint(one.fingerprint256, width)],
  ]
  const shown = rows.map(([label, value]) => [label, LISTS.has(label) ? value : printable(value)] as const)
  const verdicts = one.verdicts.map(
    ({ role, ok, because }) => [ROLES[role], verdict(ok, printable(because), paint)] as const,
  )
  const layout = { paint, width, indent: '  ' }
  return `${facts(shown, layout)}\n\n${facts(verdicts, layout)}`
}

/** Rows with line breaks of ours; line breaks in a certificate are escaped. */
const LISTS = new Set(['Subject alternative names', 'SHA-256 fingerprint'])

/** The labels and their indent. */
const COLUMN = 29

/** In lines of as many pairs as fit: a terminal would break it anywhere. */
function fingerprint(text: string, width: number): string {
  const pairs = text.split(':')
  const count = [32, 16, 8].find((pairsInLine) => COLUMN + 3 * pairsInLine <= width) ?? 4
  const lines = Array.from({ length: Math.ceil(pairs.length / count) }, (_, index) =>
    pairs.slice(index * count, (index + 1) * count).join(':'),
  )
  return lines.join(':\n')
}

function constraints(isCa: boolean, pathLength: number | undefined): string {
  if (!isCa) return 'not a CA'
  return pathLength === undefined ? 'CA' : `CA, path length ${pathLength}`
}

function verdict(ok: boolean, because: string, paint: Paint): string {
  return `${ok ? paint('green', 'yes') : paint('yellow', 'no')}: ${because}`
}

function define(command: Command, context: Context): void {
  command.argument('<file>', 'a file with one or more certificates, PEM or DER; - for stdin')
  addJson(command).action((path: string, flags: ShowFlags) => runShow(path, flags, context))
}

export const certShow: CommandSpec = {
  description:
    'Shows what a certificate contains, and whether dockerd, the Docker CLI and Node would accept it as the certificate of ' +
    'a server, a client or a CA. It works with certificates from any source.',
  examples: [
    [sentence`${SELF} cert show docker-mtls/server/server-cert.pem`, 'a certificate that docker-mtls issued'],
    [sentence`${SELF} cert show ~/.docker/cert.pem`, 'why does the daemon refuse it?'],
    [
      sentence`openssl s_client -connect HOST:2376 </dev/null | ${SELF} cert show -`,
      'the certificate that a server presents',
    ],
  ],
  json: '{ certificates: [{ subject, issuer, names, validFrom, validTo, daysLeft, key, purposes, keyUsage, verdicts, ... }] }',
  define,
}
