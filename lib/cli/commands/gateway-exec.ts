import type { Command } from 'commander'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import { childEnvironment } from '../../base/child-environment.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { codeOf, systemReason } from '../../base/system-error.ts'
import { makeTemporaryFolder } from '../../base/temporary-names.ts'
import { printable } from '../../base/text.ts'
import type { DockerClient } from '../../engine/client.ts'
import { socketEnvironment } from '../../gateway/trial/socket-environment.ts'
import { LEVELS, type HostPath, type Level, type Policy } from '../../policy/file/types.ts'
import type { CommandSpec, Context } from '../command.ts'
import { choice, many, once as onlyOnce } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { asUser, closeInherited } from '../inputs/as-user.ts'
import { hostPathOf, replaceableWarnings } from '../inputs/bind.ts'
import { addConnectOptions, connectBy, type ConnectFlags } from '../inputs/connect.ts'
import { readPolicyFile } from '../inputs/policy-file.ts'
import { warnOfSshKeys } from '../inputs/ssh-keys.ts'
import { findUser, mayWrite, type HostUser } from '../inputs/user.ts'
import { gatewayLog } from '../reports/gateway.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'
import type { Io } from '../terminal/io.ts'

interface ExecFlags extends ConnectFlags {
  readonly level?: Level
  readonly bind?: readonly string[]
  readonly policy?: string
  readonly as?: string
  readonly user?: string
}

const WHERE = sentence`${SELF} gateway exec`
/** The name of the socket in a policy that is made of options. */
const NAME = 'exec'

async function runExec(words: readonly string[], flags: ExecFlags, context: Context): Promise<void> {
  const user = flags.user === undefined ? undefined : await findUser(flags.user)
  const policy = await policyOf(flags, user, context)
  for (const warning of policyWarnings(policy)) context.warn(warning)
  const { docker } = await connectBy(flags, context)
  try {
    if (flags.bind !== undefined && docker.endpoint.kind !== 'unix')
      throw usageError(
        'the option --bind',
        'the daemon is on another machine',
        'Write paths of that machine into a policy.',
      )
    await warnOfWaysAround(docker, user, context)
    await warnOfSshKeys(docker, policy, context)
    // Those of --bind were refused.
    if (user && flags.bind === undefined && docker.endpoint.kind === 'unix')
      for (const warning of await replaceableWarnings(hostPathsOf(policy, flags.as ?? NAME))) context.warn(warning)
    const exitCode = await behindGateway({ policy, as: flags.as ?? NAME, docker, user }, words, context)
    context.answer({ data: {}, text: '', exitCode }, {})
  } finally {
    await docker.close()
  }
}

async function policyOf(
  { level, bind = [], policy, as }: ExecFlags,
  user: HostUser | undefined,
  context: Context,
): Promise<Policy> {
  if (policy !== undefined) {
    if (level !== undefined || bind.length > 0)
      throw usageError(WHERE, '--policy is given, and --level or --bind, too', 'Write the limits into the policy.')
    if (as === undefined)
      throw usageError(WHERE, '--as is missing', 'Name the caller, as  who: { socket: NAME }  of the policy does.')
    return readPolicyFile(policy, context)
  }
  if (level === undefined)
    throw usageError(
      WHERE,
      'nothing says what the command may do',
      'Add  --level restricted , or  --policy FILE --as NAME .',
    )
  const hostPaths = await Promise.all(bind.map((text) => hostPathOf(text, user)))
  const { definePolicy } = await import('../../policy/file/parse.ts')
  const allow = hostPaths.length > 0 ? { allow: { hostPaths } } : {}
  return definePolicy({ version: 1, rules: [{ name: NAME, who: { socket: as ?? NAME }, level, ...allow }] })
}

/** What the rules for a socket, now or after the end of others, let containers mount. */
function hostPathsOf({ rules }: Policy, as: string): HostPath[] {
  return rules
    .filter(
      ({ who, level }) => level.enforce !== 'privileged' && (who.any === true || who.socket?.includes(as) === true),
    )
    .flatMap(({ allow }) => allow.hostPaths)
}

async function warnOfWaysAround(
  { endpoint }: DockerClient,
  user: HostUser | undefined,
  context: Context,
): Promise<void> {
  if (user === undefined)
    context.warn(
      sentence`The command runs as you, who can reach the daemon: it can go around the gateway. As root, add  --user NAME  to run it as another user.`,
    )
  else if (user.uid === 0 || (endpoint.kind === 'unix' && (await mayWrite(endpoint.path, user))))
    context.warn(`${user.name} can open the daemon's socket and go around the gateway. Name another user.`)
}

interface Behind {
  readonly policy: Policy
  readonly as: string
  readonly docker: DockerClient
  readonly user: HostUser | undefined
}

/** Socket, gateway and command end together. */
async function behindGateway(behind: Behind, words: readonly string[], context: Context): Promise<number> {
  const { policy, as, docker, user } = behind
  const { createGateway } = await import('../../gateway/create.ts')
  // The folder for temporary files may be root's own.
  const folder = await makeTemporaryFolder(join(user ? '/run' : tmpdir(), 'docker-mtls'))
  try {
    const socket = join(folder, 'docker.sock')
    const gateway = await createGateway({ listen: { socket, as }, daemon: docker, policy, log: gatewayLog(context) })
    try {
      if (user) await openFor(user, folder, socket)
      const command = user ? [...(await wayTo(user, context)), ...words] : words
      const env = environmentFor(context.io, socket, user)
      return await runBehind(command, { env, isOther: user !== undefined }, context)
    } finally {
      await gateway.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function wayTo(user: HostUser, context: Context): Promise<readonly string[]> {
  closeInherited()
  const { before, endsWhole } = await asUser(user)
  if (!endsWhole && [0, 1, 2].some((descriptor) => isatty(descriptor)))
    context.warn(
      'Processes that outlive the command keep this terminal: they can read what you type, and write to it. To end them, unshare (util-linux) and CAP_SYS_ADMIN are needed here. Close this terminal afterwards.',
    )
  return before
}

/** The folder stays root's, so that its removal can't be led elsewhere. */
async function openFor({ uid, gid }: HostUser, folder: string, socket: string): Promise<void> {
  await chown(socket, uid, gid)
  await chmod(folder, 0o711)
}

/** The exit codes of shells for a command that can't be run, and for one that is missing (POSIX, Shell Command Language 2.8.2). */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

/** What a command of another user gets of the environment of root. */
const CLEAN = /^(?:PATH|TERM|COLORTERM|NO_COLOR|LANG|LC_\w+|TZ)$/

function environmentFor({ env }: Io, socket: string, user: HostUser | undefined): NodeJS.ProcessEnv {
  const chosen = socketEnvironment(socket)
  if (user === undefined) return { ...env, ...chosen }
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => CLEAN.test(name)))
  return { ...kept, HOME: user.home, USER: user.name, LOGNAME: user.name, ...chosen }
}

async function runBehind(
  [file = '', ...args]: readonly string[],
  { env, isOther }: { readonly env: NodeJS.ProcessEnv; readonly isOther: boolean },
  { io, say }: Context,
): Promise<number> {
  io.signal.throwIfAborted()
  try {
    // Without a session of its own, another user could type into root's terminal (TIOCSTI).
    const child = spawn(file, args, { env: childEnvironment(env), stdio: 'inherit', detached: isOther })
    const closed = closeOf(child)
    await once(child, 'spawn')
    child.on('error', (error) => say(systemReason(error)))
    const pass = (signal: NodeJS.Signals): void => passOn(signal, child, isOther)
    const giveBack = io.takeSignals?.(pass)
    if (io.signal.aborted) pass('SIGTERM')
    return await closed.finally(giveBack)
  } catch (error) {
    say(`${printable(file)}: ${systemReason(error)}`)
    return codeOf(error) === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE
  }
}

function passOn(signal: NodeJS.Signals, child: ChildProcess, isOther: boolean): void {
  // A terminal sends Ctrl-C to all of its session.
  if (!isOther && signal === 'SIGINT' && isatty(0)) return
  if (!isOther || child.pid === undefined) return void child.kill(signal)
  try {
    // Its session is a process group, too.
    process.kill(-child.pid, signal)
  } catch {
    // It has ended.
  }
}

/** The exit code, or that of shells for a signal. An error in between ends nothing. */
function closeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('close', (code: number | null, ended: NodeJS.Signals | null) => {
      resolve(code ?? 128 + (ended === null ? 0 : constants.signals[ended]))
    })
  })
}

function define(command: Command, context: Context): void {
  command
    .argument('<command...>', 'the command, after --')
    .addOption(choice('--level <level>', 'what it may do', LEVELS))
    .option('--bind <path>', 'a folder that containers may mount, or PATH:ro; repeatable', many('--bind'))
    .option('--policy <file>', 'a policy file instead of --level and --bind', onlyOnce('--policy'))
    .option('--as <name>', `the name of the socket, for the policy (default: ${NAME})`, onlyOnce('--as'))
    .option('--user <name>', 'run the command as this user; only for root', onlyOnce('--user'))
  addConnectOptions(command).action((words: string[], flags: ExecFlags) => runExec(words, flags, context))
}

export const gatewayExec: CommandSpec = {
  description:
    'Runs a command, such as a CI job or a coding agent, with a Docker socket of its own (DOCKER_HOST). A gateway behind the socket ' +
    'allows what a level or a policy allows. When the command ends, the gateway ends; containers that it started keep running. The exit code is that of ' +
    'the command. Run it as a user who can open neither the socket of the daemon nor the keys:  --user NAME  does so.',
  examples: [
    [sentence`${SELF} gateway exec --level baseline -- docker run --rm alpine id`, 'ordinary containers'],
    [
      sentence`${SELF} gateway exec --level restricted --bind . -- ./agent.sh`,
      'hardened containers, which may mount this folder alone',
    ],
    [
      sentence`${SELF} gateway exec --policy p.yaml --as agent --user bot -- ./agent.sh`,
      'by a policy, as another user',
    ],
  ],
  define,
}
