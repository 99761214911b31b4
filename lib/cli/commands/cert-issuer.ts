import type { Command } from 'commander'
import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import type { IssuerResult } from '../../keystore/issuer.ts'
import type { CommandSpec, Context } from '../command.ts'
import {
  addDays,
  addFolder,
  addJson,
  addKeyType,
  addPassphraseFile,
  certificateOptions,
  keyTypeWarnings,
} from '../command-line/options.ts'
import { withFolder } from '../inputs/key-folder.ts'
import type { LeafFlags } from '../inputs/leaf-command.ts'
import { issuedData } from '../reports/data.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'
import { withPassphrase } from '../terminal/passphrase.ts'

/** As `DEFAULT_ISSUER_DAYS` in pki/issuer.ts, which loads node-forge. */
const DAYS = 90
const NAME = 'renewals'

async function runIssuer(name: string | undefined, given: LeafFlags, context: Context): Promise<void> {
  const { ensureIssuer } = await import('../../keystore/issuer.ts')
  const flags = await withFolder(given, context)
  const { dir, force, renew, keyType } = flags
  const options = { folder: dir, name: name ?? NAME, ...(await certificateOptions(flags)) }
  const run = (passphrase: string | undefined): Promise<IssuerResult> =>
    ensureIssuer({
      ...options,
      ...(force && { force }),
      ...(renew && { renew }),
      ...(passphrase !== undefined && { passphrase }),
    })
  const result = await withPassphrase({ folder: dir, flags, run }, context)
  const { action, paths, facts, keptAside, notes } = result
  const about = [
    `issuer ${facts.commonName ?? ''}, ${keyName(facts)}, ${until(facts.validTo)}${action === 'renewed' ? ', with the same key' : ''}`,
    'copy the folder to the host of the gateway, and nothing else',
    sentence`then start the gateway with it:  ${SELF} gateway run --issuer DIR`,
    ...oldFiles(keptAside),
    ...sentencesIn(notes),
  ]
  const shown = action === 'renewed' ? 'replaced' : action
  const text = summaryText({ action: shown, path: `${paths.folder}/`, about }, context)
  context.answer({ data: issuedData(result), text: `${text}\n`, warnings: keyTypeWarnings(keyType) }, flags)
}

function define(command: Command, context: Context): void {
  command.argument('[name]', `its name, one for each gateway (default: ${NAME})`)
  addFolder(command)
  addKeyType(command)
  addDays(command, DAYS)
  addPassphraseFile(command)
  command
    .option('--renew', "a new certificate for the same key, although the old one isn't due")
    .option('--force', 'a new key: all certificates that the old one has renewed end')
  addJson(command).action((name: string | undefined, flags: LeafFlags) => runIssuer(name, flags, context))
}

export const certIssuer: CommandSpec = {
  description:
    'Creates an issuer: a CA of its own with which a gateway renews the certificates of its clients, so that the key of the CA stays ' +
    'on this machine. No daemon and no other program accepts it, or what it issues. Copy its folder to the host of the gateway. Run it ' +
    'again, or  cert renew , before the issuer expires: its key stays, and with it all renewed certificates. To stop them all:  cert revoke  with its name.',
  examples: [
    [sentence`${SELF} cert issuer`, `in docker-mtls/issuers/${NAME}, valid for ${DAYS} days`],
    [sentence`${SELF} cert issuer build01 --days 30`, 'one for the gateway of build01'],
    [sentence`${SELF} cert issuer --renew`, 'a new certificate for the same key'],
  ],
  json: '{ action, paths, certificate, keptAside, notes }; action is created, kept, renewed (the same key) or replaced.',
  stray: (extra) => sentence`Name one issuer at a time:  ${SELF} cert issuer ${extra}`,
  define,
}
