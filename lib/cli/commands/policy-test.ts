import type { Command } from 'commander'
import { basename } from 'node:path'
import { readFlags } from '../../base/docker-flags.ts'
import type { ArgumentError } from '../../base/errors.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { DockerClient } from '../../engine/client.ts'
import { NEWEST_API_VERSION } from '../../base/api-version.ts'
import { isDocker } from '../../gateway/trial/docker-command.ts'
import type { Refusal } from '../../gateway/refusal.ts'
import type { ServedVersion } from '../../gateway/forwarding/served-version.ts'
import type { Own, Trial, TrialOptions, TriedRequest } from '../../gateway/trial/trial.ts'
import type { Decision } from '../../policy/decide.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { Need } from '../../policy/facts.ts'
import type { Json, PolicyRequest, ReadRequest, Reason } from '../../policy/request.ts'
import type { PolicyIdentity } from '../../policy/who/identity.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { addConnectOptions, connectBy, type ConnectFlags } from '../inputs/connect.ts'
import { readCaller, type CallerFlags } from '../inputs/caller.ts'
import { readInput } from '../inputs/input-file.ts'
import { readPolicyFile } from '../inputs/policy-file.ts'

interface TestFlags extends ConnectFlags, CallerFlags {
  readonly request?: string
  readonly body?: string
  readonly ask?: true
  readonly json?: true
}

async function runTest(file: string, command: readonly string[], flags: TestFlags, context: Context): Promise<void> {
  const what = whatToTry(command, flags)
  const policy = await readPolicyFile(file, context)
  const { identity, refusal } = await readCaller(flags, policy, context)
  const docker = flags.ask === true ? (await connectBy(flags, context)).docker : undefined
  try {
    const served = await servedBy(docker)
    const decideOne = await decider(docker, served)
    const decide = inServedVersion(served, (request, own) =>
      decideOne(policy, identity, { ...request, at: new Date() }, own),
    )
    const trial = await what(context, { decide, served, ask: docker && (await asker(docker)) })
    const requests = trial.requests.map((one) => (isLast(one, command) ? answered(one) : one))
    if (requests.length === 0) throw noRequest(command, trial.stderr)
    const failure = failureOf(trial)
    const verdict = refusal ? 'refuse' : overall({ ...trial, requests }, command, failure)
    const certificate = refusal && { code: refusal.code, got: refusal.message }
    const data = {
      verdict,
      ...(certificate && { certificate }),
      ...(failure && { failure }),
      requests: requests.map(dataOf),
    }
    const parts = [
      ...(refusal ? [refusalText(refusal, context)] : []),
      ...requests.map((one) => textOf(one, context, docker !== undefined)),
      ...(failure ? [failureText(failure, context)] : []),
    ]
    const text = `${parts.join('\n\n')}\n`
    context.answer({ data, text, exitCode: verdict === 'allow' ? 0 : 3 }, flags)
  } finally {
    await docker?.close()
  }
}

type Asking = Pick<TrialOptions, 'decide' | 'ask' | 'served'>
type Attempt = (context: Context, asking: Asking) => Promise<Trial>

function whatToTry(command: readonly string[], { request, body }: TestFlags): Attempt {
  if (request !== undefined && command.length > 0)
    throw usageError(WHERE, '--request and a command are both given', 'Give one of them.')
  if (request !== undefined) return (context, { decide }) => tryRequest(request, body, context, decide)
  if (body !== undefined) throw usageError(WHERE, '--body is given without --request', 'Add  --request "POST /PATH" .')
  if (command.length === 0)
    throw usageError(
      WHERE,
      'there is nothing to try',
      sentence`Add a command:  ${SELF} policy test POLICY --as NAME -- docker run alpine`,
    )
  refuseOtherDaemon(command)
  return (context, asking) => tryCommandLine(command, context, asking)
}

/** The command would reach a real daemon, or a builder beside it. */
function refuseOtherDaemon([file = '', ...words]: readonly string[]): void {
  if (/^(?:sudo|doas|su|pkexec|runuser|ssh)$/.test(basename(file)))
    throw usageError(WHERE, `${printable(file)} can keep the command from the trial`, 'Write the command without it.')
  if (!/^(?:docker(?:-compose|-buildx)?|buildx)(?:\.exe)?$/.test(basename(file))) return
  const [flag] = readFlags(words).flags.find(([one]) => one === '--host' || one === '--context') ?? []
  const builder = [file, ...words].some(isBuilding) ? words.find((word) => /^--builder(?:=|$)/.test(word)) : undefined
  const [found, what] = flag === undefined ? [builder, 'builder'] : [flag, 'daemon']
  if (found === undefined) return
  const got = `${printable(found)} of the docker command names a real ${what}`
  throw usageError(WHERE, got, 'Remove it: the command is only tried.')
}

const isBuilding = (word: string): boolean =>
  /^(?:build|builder|bake|(?:\S*\/)?(?:docker-)?buildx(?:\.exe)?)$/.test(word)

const WHERE = sentence`${SELF} policy test`

async function tryRequest(
  line: string,
  file: string | undefined,
  context: Context,
  decide: Asking['decide'],
): Promise<Trial> {
  const [, method = '', target = ''] = /^([A-Z]+) (\S+)$/.exec(line) ?? []
  if (method === '')
    throw usageError(
      WHERE,
      sentence`--request is ${JSON.stringify(line)}`,
      'Write  "METHOD /PATH" , such as  "GET /containers/json" .',
    )
  const body =
    file === undefined ? undefined : await readInput(file, context.io, { what: 'the body', maxBytes: 5 * 1024 * 1024 })
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const decision = await decide({ method, target, headers, isRewritten: true, ...(body && { body }) }, () => undefined)
  return { requests: [{ line, decision }], exitCode: 0, stderr: '' }
}

async function tryCommandLine(command: readonly string[], { io }: Context, asking: Asking): Promise<Trial> {
  const { tryCommand } = await import('../../gateway/trial/trial.ts')
  try {
    return await tryCommand(command, { ...asking, env: io.env, signal: io.signal })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    const got = `there is no command ${printable(command[0] ?? '')} here`
    throw usageError(
      WHERE,
      got,
      'Run this where the command is installed, or give the request:  --request "POST /PATH" --body FILE',
    )
  }
}

/** But a hint such as "See 'docker run --help'." */
const lastLine = (stderr: string): string =>
  stderr.split('\n').findLast((line) => line.trim() !== '' && !/^(?:See|Run) '/.test(line)) ?? ''

const firstLine = (stderr: string): string => stderr.trim().split('\n')[0] ?? ''

function noRequest(command: readonly string[], stderr: string): ArgumentError {
  const line = firstLine(stderr)
  const said = line === '' ? '' : `; it said: ${printable(line)}`
  return usageError(WHERE, `${printable(command.join(' '))} sent no request${said}`, 'Correct the command.')
}

type Decider = (
  policy: Policy,
  identity: PolicyIdentity,
  request: PolicyRequest,
  own: Own,
) => Decision | Promise<Decision>

/** What a gateway serves in front of the daemon, or of one that is as new as docker-mtls. */
async function servedBy(docker: DockerClient | undefined): Promise<ServedVersion> {
  const [{ ServedVersion }, { pingDaemon }] = await Promise.all([
    import('../../gateway/forwarding/served-version.ts'),
    import('../../gateway/deciding/inspect.ts'),
  ])
  const newest = { headers: { 'api-version': NEWEST_API_VERSION } }
  return new ServedVersion(async () => (docker ? pingDaemon(docker.dispatcher, { method: 'HEAD' }) : newest))
}

/** Decides in the version in which a gateway would send the request. */
function inServedVersion(served: ServedVersion, decide: TrialOptions['decide']): TrialOptions['decide'] {
  return async (request, own) => {
    const { target } = request
    const decision = await decide({ ...request, target: await served.judged(target) }, own)
    const tooNew = await served.refuseNewer(target)
    if (tooNew === undefined) return decision
    const reason: Reason = { code: 'VERSION_UNKNOWN', where: 'the version', got: tooNew.message }
    return { ...decision, verdict: 'refuse', reasons: [reason], audit: [], warn: [], needs: [] }
  }
}

/** Asks the daemon, if there is a client. */
async function decider(docker: DockerClient | undefined, served: ServedVersion): Promise<Decider> {
  const [{ decide }, { decideOpening }] = await Promise.all([
    import('../../policy/decide.ts'),
    import('../../policy/calls/open.ts'),
  ])
  // The policy has allowed what the command created. A gateway judges the calls of a build one by one.
  const decideAlone = (own: Own, ...given: Parameters<typeof decideOpening>): Decision => {
    const decision = decideOpening(...given) ?? decide(...given)
    const isOwn = decision.verdict !== 'refuse' && decision.needs.length > 0 && decision.needs.every(own)
    return isOwn ? { ...decision, verdict: 'allow', needs: [] } : decision
  }
  if (docker === undefined) return (policy, identity, request, own) => decideAlone(own, policy, identity, request)
  const { decideAsking } = await import('../../policy/decide-asking.ts')
  const { inspectThing } = await import('../../gateway/deciding/inspect.ts')
  return (policy, identity, request, own) => {
    // A volume that is there already stays as it is when it is created once more.
    const isNew: Own = (need) => (need.kind === 'volume' ? undefined : own(need))
    const alone = decideAlone(isNew, policy, identity, request)
    if (alone.needs.length === 0) return alone
    const inspect = async (need: Need): Promise<Json> =>
      (isNew(need) ??
        (await inspectThing({ dispatcher: docker.dispatcher, onlyDockerd: true, served }, need.kind, need.name)) ??
        own(need) ??
        null) as Json
    return decideAsking(policy, identity, request, inspect)
  }
}

/** Lets the daemon answer what lists and inspects, as the caller would see it. */
async function asker({ dispatcher }: DockerClient): Promise<NonNullable<Asking['ask']>> {
  const [{ writeRequest }, { collect }] = await Promise.all([
    import('../../policy/writing.ts'),
    import('../../transport/send.ts'),
  ])
  return async ({ read, filterAnswer }) => {
    const { method, target: path } = writeRequest(read as ReadRequest)
    const { status, body } = await collect(dispatcher, { method, path })
    const value = JSON.parse(body.toString()) as Json
    return { status, value: filterAnswer && status === 200 ? filterAnswer(value) : value }
  }
}

function overall(
  { requests, exitCode }: Trial,
  command: readonly string[],
  failure: Failure | undefined,
): Decision['verdict'] {
  // Clients look whether something is there before they create it.
  const counting = requests.filter(
    ({ decision }) => exitCode !== 0 || command.length === 0 || !isLookForMissing(decision),
  )
  const verdicts = new Set(['allow', ...counting.map(({ decision }) => decision.verdict)])
  if (verdicts.has('refuse')) return 'refuse'
  const isUntried = requests.some(({ unanswered }) => unanswered)
  return verdicts.has('needs') || isUntried || failure !== undefined ? 'needs' : 'allow'
}

const isLookForMissing = ({ verdict, reasons, operation }: Decision): boolean =>
  verdict === 'refuse' && operation?.endsWith('.inspect') === true && reasons.every(({ code }) => code === 'NOT_FOUND')

/** docker would keep the password or write the file if it got an answer. It sends nothing else. */
const LAST = new Set(['system.auth', 'images.save', 'containers.export', 'containers.archive.get', 'containers.stats'])

const isLast = ({ decision }: TriedRequest, [file = '']: readonly string[]): boolean =>
  LAST.has(decision.operation ?? '') && isDocker(file)

const answered = ({ line, decision }: TriedRequest): TriedRequest => ({ line, decision })

interface Failure {
  readonly exitCode: number | null
  readonly said: string
}

/** The command ended early, though nothing has stopped it. */
function failureOf({ requests, exitCode, stderr }: Trial): Failure | undefined {
  const isStopped = requests.some(({ decision, unanswered }) => unanswered || decision.verdict !== 'allow')
  return exitCode === 0 || isStopped ? undefined : { exitCode, said: lastLine(stderr) }
}

function dataOf({ line, decision, unanswered }: TriedRequest): object {
  // What was read has maps, which JSON doesn't know, and its text is in the line.
  return { request: line, ...decision, read: undefined, unanswered }
}

const MARKS = { allow: 'allowed', refuse: 'refused', needs: 'depends' } as const
const COLOURS = { allow: 'green', refuse: 'red', needs: 'yellow' } as const

/** The gateway doesn't ask the policy then. What the policy would say follows. */
function refusalText({ code, message }: Refusal, { paint, width }: Context): string {
  const head = `${paint(COLOURS.refuse, MARKS.refuse)}  ${paint('bold', 'the certificate')}`
  return `${head}\n${wrap(printable(`${code}: ${message}`), width, '  ')}\n${wrap('The policy would say:', width, '  ')}`
}

/** What the command would have sent then isn't tried. */
function failureText({ exitCode, said }: Failure, { paint, width }: Context): string {
  const head = `${paint(COLOURS.needs, MARKS.needs)}  ${paint('bold', 'the command gave up')}`
  const code = exitCode === null ? 'A signal ended it' : `It ended with exit code ${exitCode}`
  return `${head}\n${wrap(`${code}${said === '' ? '' : `; it said: ${printable(said)}`}`, width, '  ')}`
}

function textOf({ line, decision, unanswered }: TriedRequest, { paint, width }: Context, asks: boolean): string {
  const { verdict, rule, level, reasons, audit, warn, needs, operation = 'unknown operation' } = decision
  const by = rule === undefined ? 'no rule' : `rule ${rule}, level ${level ?? ''}`
  const row = (text: string): string => wrap(printable(text), width, '  ')
  return [
    `${paint(COLOURS[verdict], MARKS[verdict])}  ${paint('bold', operation)}  ${printable(line)}`,
    row(`by ${by}`),
    ...reasons.map((reason) => row(reasonText(reason))),
    ...needs.map((need) => row(`depends on ${needText(need)}: add --ask to ask the daemon`)),
    ...audit.map((reason) => row(`audit: ${reasonText(reason)}`)),
    ...warn.map((reason) => row(`warn: ${reasonText(reason)}`)),
    ...(unanswered ? [row('The trial has no answer to this. Later requests that need one were not tried.')] : []),
    ...(unanswered && !asks && operation.endsWith('.list') ? [row('Add --ask to ask the daemon.')] : []),
  ].join('\n')
}

const needText = ({ kind, name }: Need): string =>
  kind === 'daemon' ? 'the defaults of the daemon' : `the ${kind} ${name}`

function reasonText({ code, where, got }: Reason): string {
  return `${code}: ${where === undefined || where === '' ? '' : `${where}: `}${got}`
}

function define(command: Command, context: Context): void {
  command
    .argument('<policy>', 'the policy file, or - for stdin')
    .argument('[command...]', 'the command to try, after  --')
    .option('--as <name>', "the caller's common name", once('--as'))
    .option('--group <unit>', "an organizational unit of the caller's certificate; repeatable", many('--group'))
    .option('--cert <file>', "the caller's certificate, instead of --as", once('--cert'))
    .option('--ca <file>', 'the CAs of the gateway, for --cert and rules with issuer', once('--ca'))
    .option('--socket <name>', 'the name of the local socket that the caller uses, instead of --as', once('--socket'))
    .option('--request <line>', 'try a request of the Engine API instead of a command', once('--request'))
    .option('--body <file>', 'the JSON body of the request, or - for stdin', once('--body'))
    .option('--ask', 'ask the daemon about what requests name, list or inspect')
  addConnectOptions(command)
  addJson(command).action((file: string, words: readonly string[], flags: TestFlags) =>
    runTest(file, words, flags, context),
  )
}

export const policyTest: CommandSpec = {
  description:
    'Tries what a policy says about a command such as  docker run , or about one request. The command runs here, with ' +
    'DOCKER_HOST set to a daemon that only answers what the policy says, and carries nothing out. --as and --group test ' +
    'rules for common names and organizational units alone; --cert tests all, and with the ca.pem of the gateway as --ca, also ' +
    'whether the gateway accepts the certificate. Revocation lists are not read. Exit code 3: something is refused, or ' +
    'depends on what the daemon has, or was not tried to its end. The image of  docker run  counts as pulled.',
  examples: [
    [sentence`${SELF} policy test policy.yaml --as ann -- docker run -v /:/host alpine`, 'a command'],
    [sentence`${SELF} policy test policy.yaml --group ci --request "GET /info"`, 'a request, as a member of ci'],
    [
      sentence`${SELF} policy test policy.yaml --as ann --ask -- docker exec web sh`,
      'what the container web amounts to',
    ],
  ],
  json: '{ verdict ("allow", "refuse", "needs"), certificate: { code, got }, failure: { exitCode, said }, requests: [{ request, verdict, rule, level, operation, reasons: [{ code, where, got }], audit, warn, needs: [{ kind, name }], unanswered }] }',
  define,
}
