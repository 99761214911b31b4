import { resolve } from 'node:path'
import type { Command } from 'commander'
import { SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { CrlState } from '../../keystore/crl/state.ts'
import type { Retirement } from '../../keystore/retire.ts'
import type { HostContext } from '../../setup/undo/contexts.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, addPassphraseFile, addYes } from '../command-line/options.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { COPY_TO_GATEWAYS, crlData, keptAsideWarnings } from '../reports/crl.ts'
import { day } from '../reports/dates.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'

interface RetireFlags extends FolderFlags, PassphraseFlags, ConfirmFlags {
  readonly json?: true
}

async function runRetire(called: string, given: RetireFlags, context: Context): Promise<void> {
  const { planRetirement, retireServer } = await import('../../keystore/retire.ts')
  const { findHostContexts, removeHostContext } = await import('../../setup/undo/contexts.ts')
  const flags = await withFolder(given, context)
  const { dir } = flags
  const plan = await planRetirement(dir, called)
  const config = dockerConfig(context.io.env)
  const target = { url: `tcp://${plan.name}`, names: plan.sans, closes: [] }
  const contexts = (await findHostContexts(dir, config, target)).filter(({ isOurs }) => isOurs)
  await confirm(question(plan, contexts), flags, context, 'Nothing was removed.')
  const run = (passphrase: string | undefined): Promise<CrlState> => retireServer(dir, plan, passphrase)
  const crl = await withPassphrase({ folder: dir, flags, run }, context)
  for (const one of contexts) await removeHostContext(config, one)
  const warnings = [...warningsOf(plan), ...keptAsideWarnings(crl)]
  const { name, certificates, removal } = plan
  const data = {
    folder: resolve(removal.paths.folder),
    name,
    revoked: certificates.map(({ serial, notAfter }) => ({ serial, notAfter })),
    files: removal.files,
    stays: removal.foreign,
    contexts: contexts.map((one) => one.name),
    crl: crlData(crl),
    warnings: warnings.map(context.typed),
  }
  context.answer({ data, text: textOf(plan, contexts, crl, context), warnings }, flags)
}

function question({ name, removal }: Retirement, contexts: readonly HostContext[]): string {
  const of = contexts.length === 0 ? '' : `, and the docker contexts ${enumerate(contexts.map((one) => one.name))}`
  return `Revoke the certificates of ${name}, and remove its files in ${removal.paths.folder}${of}? The host isn't changed.`
}

function textOf(
  { name, certificates, removal }: Retirement,
  contexts: readonly HostContext[],
  { path }: CrlState,
  { width }: Context,
): string {
  const count = certificates.length === 1 ? '1 certificate is' : `${certificates.length} certificates are`
  const lines = [
    `${name} is retired: ${count} revoked, and ${removal.paths.folder} is removed.`,
    ...contexts.map((one) => `The docker context ${one.name} is removed.`),
    `The new revocation list is ${path}: ${COPY_TO_GATEWAYS}.`,
  ]
  return lines.map((line) => `${wrap(printableLines(line), width)}\n`).join('')
}

/** Whoever retires a host may think that nobody can pretend to be it any more. */
function warningsOf({ name, certificates, removal }: Retirement): Sentence[] {
  const ends = certificates.map(({ notAfter }) => Date.parse(notAfter))
  return [
    ...(ends.length === 0
      ? []
      : [
          `Clients read no revocation lists: until ${day(new Date(Math.max(...ends)))}, they accept ${name} from whoever has its key. If somebody may have that key, replace the CA.`,
        ]),
    ...(removal.foreign.length === 0
      ? []
      : [
          `Stays in ${removal.paths.folder}: ${enumerate(removal.foreign)}, which docker-mtls did not create. Remove that yourself.`,
        ]),
  ]
}

function define(command: Command, context: Context): void {
  command.argument('<name>', 'the server, by its folder here (server, hosts/HOST) or one of its names')
  addFolder(command)
  addPassphraseFile(command)
  addJson(addYes(command)).action((host: string, flags: RetireFlags) => runRetire(host, flags, context))
}

export const certRetire: CommandSpec = {
  description:
    'Retires a server that no longer exists: revokes its certificates, removes its files from the folder, and the docker contexts ' +
    'that setup created for it. Then renewals, rotations and warnings leave it out. It asks first; without a terminal, confirm ' +
    'with --yes. The host itself is not contacted: while it still exists, use  setup --undo  instead.',
  examples: [
    [sentence`${SELF} cert retire build01.example.com`, 'the host was given back'],
    [sentence`${SELF} cert retire hosts/build01 --yes`, 'in a script, by its folder'],
  ],
  json: '{ folder, name, revoked: [{ serial, notAfter }], files, stays, contexts, crl, warnings };\ncrl is that of  cert crl .',
  stray: (extra) => sentence`Name one server at a time:  ${SELF} cert retire ${extra}`,
  define,
}
