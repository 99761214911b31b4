import type { Command } from 'commander'
import { dirname, join, resolve } from 'node:path'
import { NO_LIST } from '../../apply/gateway/lists.ts'
import { closedFolders } from '../../apply/gateway/program.ts'
import { readIfThere } from '../../base/files.ts'
import { shellLine } from '../../base/quoting/posix.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { quoted } from '../../base/text.ts'
import { TLS_PORT } from '../../base/ports.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, choice, many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { INSTALL_FIRST, isInNpxCache } from '../../base/npx-cache.ts'
import { checkServiceMetrics } from '../inputs/metrics-listener.ts'
import { scriptPath } from '../inputs/script.ts'
import { issuerFilesIn } from '../../apply/gateway/issuer-files.ts'
import { textsOf } from '../reports/data.ts'

interface RenderFlags {
  readonly from?: string
  readonly policy?: string
  readonly crl?: readonly string[]
  readonly issuer?: string
  readonly listen?: string
  readonly metrics?: string
  readonly onLogFailure?: string
  readonly socket?: string
  readonly user?: string
  readonly group?: string
  readonly write?: string
  readonly force?: true
  readonly json?: true
}

const FOLDER = '/etc/docker-mtls'
const USER = 'docker-mtls'
const SOCKET = '/run/docker.sock'

async function runRender(flags: RenderFlags, context: Context): Promise<void> {
  const { from = FOLDER, listen = `0.0.0.0:${TLS_PORT}`, socket = SOCKET, user = USER, group = 'docker' } = flags
  const folder = resolve(from)
  const policy = resolve(flags.policy ?? `${folder}/policy.yaml`)
  const lists = flags.crl?.map((path) => resolve(path)) ?? (await ownList(folder))
  const issuer = flags.issuer === undefined ? undefined : resolve(flags.issuer)
  const { metrics, onLogFailure } = flags
  if (metrics !== undefined) await checkServiceMetrics(metrics)
  const { parseListen } = await import('../../daemon-config/listen.ts')
  const { renderGatewayUnit } = await import('../../daemon-config/gateway-unit.ts')
  const script = await scriptPath()
  const unit = renderGatewayUnit({
    program: [process.execPath, script],
    policy,
    folder,
    crl: lists,
    issuer,
    listen: parseListen(listen).slice('tcp://'.length),
    metrics,
    onLogFailure,
    socket: resolve(socket),
    user: account('--user', user),
    group: account('--group', group),
  })
  const [closed] = (await Promise.all([process.execPath, dirname(script)].map(closedFolders))).flat()
  const warnings = [
    ...(lists.length === 0 ? [NO_LIST] : []),
    ...(isInNpxCache(script)
      ? [sentence`${script} is in the cache of npx, which npm may empty. ${INSTALL_FIRST}`]
      : []),
    ...(closed === undefined
      ? []
      : [
          `The user ${user} can't enter ${closed}, and so can't run this installation. Install Node.js and docker-mtls for all users.`,
        ]),
  ]
  if (flags.write === undefined) {
    const text = `# /etc/systemd/system/${unit.name}\n${unit.text}`
    context.answer({ data: { files: [unit], warnings: textsOf(warnings) }, text, warnings }, flags)
    return
  }
  const { writeUnits } = await import('../reports/units.ts')
  const { SERVER_FILES } = await import('../../apply/server-folder.ts')
  const issuing = issuer === undefined ? [] : Object.values(issuerFilesIn(issuer))
  const folders = [folder, ...(issuer === undefined || issuer === folder ? [] : [issuer])]
  const names = [...SERVER_FILES.map((name) => join(folder, name)), policy, ...lists, ...issuing]
  const steps = [
    `useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${user}`,
    shellLine('chgrp', user, ...folders, ...names),
    shellLine('chmod', '750', ...folders),
    shellLine('chmod', '640', ...names),
    'systemctl daemon-reload',
    `systemctl enable ${unit.name}`,
    `systemctl restart ${unit.name}`,
  ]
  await writeUnits([unit], { ...flags, write: flags.write, steps, warnings }, context)
}

/** Named in the unit, a list is required: without it the gateway doesn't start. */
async function ownList(folder: string): Promise<string[]> {
  const path = join(folder, 'crl.pem')
  return (await readIfThere(path)) === undefined ? [] : [path]
}

/** As useradd(8) of Debian accepts names, so that they need no quotes in a unit or in a shell. */
function account(flag: string, name: string): string {
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) return name
  throw usageError(
    `the option ${flag}`,
    `${quoted(name)} is not the name of an account`,
    'Give a name such as docker-mtls.',
  )
}

function define(command: Command, context: Context): void {
  command
    .option('--from <dir>', `the folder with the server's files (default: ${FOLDER})`, once('--from'))
    .option('--policy <file>', 'the policy (default: policy.yaml in that folder)', once('--policy'))
    .option('--crl <file>', 'a revocation list; repeatable (default: crl.pem in that folder)', many('--crl'))
    .option('--issuer <dir>', 'the folder of the issuer that renews certificates', once('--issuer'))
    .option('--listen <addr:port>', `where clients connect (default: 0.0.0.0:${TLS_PORT})`, once('--listen'))
    .option('--metrics <port>', 'serve metrics and health on a port of 127.0.0.1', once('--metrics'))
    .addOption(
      choice('--on-log-failure <what>', "when the audit log can't be written (default: refuse)", ['refuse', 'go-on']),
    )
    .option('--socket <path>', `the daemon's local socket (default: ${SOCKET})`, once('--socket'))
    .option('--user <name>', `the user of the service (default: ${USER})`, once('--user'))
    .option('--group <name>', 'the group that can open that socket (default: docker)', once('--group'))
    .option('--write <dir>', 'write the unit into this folder', once('--write'))
    .option('--force', 'replace a unit that differs; the old one is kept beside it, with a date')
  addJson(command).action((flags: RenderFlags) => runRender(flags, context))
}

export const gatewayRender: CommandSpec = {
  description:
    'Prints the systemd service of a gateway in front of the daemon of this server. It runs as a user of its own, without ' +
    "capabilities, and can write only its audit log; only the group of the daemon's socket lets it do its work. Nothing is installed; " +
    '--write creates the unit file, and shows what to do next.',
  examples: [
    [sentence`${SELF} gateway render`, 'print the unit, with all files in /etc/docker-mtls'],
    [sentence`${SELF} gateway render --write /etc/systemd/system`, 'as root; then do what the output shows'],
  ],
  json: '{ files: [{ name, text }], warnings }, with --write each file has path, action and keptAside too',
  define,
}
