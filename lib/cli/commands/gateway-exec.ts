import type { Command } from 'commander'
import { spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, realpath, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { onAbort } from '../../base/abort.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { codeOf, systemReason } from '../../base/system-error.ts'
import { printable } from '../../base/text.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { DockerClient } from '../../engine/client.ts'
import { socketEnvironment } from '../../gateway/socket-environment.ts'
import { LEVELS, type Level, type Policy } from '../../policy/file/types.ts'
import type { CommandSpec, Context } from '../command.ts'
import { choice, many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { addConnectOptions, connectBy, type ConnectFlags } from '../inputs/connect.ts'
import { readPolicyFile } from '../inputs/policy-file.ts'
import { findUser, type HostUser } from '../inputs/user.ts'
import { gatewayLog } from '../reports/gateway.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'
import { SIGINT_CODE, type Interrupted } from '../terminal/io.ts'

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
  const policy = await policyOf(flags, context)
  const user = flags.user === undefined ? undefined : await findUser(flags.user)
  for (const warning of policyWarnings(policy)) context.warn(warning)
  const { docker } = await connectBy(flags, context)
  try {
    warnOfWaysAround(docker, user, context)
    const exitCode = await behindGateway({ policy, as: flags.as ?? NAME, docker, user }, words, context)
    context.answer({ data: {}, text: '', exitCode }, {})
  } finally {
    await docker.close()
  }
}

async function policyOf({ level, bind = [], policy, as }: ExecFlags, context: Context): Promise<Policy> {
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
  const hostPaths = await Promise.all(bind.map(hostPathOf))
  const { definePolicy } = await import('../../policy/file/parse.ts')
  const allow = hostPaths.length > 0 ? { allow: { hostPaths } } : {}
  return definePolicy({ version: 1, rules: [{ name: NAME, who: { socket: as ?? NAME }, level, ...allow }] })
}

/** dockerd follows the links of a path that a container mounts, and so the policy compares the path without them. */
async function hostPathOf(text: string): Promise<{ path: string; readOnly: boolean }> {
  const readOnly = text.endsWith(':ro')
  try {
    return { path: await realpath(readOnly ? text.slice(0, -3) : text), readOnly }
  } catch (cause) {
    throw usageError(`the option --bind ${printable(text)}`, systemReason(cause), 'Name an existing folder or file.')
  }
}

function warnOfWaysAround({ endpoint }: DockerClient, user: HostUser | undefined, { warn }: Context): void {
  const isLocal = endpoint.kind === 'unix'
  const daemon = isLocal ? 'the socket of the daemon' : 'the keys of this connection'
  if (user === undefined)
    warn(
      sentence`The command runs as you, who can open ${daemon}: it can go around the gateway. As root, add  --user NAME  to run it as another user.`,
    )
  else if (user.uid === 0 || user.groups.includes('docker'))
    warn(`${user.name} can open ${daemon} and go around the gateway. Name another user.`)
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
  const folder = await mkdtemp(join(tmpdir(), 'docker-mtls-exec-'))
  try {
    const socket = join(folder, 'docker.sock')
    const gateway = await createGateway({ listen: { socket, as }, daemon: docker, policy, log: gatewayLog(context) })
    try {
      if (user) await openFor(user, folder, socket)
      return await runBehind(words, { ...context.io.env, ...socketEnvironment(socket) }, user, context)
    } finally {
      await gateway.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The folder stays root's, so that its removal can't be led elsewhere. */
async function openFor({ uid, gid }: HostUser, folder: string, socket: string): Promise<void> {
  await chown(socket, uid, gid)
  await chmod(folder, 0o711)
}

/** The exit codes of shells for a command that can't be run, and for one that is missing (POSIX, Shell Command Language 2.8.2). */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

function runBehind(
  [file = '', ...args]: readonly string[],
  env: Environment,
  user: HostUser | undefined,
  { io: { signal }, say }: Context,
): Promise<number> {
  const as = user && { uid: user.uid, gid: user.gid }
  const named = user && { HOME: user.home, USER: user.name, LOGNAME: user.name }
  return new Promise((resolve) => {
    const child = spawn(file, args, { env: { ...env, ...named }, stdio: 'inherit', ...as })
    const forget = onAbort(signal, () => {
      // A terminal has sent Ctrl-C to the command as well.
      const { exitCode } = signal.reason as Interrupted
      if (exitCode !== SIGINT_CODE || !process.stdin.isTTY) child.kill(exitCode - 128)
    })
    child.once('error', (error) => {
      forget()
      say(`${printable(file)}: ${systemReason(error)}`)
      resolve(codeOf(error) === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE)
    })
    child.once('close', (code, ended) => {
      forget()
      resolve(code ?? 128 + (ended === null ? 0 : constants.signals[ended]))
    })
  })
}

function define(command: Command, context: Context): void {
  command
    .argument('<command...>', 'the command, after --')
    .addOption(choice('--level <level>', 'what it may do', LEVELS))
    .option('--bind <path>', 'a folder that containers may mount, or PATH:ro; repeatable', many('--bind'))
    .option('--policy <file>', 'a policy file instead of --level and --bind', once('--policy'))
    .option('--as <name>', `the name of the socket, for the policy (default: ${NAME})`, once('--as'))
    .option('--user <name>', 'run the command as this user; only for root', once('--user'))
  addConnectOptions(command).action((words: string[], flags: ExecFlags) => runExec(words, flags, context))
}

export const gatewayExec: CommandSpec = {
  description:
    'Runs a command, such as a CI job or a coding agent, with DOCKER_HOST at a socket of its own. A gateway behind the socket lets ' +
    'it do what a level or a policy allows, and ends with the command. Containers that it started go on. The exit code is that of ' +
    'the command. Run it as a user who can open neither the socket of the daemon nor the keys:  --user NAME  does so.',
  examples: [
    [
      sentence`${SELF} gateway exec --level restricted --bind . -- ./agent.sh`,
      'this folder, and no way to become root',
    ],
    [
      sentence`${SELF} gateway exec --policy p.yaml --as agent --user bot -- ./agent.sh`,
      'by a policy, as another user',
    ],
  ],
  define,
}
