import { ours, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { hostInFile, onlyHost } from '../inputs/client-folder.ts'
import { withFolder } from '../inputs/key-folder.ts'
import { issueLeaf, leafAnswer, type LeafFlags } from '../inputs/leaf-command.ts'
import { addDays, addFolder, addJson, addKeyType, addPassphraseFile, folderFlags } from '../command-line/options.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import type { FolderLeafResult } from '../../keystore/keystore.ts'
import { day } from '../reports/dates.ts'
import { clientSteps } from '../reports/client-steps.ts'

async function runClient(name: string, given: LeafFlags, context: Context): Promise<void> {
  const flags = await withFolder(given, context)
  const result = await issueLeaf(flags, context, (folder, options) => folder.ensureClient(name, options))
  const answer = leafAnswer(`client certificate of ${name}`, result, flags, context)
  const steps = flags.json === true ? '' : await stepsText(name, flags.dir, context)
  const old = await oldWarnings(name, result, flags.dir)
  context.answer({ ...answer, text: `${answer.text}${steps}`, warnings: [...(answer.warnings ?? []), ...old] }, flags)
}

/** Whoever renews a certificate may think that the old one ends. */
async function oldWarnings(name: string, { keptAside }: FolderLeafResult, dir: string): Promise<Sentence[]> {
  const path = keptAside.find((one) => basename(one).startsWith('cert.'))
  const old = path === undefined ? undefined : await readFacts(path)
  if (old === undefined || old.validTo.getTime() < Date.now()) return []
  const end = old.validTo
  const { revokedUntilNow } = await import('../../keystore/crl/state.ts')
  const revoked = await revokedUntilNow(dir, Date.now())
  if (revoked.some(({ fingerprint256 }) => fingerprint256 === old.fingerprint256))
    return [
      sentence`The old certificate of ${name} is revoked: gateways with the new list refuse it. A daemon without a gateway accepts it until ${day(end)}.`,
    ]
  const revoke = ours('cert', 'revoke', name, '--dry-run', ...folderFlags(dir))
  return [
    sentence`The old certificate of ${name} works until ${day(end)}, with its key. To find out what ends that:  ${revoke}`,
  ]
}

/** Nothing if the key is on the client's own machine. */
async function stepsText(name: string, dir: string, context: Context): Promise<string> {
  const { isKeyElsewhere } = await import('../../keystore/keystore.ts')
  if (await isKeyElsewhere(dir, name)) return ''
  const folder = join(dir, 'clients', name)
  const own = await hostInFile(join(folder, '.env'))
  const host = own ?? (await onlyHost(dir))
  return `\n${clientSteps({ name, folder, dir, host, hasEnv: own !== undefined }, context)}\n`
}

/** A damaged file may be what was replaced. */
async function readFacts(path: string): Promise<CertificateFacts | undefined> {
  const { openCertificate, readCertificate } = await import('../../identity/certificate.ts')
  try {
    return readCertificate(openCertificate(await fs.readFile(path, 'utf8'), path))
  } catch {
    return undefined
  }
}

function define(command: Command, context: Context): void {
  command.argument('<name>', "the client's name, which dockerd uses as the user name")
  addFolder(command)
  addKeyType(command)
  addDays(command, 397)
  addPassphraseFile(command)
  command
    .option('--force', 'replace a broken, expired or revoked certificate; the old files are kept beside it')
    .option('--renew', 'replace a valid certificate as well')
  addJson(command).action((name: string, flags: LeafFlags) => runClient(name, flags, context))
}

export const certClient: CommandSpec = {
  description:
    'Issues a client certificate, or keeps the existing one while it is valid, and shows how to use it. Anyone who has it with its key is root on ' +
    'the server: give each person and each program their own.',
  examples: [
    [sentence`${SELF} cert client alice`, 'valid for 397 days'],
    [sentence`${SELF} cert client ci-runner --days 30`, 'valid for 30 days'],
    [sentence`${SELF} cert client alice --renew`, 'a new one before the old one expires'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }',
  stray: (extra) => sentence`Name one client at a time:  ${SELF} cert client ${extra}`,
  define,
}
