import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
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
  addPodman,
  addProbe,
  keyTypeWarnings,
  many,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { agreeToNewCa } from '../inputs/new-ca.ts'
import { withFolder } from '../inputs/key-folder.ts'

interface InitFlags extends PassphraseFlags {
  readonly out?: string
  readonly home?: true
  readonly client?: readonly string[]
  readonly keyType?: string
  readonly listen?: string
  readonly tlsdir?: string
  readonly usernsRemap?: string | false
  readonly unit?: string
  readonly podman?: true
  readonly encryptCaKey?: true
  readonly probe?: true
  readonly force?: true
  readonly json?: true
}

/** Slow enough to need a progress message. */
const SLOW = /^rsa/

async function runInit(names: readonly string[], flags: InitFlags, context: Context): Promise<void> {
  const { carryOutInit, planInit } = await import('../../keystore/init/init.ts')
  const placed = await withFolder({ dir: flags.out, home: flags.home }, context, '--out')
  const options = await readFlags(names, { ...flags, out: placed.dir }, context)
  const plan = await planInit(options)
  await agreeToNewCa(['init'], placed, context)
  const report = await withPassphrase(
    {
      folder: options.folder,
      flags,
      encrypt: flags.encryptCaKey === true,
      run: (passphrase) => carryOutInit(plan, passphrase),
    },
    context,
  )
  const warnings = [...sentencesIn(report.warnings), ...keyTypeWarnings(flags.keyType)]
  const data = initData(report, warnings.map(context.typed))
  context.answer({ data, text: initText(report, options, context), warnings }, flags)
}

async function readFlags(
  names: readonly string[],
  flags: InitFlags & { readonly out: string },
  context: Context,
): Promise<InitOptions> {
  const { keyType = '' } = flags
  return {
    names,
    folder: flags.out,
    clients: flags.client,
    defaultClient: flags.client === undefined ? await defaultClient(context.io.env) : undefined,
    keyType: flags.keyType,
    listen: flags.listen,
    tlsDir: flags.tlsdir,
    usernsRemap: flags.usernsRemap,
    unit: flags.unit,
    podman: flags.podman === true,
    force: flags.force === true,
    probe: flags.probe === true,
    root: context.io.root,
    signal: context.io.signal,
    ...(SLOW.test(keyType) && { onStep: (step: string) => context.say(`Creating ${step} (${keyType}) ...`) }),
  }
}

function define(command: Command, context: Context): void {
  command.argument('<name...>', 'the names and addresses that clients connect to')
  addFolder(command, '--out')
  command.option(
    '--client <name>',
    'a client to create a certificate for; repeatable (default: your login name, if there is no client yet)',
    many('--client'),
  )
  addKeyType(command)
  addDaemonOptions(command)
  addPodman(command)
  addPassphraseFile(command)
  addProbe(command)
    .option('--encrypt-ca-key', 'encrypt the key of a new CA with a passphrase')
    .option('--force', 'replace files that differ or are broken; the old ones are kept beside them, with a date')
  addJson(command).action((names: string[], flags: InitFlags) => runInit(names, flags, context))
}

export const init: CommandSpec = {
  description:
    'Creates everything for one server in one step: a CA, the server certificate, the systemd drop-in for dockerd, and a ' +
    'certificate and a .env file for each client. Then it shows the next steps for each machine. It changes nothing outside ' +
    'its folder.\n\n' +
    'You can run it again at any time: valid files stay as they are, byte for byte, and only missing ones are created.',
  examples: [
    [sentence`${SELF} init build01.example.com 10.0.0.4`, 'for a server with this name and address'],
    [
      sentence`${SELF} init build01.example.com --client alice --client ci`,
      'with a certificate for each of two clients',
    ],
    [
      sentence`${SELF} init --userns-remap build01.example.com`,
      'run containers in user namespaces (write a value as --userns-remap=USER)',
    ],
    [
      sentence`${SELF} init build01.example.com --podman`,
      'for a server with Podman, with a systemd service for its API',
    ],
    [
      sentence`${SELF} init build01.example.com --unit docker.service`,
      'from another machine; first:  ssh build01.example.com systemctl cat docker.service > docker.service',
    ],
  ],
  json: '{ folder, host, daemon, unit, authority, server, override, clients, others, warnings };\neach certificate has an action (created, kept, replaced) and its paths.',
  define,
}
