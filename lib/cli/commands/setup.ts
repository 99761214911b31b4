import { SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { IssuedCertificates } from '../../setup/issue-certificates.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { InspectedHost } from '../../setup/inspect-hosts.ts'
import type { SetupOptions } from '../../setup/options.ts'
import type { SetupTarget } from '../../setup/target.ts'
import { addApplyOptions, rollbackAfterOf, requestedSettings, type ApplyFlags } from '../command-line/apply-options.ts'
import { pendingWarning } from '../change-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, requireSomebody, type ConfirmFlags } from '../terminal/confirm.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { issuedData } from '../reports/data.ts'
import { setupClient } from '../inputs/setup-client.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJsonLines, addPassphraseFile, addYes, many, once } from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { valuesOf, withRollback, withSteps, type HostsCall } from '../reports/host-steps.ts'
import { failureReporter, hostList, hostsData, setData, setText, type ReachedSetup } from '../reports/setup.ts'
import { DAEMON_WAY, type PlannedThere, type Way } from '../reports/setup-way.ts'
import { agreeToNewCa } from '../inputs/new-ca.ts'
import { withFolder, type FolderFlags, type Placed } from '../inputs/key-folder.ts'

interface SetupFlags extends ApplyFlags, ConfirmFlags, PassphraseFlags, FolderFlags {
  readonly client?: string
  readonly name?: readonly string[]
  readonly context?: string | false
  readonly encryptCaKey?: true
  readonly force?: true
  readonly replaceCa?: true
  readonly gateway?: true
  readonly policy?: string
  readonly dryRun?: true
  readonly undo?: true
  readonly json?: true
}

const WHERE = sentence`${SELF} setup`

type Call = HostsCall<Omit<SetupOptions, 'onStep'>, SetupFlags & Placed>

async function runUndo(urls: readonly string[], flags: SetupFlags, command: Command, context: Context): Promise<void> {
  const { refuseUselessOptions, undoSetup } = await import('./setup-undo.ts')
  refuseUselessOptions(command)
  await undoSetup(urls, flags, context)
}

async function runSetup(urls: readonly string[], given: SetupFlags, command: Command, context: Context): Promise<void> {
  const { parseTargets } = await import('../../setup/target.ts')
  const targets = parseTargets(urls)
  if (given.gateway !== true && given.policy !== undefined)
    throw usageError(WHERE, '--policy works only with --gateway', 'Add --gateway, or leave --policy out.')
  if (given.gateway === true) (await import('./setup-gateway.ts')).refuseDaemonOptions(command)
  const flags = await withFolder(given, context)
  const options = await optionsOf(targets, flags, context)
  const call = { targets, options, flags, context, reportFailures: failureReporter(context) }
  if (flags.gateway !== true) return setUp(DAEMON_WAY, call)
  const { gatewayWay, requestedGateways } = await import('./setup-gateway.ts')
  const gateway = await requestedGateways(flags.policy, options.client, context)
  return setUp(gatewayWay(gateway), { ...call, options: { ...options, gateway } })
}

async function setUp<Planned extends PlannedThere, Done extends ReachedSetup>(
  way: Way<Planned, Done>,
  call: Call,
): Promise<void> {
  const { inspectHosts } = await import('../../setup/inspect-hosts.ts')
  const { targets, flags, context } = call
  await agreeToNewCa(['setup'], flags, context)
  const seen = await withSteps(call, (shown) => inspectHosts(targets, shown))
  if (flags.dryRun === true) return answerDryRun(way, seen, call)
  if (!seen.some(isSuccess)) return answerNone(seen, call)
  const certified = await certifyAll(way, seen, call)
  const planned = await withSteps(call, (shown) => way.plan(seen, certified, shown))
  await agree(way, planned, call)
  const set = await withRollback(planned, call, (shown) => way.apply(planned, certified, shown))
  answerSet(way, set, certified, call)
}

async function optionsOf(
  targets: readonly SetupTarget[],
  flags: SetupFlags & Placed,
  { io }: Context,
): Promise<Omit<SetupOptions, 'onStep'>> {
  const { name: names = [], context } = flags
  const several = targets.length > 1
  if (several && names.length > 0) throw usageError(WHERE, '--name works only with one host', ONE_BY_ONE)
  if (several && typeof context === 'string') throw usageError(WHERE, '--context works only with one host', ONE_BY_ONE)
  const client = flags.client ?? (await setupClient(flags.dir, targets, io.env))
  return {
    dir: flags.dir,
    client: await checkedClient(client),
    names,
    ...(context !== false && { config: dockerConfig(io.env), context }),
    force: flags.force === true,
    replaceCa: flags.replaceCa === true,
    requested: await requestedSettings(flags, io),
    rollbackAfter: await rollbackAfterOf(flags),
    signal: io.signal,
  }
}

const ONE_BY_ONE = 'Set up that host separately, with the same --dir; the other hosts stay as they are.'

async function checkedClient(name: string): Promise<string> {
  const { parseClientName } = await import('../../pki/client-name.ts')
  return parseClientName(name)
}

async function certifyAll<Planned extends PlannedThere, Done extends ReachedSetup>(
  way: Way<Planned, Done>,
  seen: readonly Outcome<InspectedHost>[],
  { options, flags, context }: Call,
): Promise<IssuedCertificates> {
  const { issueCertificates } = await import('../../setup/issue-certificates.ts')
  const { hasValidFiles } = await import('../../setup/plan-hosts.ts')
  const hosts = valuesOf(seen)
  for (const host of hosts) {
    if (!(await hasValidFiles(host, options.dir))) requireSomebody(way.question(hostList([host])), flags, context.io)
  }
  const run = (passphrase: string | undefined): Promise<IssuedCertificates> =>
    issueCertificates(hosts, options, passphrase)
  return withPassphrase({ folder: options.dir, flags, encrypt: flags.encryptCaKey === true, run }, context)
}

/** Asks once for all hosts. */
async function agree<Planned extends PlannedThere, Done extends ReachedSetup>(
  way: Way<Planned, Done>,
  planned: readonly Outcome<Planned>[],
  { options, flags, context }: Call,
): Promise<void> {
  const hosts = valuesOf(planned)
  for (const warning of warningsOf(hosts)) context.warn(warning)
  const changed = hosts.filter(way.isChanged)
  if (changed.length === 0) return
  if (flags.json !== true) context.say(way.plansText(changed, context, false))
  const unchanged = `Nothing was changed on any host. New certificates are in ${options.dir}.`
  await confirm(way.question(hostList(changed)), flags, context, unchanged)
}

function warningsOf(hosts: readonly PlannedThere[]): Sentence[] {
  return hosts.flatMap(({ host, plan }) => plan.warnings.map(({ text }) => sentence`${host}: ${text}`))
}

async function answerDryRun<Planned extends PlannedThere, Done extends ReachedSetup>(
  way: Way<Planned, Done>,
  seen: readonly Outcome<InspectedHost>[],
  call: Call,
): Promise<void> {
  const { targets, options, flags, context } = call
  const planned = await withSteps(call, (shown) => way.planDryRun(seen, shown))
  const hosts = valuesOf(planned)
  const failed = hosts.length < planned.length || hosts.some(({ plan }) => plan.conflicts.length > 0)
  const warnings = [
    ...warningsOf(hosts),
    ...hosts.flatMap(({ host, plan }) =>
      plan.isPending ? [`${host}: ${pendingWarning('The next one', ' there')}`] : [],
    ),
  ]
  const data = { folder: resolve(options.dir), hosts: hostsData(planned, targets, way.plannedData, context) }
  context.answer({ data, text: way.plansText(hosts, context, true), warnings, failed }, flags)
}

function answerNone(seen: readonly Outcome<InspectedHost>[], { targets, options, flags, context }: Call): void {
  const data = { folder: resolve(options.dir), hosts: hostsData(seen, targets, () => ({}), context) }
  context.answer({ data, text: '', failed: true }, flags)
}

function answerSet<Planned extends PlannedThere, Done extends ReachedSetup>(
  way: Way<Planned, Done>,
  set: readonly Outcome<Done>[],
  certified: IssuedCertificates,
  { targets, options, flags, context }: Call,
): void {
  const { authority, client } = certified
  const data = {
    folder: resolve(options.dir),
    authority: issuedData(authority),
    client: { name: options.client, ...issuedData(client) },
    hosts: hostsData(set, targets, setData(certified, way.done.data), context),
  }
  context.answer(
    { data, text: setText(valuesOf(set), certified, way.done, context), failed: !set.every(isSuccess) },
    flags,
  )
}

function define(command: Command, context: Context): void {
  command.argument('<ssh-url...>', 'the hosts, each as ssh://USER@HOST or ssh://USER@HOST:PORT')
  addFolder(command)
  command
    .option(
      '--client <name>',
      'the client certificate that this machine uses (default: your login name, or the client that the folder has already)',
      once('--client'),
    )
    .option(
      '--name <name>',
      'a name or address that clients connect to; repeatable, the first one goes into the context (default: the host of the SSH URL)',
      many('--name'),
    )
    .option('--context <name>', 'the name of the docker context (default: the name of the host)', once('--context'))
    .option('--no-context', 'create no docker context')
    .option('--force', 'replace a docker context of that name for another daemon or client')
    .option('--replace-ca', "replace a CA that isn't in this folder; the host then refuses its clients")
  command
    .option('--gateway', 'put a gateway in front of each daemon, which asks a policy; the host needs Node.js')
    .option(
      '--policy <file>',
      'with --gateway: who may do what (default: the policy there, or one for this client alone)',
      once('--policy'),
    )
  addApplyOptions(command)
  addPassphraseFile(command)
  command
    .option('--encrypt-ca-key', 'encrypt the key of a new CA with a passphrase')
    .option('--dry-run', 'show the changes, and make none, there or here')
    .option('--undo', 'take everything back that setup has done on these hosts, and for them in this folder')
  addYes(command)
  addJsonLines(command).action((urls: string[], flags: SetupFlags) =>
    flags.undo === true ? runUndo(urls, flags, command, context) : runSetup(urls, flags, command, context),
  )
}

export const setup: CommandSpec = {
  description:
    'Secures the daemon of each host over ssh, with automatic rollback. On each host it checks the daemon, then creates ' +
    "certificates for the names that clients connect to, copies the server's files, and applies them as  daemon apply  does. " +
    'It verifies from here, with real connections, that your clients get in and nobody else does, and creates a docker ' +
    'context. The keys of the CA and of clients never leave this machine. The host needs neither Node.js nor docker-mtls.' +
    '\n\n' +
    'With --gateway, dockerd listens on its local socket alone, and a gateway takes its place on the network, as  gateway apply  ' +
    'does: it asks a policy what each client may do, and refuses revoked clients at once. The host needs Node.js; docker-mtls ' +
    'copies itself there. Without --policy, a new gateway lets only the client of this setup in, as root. Options for the ' +
    "configuration of dockerd don't go with it." +
    '\n\n' +
    "It uses the system's ssh with its keys, aliases and known hosts, as root or as a user with passwordless sudo. You can " +
    "pass several hosts: a failure on one doesn't affect the others. You can run it again at any time: it changes only what " +
    'differs.' +
    '\n\n' +
    'With --undo it takes everything back: on each host as  gateway remove  and  daemon remove  do, then here the docker ' +
    'context that it created ' +
    "and the server's files. If a host fails, its files here stay, so that you can try again. The CA and the clients always " +
    'stay. With --undo, setup accepts only --dir, --home, --dry-run, --rollback-after, --yes and --json.',
  examples: [
    [sentence`${SELF} setup ssh://root@build01.example.com`, 'then:  docker --context build01.example.com ps'],
    [
      sentence`${SELF} setup ssh://deploy@build01 ssh://deploy@build02 --yes`,
      'several hosts with one CA, without questions',
    ],
    [
      sentence`${SELF} setup ssh://root@10.0.0.4 --name build01 --context build01`,
      'with another name, for the certificate and the context',
    ],
    [
      sentence`${SELF} setup --gateway --policy policy.yaml ssh://root@build01`,
      'with a gateway, which lets each client do what the policy says',
    ],
    [sentence`${SELF} setup ssh://root@build01 --dry-run`, 'show the changes'],
    [sentence`${SELF} setup --undo ssh://root@build01`, 'show what would be taken back, ask, then do it'],
  ],
  json: 'lines { type: "step", subject, step, title, state, milliseconds }, then { type: "result", folder, authority, client, hosts: [{ host, ssh, ok, error, url, names, version, files, written, restarted, proof: [{ name, ok, at, got }], context: { name, action }, variables }] };\nsubject is the host. With --gateway each host has program: { version, folder, bytes, copied } and the fields of gateway apply, too. With --undo the result is { folder, hosts: [{ host, ssh, ok, error, files: [{ path, action }], conflicts, losses, stays, closes, listens, backups, gateway, copies, contexts: [{ name, host, action, current }], server: { folder, files, stays }, removed }], left: { folder, servers, clients }, warnings }.',
  jsonLines: true,
  stray: (extra) => `Write a host as  ssh://USER@${extra}`,
  define,
}
