import { SELF, sentence } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { SetHost } from '../../setup/apply-to-hosts.ts'
import type { Certified } from '../../setup/issue-certificates.ts'
import { isDone, type Outcome } from '../../setup/for-each-host.ts'
import type { SeenHost } from '../../setup/inspect-hosts.ts'
import type { SetupOptions } from '../../setup/options.ts'
import type { PlannedHost } from '../../setup/plan-hosts.ts'
import type { SetupTarget } from '../../setup/target.ts'
import { addApplyOptions, rollbackAfterOf, requestedSettings, type ApplyFlags } from '../command-line/apply-options.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, requireSomebody, type ConfirmFlags } from '../terminal/confirm.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { pieceData } from '../reports/data.ts'
import { defaultClient } from '../inputs/default-client.ts'
import { usageError } from '../errors.ts'
import {
  addFolder,
  addJsonLines,
  addPassphraseFile,
  addYes,
  DEFAULT_FOLDER,
  many,
  once,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { withProgress } from '../terminal/progress.ts'
import {
  failureTeller,
  goBackNow,
  hostList,
  hostsData,
  plannedData,
  plansText,
  setData,
  setText,
} from '../reports/setup.ts'

interface SetupFlags extends ApplyFlags, ConfirmFlags, PassphraseFlags {
  readonly dir?: string
  readonly client?: string
  readonly name?: readonly string[]
  readonly context?: string | false
  readonly encryptCaKey?: true
  readonly force?: true
  readonly replaceCa?: true
  readonly dryRun?: true
  readonly json?: true
}

const WHERE = sentence`${SELF} setup`

/** All that the steps of one call share. */
interface Call {
  readonly targets: readonly SetupTarget[]
  readonly options: SetupOptions
  readonly flags: SetupFlags
  readonly context: Context
  readonly tellFailures: ReturnType<typeof failureTeller>
}

async function runSetup(urls: readonly string[], flags: SetupFlags, context: Context): Promise<void> {
  const { readTargets } = await import('../../setup/target.ts')
  const { lookAtHosts } = await import('../../setup/inspect-hosts.ts')
  const targets = readTargets(urls)
  const options = await optionsOf(targets, flags, context)
  const call = { targets, options, flags, context, tellFailures: failureTeller(context) }
  const seen = await showing(call, (shown) => lookAtHosts(targets, shown))
  if (flags.dryRun === true) return answerDryRun(seen, call)
  if (!seen.some(isDone)) return answerNone(seen, call)
  const certified = await certifyAll(seen, call)
  const { planHosts } = await import('../../setup/plan-hosts.ts')
  const planned = await showing(call, (shown) => planHosts(seen, certified, shown))
  await agree(planned, call)
  const set = await carryOut(planned, certified, call)
  answerSet(set, certified, call)
}

/** Where Ctrl-C ends it, it is said of each host what has become of the changes. */
async function carryOut(
  planned: readonly Outcome<PlannedHost>[],
  certified: Certified,
  call: Call,
): Promise<Outcome<SetHost>[]> {
  const { carryOutHosts } = await import('../../setup/apply-to-hosts.ts')
  const { ROLLBACK_AFTER_S } = await import('../../apply/options.ts')
  const { goingBackTeller } = await import('../reports/rollback.ts')
  const hosts = new Map(valuesOf(planned).map((one) => [one.host, one]))
  const atOnce = (host: string): string => {
    const target = hosts.get(host)
    return target === undefined ? '' : goBackNow(target)
  }
  const after = call.options.rollbackAfter ?? ROLLBACK_AFTER_S
  const teller = goingBackTeller(call.context, { after, atOnce }, [...hosts.keys()])
  const set = await showing(call, ({ onStep, ...shown }) =>
    carryOutHosts(planned, certified, { ...shown, ...(onStep && { onStep: teller.watch(onStep) }) }),
  )
  teller.end()
  return set
}

/** Does a part of the work with its progress, and says what has failed in it. */
async function showing<Value>(
  { targets, options, flags, context, tellFailures }: Call,
  work: (options: SetupOptions) => Promise<Outcome<Value>[]>,
): Promise<Outcome<Value>[]> {
  const hosts = targets.map(({ host }) => host)
  const outcomes = await withProgress(context, flags, (onStep) => work({ ...options, onStep }), hosts)
  tellFailures(outcomes)
  return outcomes
}

function valuesOf<Value>(outcomes: readonly Outcome<Value>[]): Value[] {
  return outcomes.filter(isDone).map(({ value }) => value)
}

async function optionsOf(
  targets: readonly SetupTarget[],
  flags: SetupFlags,
  { io }: Context,
): Promise<Omit<SetupOptions, 'onStep'>> {
  const { name: names = [], context } = flags
  const several = targets.length > 1
  if (several && names.length > 0) throw usageError(WHERE, '--name is given, and several hosts', ONE_BY_ONE)
  if (several && typeof context === 'string')
    throw usageError(WHERE, '--context is given, and several hosts', ONE_BY_ONE)
  const client = flags.client ?? (await defaultClient(io.env))
  if (client === undefined) throw usageError(WHERE, 'there is no login name to take', 'Name the client:  --client NAME')
  return {
    dir: flags.dir ?? DEFAULT_FOLDER,
    client: await checkedClient(client),
    names,
    ...(context !== false && { config: dockerConfig(io.env), context }),
    force: flags.force === true,
    replaceCa: flags.replaceCa === true,
    wishes: requestedSettings(flags),
    rollbackAfter: await rollbackAfterOf(flags),
    signal: io.signal,
  }
}

const ONE_BY_ONE = 'Set that host up by itself; with the same --dir the others stay as they are.'

async function checkedClient(name: string): Promise<string> {
  const { parseClientName } = await import('../../pki/client-name.ts')
  return parseClientName(name)
}

async function certifyAll(seen: readonly Outcome<SeenHost>[], { options, flags, context }: Call): Promise<Certified> {
  const { certify } = await import('../../setup/issue-certificates.ts')
  const { hasGoodFiles } = await import('../../setup/plan-hosts.ts')
  const hosts = valuesOf(seen)
  for (const host of hosts) {
    if (!(await hasGoodFiles(host, options.dir))) requireSomebody(question([host]), flags, context.io)
  }
  const run = (passphrase: string | undefined): Promise<Certified> => certify(hosts, options, passphrase)
  return withPassphrase({ folder: options.dir, flags, encrypt: flags.encryptCaKey === true, run }, context)
}

/** All hosts are asked about at once: who sets up ten does not want ten questions. */
async function agree(planned: readonly Outcome<PlannedHost>[], { options, flags, context }: Call): Promise<void> {
  const hosts = valuesOf(planned)
  for (const warning of warningsOf(hosts)) context.warn(warning)
  const changed = hosts.filter(({ plan }) => plan.restarts)
  if (changed.length === 0) return
  if (flags.json !== true) context.say(plansText(changed, context, false))
  const unchanged = `Nothing was changed on any host; what certificates were made are in ${options.dir}.`
  await confirm(question(changed), flags, context, unchanged)
}

function question(hosts: readonly SetupTarget[]): string {
  return `Write these files and restart docker on ${hostList(hosts)}?`
}

function warningsOf(hosts: readonly PlannedHost[]): string[] {
  return hosts.flatMap(({ host, plan }) => plan.warnings.map((warning) => `${host}: ${warning}`))
}

async function answerDryRun(seen: readonly Outcome<SeenHost>[], call: Call): Promise<void> {
  const { targets, options, flags, context } = call
  const { planDryRun } = await import('../../setup/plan-hosts.ts')
  const planned = await showing(call, (shown) => planDryRun(seen, shown))
  const hosts = valuesOf(planned)
  const failed = hosts.length < planned.length || hosts.some(({ plan }) => plan.conflicts.length > 0)
  const warnings = [
    ...warningsOf(hosts),
    ...hosts.flatMap(({ host, plan }) => (plan.isPending ? [`${host}: ${PENDING}`] : [])),
  ]
  const data = { folder: resolve(options.dir), hosts: hostsData(planned, targets, plannedData, context) }
  context.answer({ data, text: plansText(hosts, context, true), warnings, failed }, flags)
}

const PENDING =
  'An apply did not end there. The next one puts back what it has left, and may then see other files than these.'

function answerNone(seen: readonly Outcome<SeenHost>[], { targets, options, flags, context }: Call): void {
  const data = { folder: resolve(options.dir), hosts: hostsData(seen, targets, () => ({}), context) }
  context.answer({ data, text: '', failed: true }, flags)
}

function answerSet(
  set: readonly Outcome<SetHost>[],
  certified: Certified,
  { targets, options, flags, context }: Call,
): void {
  const { authority, client } = certified
  const data = {
    folder: resolve(options.dir),
    authority: pieceData(authority),
    client: { name: options.client, ...pieceData(client) },
    hosts: hostsData(set, targets, setData(certified), context),
  }
  context.answer({ data, text: setText(valuesOf(set), certified, context), failed: !set.every(isDone) }, flags)
}

function define(command: Command, context: Context): void {
  command.argument('<ssh-url...>', 'the hosts, each ssh://USER@HOST or ssh://USER@HOST:PORT')
  addFolder(command)
  command
    .option('--client <name>', 'the client that this machine uses (default: your login name)', once('--client'))
    .option(
      '--name <name>',
      'a name or address by which the daemon is reached; any number of times, the first one goes into the context (default: as ssh has it)',
      many('--name'),
    )
    .option('--context <name>', 'what the docker context is called (default: as the host)', once('--context'))
    .option('--no-context', 'make no docker context')
    .option('--force', 'replace a docker context of that name that leads elsewhere')
    .option('--replace-ca', 'lock out the clients of an authority that is not of this folder')
  addApplyOptions(command)
  addPassphraseFile(command)
  command
    .option('--encrypt-ca-key', 'encrypt the key of a new authority')
    .option('--dry-run', 'show what would be done, and change nothing, there or here')
  addYes(command)
  addJsonLines(command).action((urls: string[], flags: SetupFlags) => runSetup(urls, flags, context))
}

export const setup: CommandSpec = {
  description:
    'Secures the daemon of each host, by ssh: looks at it, makes certificates for the names by which it is reached, ' +
    "sends the server's files, and applies them with the way back of  daemon apply . Then it proves from here that " +
    'clients get in and nobody else does, and makes a docker context. No key of the authority or of a client leaves this ' +
    'machine, and the host needs neither Node nor this package.\n\n' +
    "It goes through the system's ssh, with its keys, aliases and known hosts, as root or as somebody whose sudo asks for no " +
    'password. Run it again whenever you like: only what has changed is changed. One host that fails stops no other.',
  examples: [
    [sentence`${SELF} setup ssh://root@build01.example.com`, 'then:  docker --context build01.example.com ps'],
    [
      sentence`${SELF} setup ssh://deploy@build01 ssh://deploy@build02 --yes`,
      'several with one authority, without questions',
    ],
    [sentence`${SELF} setup ssh://root@10.0.0.4 --name build01 --context build01`, 'by a name of its own'],
    [sentence`${SELF} setup ssh://root@build01 --dry-run`, 'what would be done'],
  ],
  json: 'lines { type: "step", subject, step, title, state, milliseconds }, then { type: "result", folder, authority, client, hosts: [{ host, ssh, ok, error, url, names, version, files, written, restarted, proof: [{ name, ok, at, got }], context: { name, action }, variables }] };\nsubject is the host.',
  jsonLines: true,
  stray: (extra) => `A host is written  ssh://USER@${extra}`,
  define,
}
