import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { enumerate } from '../../base/text.ts'
import type { Revocation, RevokeReport } from '../../keystore/revoke.ts'
import type { RevocationReason } from '../../pki/revocation-reasons.ts'
import type { CommandSpec, Context } from '../command.ts'
import {
  addFolder,
  addJson,
  addListLife,
  addPassphraseFile,
  addYes,
  choice,
  once,
  readListDays,
} from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { crlWarnings, keptAsideWarnings } from '../reports/crl.ts'
import {
  type Beside,
  revocationData,
  revocationText,
  revokedData,
  revokedText,
  whoseOf,
} from '../reports/revocation.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'

interface RevokeFlags extends FolderFlags, PassphraseFlags, ConfirmFlags {
  readonly host?: string
  readonly reason?: RevocationReason
  readonly for?: string
  readonly dryRun?: true
  readonly json?: true
}

/** Of `RevocationReason`, those that a client can have. */
const REASONS: readonly RevocationReason[] = [
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
]

async function runRevoke(name: string | undefined, given: RevokeFlags, context: Context): Promise<void> {
  checkNames(name, given)
  const { dryRun, host } = given
  if (name !== undefined && dryRun !== true) return revoke(name, given, context)
  const { findRevocation } = await import('../../keystore/revocation.ts')
  const { dir } = await withFolder(given, context)
  const whose = name === undefined ? { kind: 'server', called: host ?? '' } : { kind: 'client', name }
  const found = await findRevocation(dir, whose as Parameters<typeof findRevocation>[1])
  const beside = await besideOf(found, dir)
  const text = revocationText(found, beside, context)
  // Without --dry-run, the command hasn't done what its name says.
  context.answer({ data: revocationData(found, beside), text, failed: dryRun !== true }, given)
}

async function revoke(name: string, given: RevokeFlags, context: Context): Promise<void> {
  const { revokeClient } = await import('../../keystore/revoke.ts')
  const { findRevocation } = await import('../../keystore/revocation.ts')
  const { reason } = given
  const days = await readListDays(given.for)
  const flags = await withFolder(given, context)
  const { dir } = flags
  const found = await findRevocation(dir, { kind: 'client', name })
  const isNew = found.revocable.some(({ revoked }) => revoked === undefined)
  if (isNew) await confirm(question(found), flags, context, 'Nothing was revoked.')
  const run = (passphrase: string | undefined): Promise<RevokeReport> =>
    revokeClient({
      folder: dir,
      name,
      ...(reason !== undefined && { reason }),
      ...(days !== undefined && { crlDays: days }),
      ...(passphrase !== undefined && { passphrase }),
    })
  const report = await withPassphrase({ folder: dir, flags, run }, context)
  const beside = await besideOf(report, dir)
  const text = revokedText(report, beside, context)
  const data = revokedData(report, beside)
  const warnings = [...(report.crl ? crlWarnings(report.crl, dir) : []), ...keptAsideWarnings(report.crl ?? {})]
  context.answer({ data, text, warnings, failed: report.revocable.length === 0 }, flags)
}

/** What the client keeps: a grant has a certificate of its own, with another name. And who else has its key. */
async function besideOf(found: Revocation, dir: string): Promise<Beside> {
  const setups = await setupsOf(found, dir)
  if (found.kind === 'server') return { dir, setups, grants: [], sameKey: [] }
  const { listValidGranted } = await import('../../keystore/granted.ts')
  const { clientsWithSameKey } = await import('../../keystore/revocation.ts')
  return { dir, setups, grants: await listValidGranted(dir, found.name), sameKey: await clientsWithSameKey(dir, found) }
}

/** How each host is set up again, without the client that loses its access. */
async function setupsOf({ kind, name }: Revocation, dir: string): Promise<Beside['setups']> {
  const { serverPlaces } = await import('../../keystore/keystore.ts')
  const { setupWords } = await import('../../keystore/setup-record.ts')
  const without = kind === 'client' ? name : undefined
  const words = (await serverPlaces(dir)).flatMap(({ host }) =>
    host === undefined
      ? []
      : [setupWords(dir, host, without).then((known) => known ?? ['setup', `ssh://USER@${host}`])],
  )
  return words.length === 0 ? [['setup', 'ssh://USER@HOST']] : Promise.all(words)
}

function question(found: Revocation): string {
  const { name, revocable } = found
  const count = revocable.filter(({ revoked }) => revoked === undefined).length
  const what = count === 1 ? 'the certificate' : `${count} certificates`
  const whom = whoseOf(found) === 'issuer' ? 'every certificate that it has renewed' : 'the client'
  return `Revoke ${what} of ${name}? Gateways will refuse ${whom}. This can't be undone.`
}

function checkNames(name: string | undefined, flags: RevokeFlags): void {
  const { host } = flags
  const where = sentence`${SELF} cert revoke`
  if ((name === undefined) === (host === undefined)) {
    const got = name === undefined ? 'nothing is named' : 'a client and a server are named'
    throw usageError(where, got, 'Name a client, or a server with  --host HOST .')
  }
  const without = host === undefined ? undefined : (['reason', 'for'] as const).find((key) => flags[key])
  if (without === undefined) return
  throw usageError(where, `--${without} has no effect with --host: clients read no revocation list`, 'Leave it out.')
}

function define(command: Command, context: Context): void {
  command
    .argument('[name]', 'the client, or the issuer of a gateway')
    .option(
      '--host <host>',
      'show what ends the access of a server instead, by its folder here (server, hosts/HOST) or one of its names',
      once('--host'),
    )
    .addOption(choice('--reason <reason>', `why: ${enumerate(REASONS, 'or')}`, REASONS))
    .option('--dry-run', 'show the certificates, who accepts them, and what ends that; change nothing')
  addListLife(command, 'as long as the list before, or until the CA expires')
  addFolder(command)
  addPassphraseFile(command)
  addJson(addYes(command)).action((name: string | undefined, flags: RevokeFlags) => runRevoke(name, flags, context))
}

export const certRevoke: CommandSpec = {
  description:
    'Revokes all certificates of a client, except those of grants: notes it in the ledger, and writes the revocation list ca/crl.pem, which a gateway ' +
    'enforces from the next request on. It asks first; without a terminal, confirm with --yes.\n\n' +
    'dockerd itself checks neither revocation lists (CRL) nor OCSP: without a gateway, a certificate works until it expires, or ' +
    'until no daemon trusts the CA that issued it. So the command also shows the servers that accept it, and the commands for a ' +
    'new CA. With --host, it only shows that, and its exit code is 1, because nothing was revoked.',
  examples: [
    [sentence`${SELF} cert revoke alice --reason keyCompromise`, 'her key was stolen'],
    [sentence`${SELF} cert revoke alice --yes`, 'in a script'],
    [sentence`${SELF} cert revoke alice --dry-run`, 'show what ends the access, also without the CA key'],
    [sentence`${SELF} cert revoke --host build01.example.com`, "somebody may have the server's key"],
  ],
  json: '{ revoked, changed, kind, name, certificates, crl: { path, number, nextUpdate, lists, faults }, grants: [{ commonName, fingerprint256, until, command }], sameKey: [{ name, command }], acceptedBy: [{ name, host }], authorities: [{ name, fingerprint256 }], ways: [{ speed, effect, commands }] };\nchanged is false if all of them were revoked before; a certificate is an entry of  cert list ; lists is that of  cert crl ;\nspeed is "at once" or "in phases". With --dry-run or --host, revoked is false, and because says why.',
  stray: (extra) => sentence`Name one client at a time:  ${SELF} cert revoke ${extra}`,
  hint: (error) =>
    isWithoutKey(error)
      ? sentence`To see what ends the access without the CA key:  ${SELF} cert revoke NAME --dry-run`
      : undefined,
  define,
}

function isWithoutKey(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return code === 'ERR_CA_INVALID' || code === 'ERR_CA_PASSPHRASE'
}
