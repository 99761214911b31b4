import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { basename, resolve } from 'node:path'
import type { ClientRequestReport } from '../../keystore/client/request.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, addKeyType, keyTypeWarnings, once } from '../command-line/options.ts'
import { rememberKeys, useKeyFolder } from '../inputs/client-key.ts'
import { keptData } from '../reports/data.ts'
import { wrap } from '../../base/wrap.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'
import { selfOf } from '../terminal/self.ts'
import { shellWord } from '../../base/quoting/posix.ts'

interface RequestFlags {
  readonly out?: string
  readonly keyType?: string
  readonly force?: true
  readonly json?: true
}

async function runRequest(name: string, flags: RequestFlags, context: Context): Promise<void> {
  const { requestClient } = await import('../../keystore/client/request.ts')
  const { parseClientName } = await import('../../pki/client-name.ts')
  const { out: folder, keyType, force } = flags
  if (folder === undefined) await useKeyFolder(parseClientName(name), '--out', context)
  const report = await requestClient({ name, folder, keyType, force })
  await rememberKeys(report.folder, context)
  const { action, key, request, keptAside, keyFingerprint256, notes } = report
  const about = [
    `the request of ${name}, ${report.keyType}: send this file, and no other`,
    `the key stays here, in ${key}${action === 'kept' ? ' (unchanged)' : ''}`,
    `its SHA-256: ${keyFingerprint256}`,
    ...oldFiles(keptAside),
    ...sentencesIn(notes),
  ]
  const text = `${summaryText({ action: 'created', path: request, about }, context)}\n\n${nextSteps(report, flags, context)}\n`
  context.answer({ data: dataOf(report), text, warnings: keyTypeWarnings(keyType) }, flags)
}

function dataOf({
  name,
  action,
  folder,
  key,
  request,
  pem,
  keyType,
  keyFingerprint256,
  keptAside,
  notes,
}: ClientRequestReport): object {
  return {
    name,
    action,
    folder: resolve(folder),
    paths: { key: resolve(key), request: resolve(request) },
    request: pem,
    keyType,
    keyFingerprint256,
    keptAside: keptData(keptAside),
    notes,
  }
}

function nextSteps(
  { name, request }: ClientRequestReport,
  { out }: RequestFlags,
  { io, paint, width }: Context,
): string {
  const self = selfOf(io.env)
  const dir = out === undefined ? '' : ` --dir ${shellWord(out)}`
  return [
    paint('bold', wrap('On the machine of the CA, with that file (compare the SHA-256 that it prints):', width)),
    `  ${self} cert sign ${shellWord(basename(request))}`,
    paint('bold', wrap(`Then here, with the ${name}.pem that it creates:`, width)),
    `  ${self} client install ${name}.pem${dir}`,
  ].join('\n')
}

function define(command: Command, context: Context): void {
  command
    .argument('<name>', "the client's name, which dockerd uses as the user name")
    .option('--out <dir>', 'the folder for key and certificate (default: ./docker-mtls-NAME)', once('--out'))
  addKeyType(command)
  command.option('--force', 'create a new key; the existing one stays in use until the answer is installed')
  addJson(command).action((name: string, flags: RequestFlags) => runRequest(name, flags, context))
}

export const clientRequest: CommandSpec = {
  description:
    "On the client's own machine: creates a key and a certificate request. Send the request to whoever keeps the CA, over " +
    'any channel; the key never leaves this machine. Run it again before the certificate expires: it then creates a new ' +
    'request with the same key.',
  examples: [
    [sentence`${SELF} client request alice`, 'in ./docker-mtls-alice; shows the next steps'],
    [sentence`${SELF} client request alice --out ~/.docker/build01`, 'in the folder that will be DOCKER_CERT_PATH'],
    [sentence`${SELF} client request alice --force`, 'with a new key, if somebody else may have seen the old one'],
  ],
  json: '{ name, action, folder, paths, request, keyType, keyFingerprint256, keptAside, notes }; action is about the key, created or kept.',
  stray: (extra) => sentence`Name one client at a time:  ${SELF} client request ${extra}`,
  define,
}
