import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import { promises as fs } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { InstallReport } from '../../keystore/client/install.ts'
import type { CommandSpec, Context } from '../command.ts'
import { readHost } from '../inputs/client-folder.ts'
import { authoritiesData, certificateData, fileData, keptData } from '../reports/data.ts'
import { useKeyFolder } from '../inputs/client-key.ts'
import { inputName, readInput } from '../inputs/input-file.ts'
import { addJson, once } from '../command-line/options.ts'
import { wrap } from '../../base/wrap.ts'
import { oldFiles, summaryText, trustedCas } from '../reports/summary.ts'
import { selfOf } from '../terminal/self.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { shellWord } from '../../base/quoting/posix.ts'

interface InstallFlags {
  readonly dir?: string
  readonly host?: string
  readonly force?: true
  readonly json?: true
}

async function runInstall(path: string, flags: InstallFlags, context: Context): Promise<void> {
  const { installClient } = await import('../../keystore/client/install.ts')
  const { dir: folder, force } = flags
  const host = flags.host === undefined ? undefined : readHost(flags.host, '--host')
  const answer = await readInput(path, context.io, { what: 'the answer', names: /(?<!key)\.pem$/i })
  if (folder === undefined) await useDefaultFolder(answer, inputName(path), context)
  const report = await installClient({ answer, file: inputName(path), folder, host, force })
  context.answer(
    {
      data: dataOf(report),
      text: `${textOf(report, host, context)}\n${nextSteps(report, { env: await envOf(report), host }, context)}\n`,
      warnings: sentencesIn(report.warnings),
    },
    flags,
  )
}

/** As the library chooses it, by the name in the answer. */
async function useDefaultFolder(answer: Buffer, file: string, context: Context): Promise<void> {
  const { readAnswer } = await import('../../keystore/client/answer.ts')
  const { suggestClientName } = await import('../../pki/client-name.ts')
  const name = suggestClientName(readAnswer(answer, file).facts.commonName ?? '')
  if (name !== undefined) await useKeyFolder(name, '--dir', context)
}

function dataOf({
  action,
  folder,
  client,
  keyFingerprint256,
  authorities,
  keptAside,
  env,
  notes,
  warnings,
}: InstallReport): object {
  return {
    action,
    folder: resolve(folder),
    certificate: certificateData(client),
    keyFingerprint256,
    authorities: authoritiesData(authorities),
    ...(env && { env: fileData(env) }),
    keptAside: keptData(keptAside),
    notes,
    warnings,
  }
}

function textOf(report: InstallReport, host: string | undefined, context: Context): string {
  const { action, folder, client, authorities, keptAside, env, notes } = report
  const about = [
    `client certificate of ${client.commonName ?? client.subject}, ${keyName(client)}, ${until(client.validTo)}`,
    ...trustedCas(authorities),
    ...(env === undefined || env.action === 'kept' ? [] : [`.env with DOCKER_HOST ${host ?? ''}`]),
    ...oldFiles([...keptAside, ...(env?.keptAside ?? [])]),
    ...sentencesIn(notes),
  ]
  return `${summaryText({ action, path: `${folder}/`, about }, context)}\n`
}

/** The `.env` beside the key, from this call or an earlier one. */
async function envOf({ folder, env }: InstallReport): Promise<string | undefined> {
  const path = env?.path ?? join(folder, '.env')
  return fs.access(path).then(
    () => path,
    () => undefined,
  )
}

interface Reached {
  /** The `.env`, if there is one. */
  readonly env: string | undefined
  readonly host: string | undefined
}

function nextSteps({ folder }: InstallReport, { env, host }: Reached, { io, paint, width }: Context): string {
  const self = selfOf(io.env)
  const heading = paint('bold', wrap('To use it:', width))
  const daemon = `--host ${shellWord(host ?? 'SERVER')} --cert-path ${shellWord(folder)}`
  const store = `  ${self} context create NAME ${daemon}    # for docker --context NAME`
  if (env !== undefined) return [heading, `  ${self} ping --dotenv ${shellWord(env)}`, store].join('\n')
  return [heading, `  ${self} ping ${daemon}`, store, `  eval "$(${self} client env ${daemon})"`].join('\n')
}

function define(command: Command, context: Context): void {
  command
    .argument('<file>', 'the answer: the NAME.pem that cert sign created; - for stdin')
    .option('--dir <dir>', 'the folder with the key and the request (default: ./docker-mtls-NAME)', once('--dir'))
    .option('--host <host>', 'the daemon, to write a .env file beside the key', once('--host'))
    .option('--force', 'accept another CA than the one trusted now; the old file is kept beside it')
  addJson(command).action((path: string, flags: InstallFlags) => runInstall(path, flags, context))
}

export const clientInstall: CommandSpec = {
  description:
    "On the client's own machine: installs the certificate and the CA certificate from the answer beside the key. All " +
    "three files are checked as for a connection; if they don't fit together, nothing is changed. An old certificate works " +
    'until the new one is in place.',
  examples: [
    [sentence`${SELF} client install alice.pem`, 'into ./docker-mtls-alice'],
    [
      sentence`${SELF} client install alice.pem --dir ~/.docker/build01`,
      'into the folder where the request was created',
    ],
    [
      sentence`${SELF} client install alice.pem --host build01.example.com`,
      'also writes a .env file, for ping --dotenv and other tools',
    ],
  ],
  json: '{ action, folder, certificate, keyFingerprint256, authorities, env, keptAside, notes, warnings }',
  define,
}
