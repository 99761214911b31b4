import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { InitOptions } from '../../keystore/init/init.ts'
import type { CommandSpec, Context } from '../command.ts'
import { defaultClient } from '../inputs/default-client.ts'
import { initData, initText } from '../reports/init.ts'
import {
  addDaemonOptions,
  addFolder,
  addJson,
  addKeyType,
  addPassphraseFile,
  addProbe,
  DEFAULT_FOLDER,
  keyTypeWarnings,
  many,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'

interface InitFlags extends PassphraseFlags {
  readonly out?: string
  readonly client?: readonly string[]
  readonly keyType?: string
  readonly listen?: string
  readonly tlsdir?: string
  readonly usernsRemap?: string | false
  readonly unit?: string
  readonly encryptCaKey?: true
  readonly probe?: true
  readonly force?: true
  readonly json?: true
}

/** Slow enough that a person would wonder. */
const SLOW = /^rsa/

async function runInit(names: readonly string[], flags: InitFlags, context: Context): Promise<void> {
  const { initialise } = await import('../../keystore/init/init.ts')
  const { planInit } = await import('../../keystore/init/init.ts')
  const options = await readFlags(names, flags, context)
  const report = await withPassphrase(
    {
      folder: options.folder,
      flags,
      encrypt: flags.encryptCaKey === true,
      check: () => planInit(options),
      run: (passphrase) => initialise({ ...options, ...(passphrase !== undefined && { passphrase }) }),
    },
    context,
  )
  const warnings = [...report.warnings, ...keyTypeWarnings(flags.keyType)]
  context.answer({ data: initData(report, warnings), text: initText(report, options, context), warnings }, flags)
}

async function readFlags(names: readonly string[], flags: InitFlags, context: Context): Promise<InitOptions> {
  const { keyType = '' } = flags
  return {
    names,
    folder: flags.out ?? DEFAULT_FOLDER,
    clients: flags.client,
    defaultClient: flags.client === undefined ? await defaultClient(context.io.env) : undefined,
    keyType: flags.keyType,
    listen: flags.listen,
    tlsDir: flags.tlsdir,
    usernsRemap: flags.usernsRemap,
    unit: flags.unit,
    force: flags.force === true,
    probe: flags.probe === true,
    root: context.io.root,
    signal: context.io.signal,
    ...(SLOW.test(keyType) && { onStep: (step: string) => context.say(`Making ${step}, ${keyType} ...`) }),
  }
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the names and addresses that clients reach the server by')
  addFolder(command, '--out')
  command.option(
    '--client <name>',
    'a client to make a certificate for; any number of times (default: your login name, if there is no client yet)',
    many('--client'),
  )
  addKeyType(command)
  addDaemonOptions(command)
  addPassphraseFile(command)
  addProbe(command)
    .option('--encrypt-ca-key', 'encrypt the key of a new authority')
    .option('--force', 'replace what differs or is broken; the old files are kept beside it, with a date')
  addJson(command).action((names: string[], flags: InitFlags) => runInit(names, flags, context))
}

export const init: CommandSpec = {
  description:
    "Makes everything for one server in one step: an authority, the server's certificate, " +
    'the systemd drop-in for dockerd, and for each client a certificate and a .env file. ' +
    'Then it says what to do on each machine. It changes nothing outside of its folder.\n\n' +
    'Run it again whenever you like: what is there and good stays as it is, byte for byte, ' +
    'and only what is missing is made.',
  examples: [
    [sentence`${SELF} init build01.example.com 10.0.0.4`, 'for a server with that name and that address'],
    [sentence`${SELF} init build01.example.com --client alice --client ci`, 'one certificate for each client'],
    [
      sentence`${SELF} init --userns-remap build01.example.com`,
      'containers get user namespaces (a value only as --userns-remap=USER)',
    ],
    [
      sentence`${SELF} init build01.example.com --unit docker.service`,
      'made elsewhere: first  ssh build01.example.com systemctl cat docker.service > docker.service',
    ],
  ],
  json: '{ folder, host, daemon, unit, authority, server, override, clients, others, warnings };\neach piece has an action (created, kept, replaced) and its paths.',
  define,
}
