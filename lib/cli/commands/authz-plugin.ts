import type { Command } from 'commander'
import { once as onceEvent } from 'node:events'
import { dirname, resolve } from 'node:path'
import type { AuthzPlugin } from '../../authz-plugin/server.ts'
import type { PolicyFile } from '../../authz-plugin/policy-file.ts'
import { isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import { intoSystemFolder } from '../../base/system-folder.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { escapeText } from '../../base/text.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { readInput } from '../inputs/input-file.ts'

interface PluginFlags {
  readonly policy: string
  readonly socket: string
  readonly daemon: string
  readonly localName?: string
  readonly ca?: string
  readonly json?: true
}

async function runPlugin(flags: PluginFlags, context: Context): Promise<void> {
  checkFlags(flags)
  const plugin = await createPlugin(flags, context)
  const file = await followPolicy(flags, plugin, context)
  try {
    await file.start()
    await intoSystemFolder(flags.socket, () => listen(plugin, flags))
    announce(plugin, flags, context)
    const { signal } = context.io
    if (!signal.aborted) await onceEvent(signal, 'abort')
  } finally {
    file.stop()
    await plugin.close()
  }
}

const WHERE = sentence`${SELF} authz-plugin`

function checkFlags({ policy, socket }: PluginFlags): void {
  if (policy === '-') throw usageError(WHERE, '--policy is stdin', 'Name a file: changes of it count while this runs.')
  if (!/[^/]\.sock$/.test(socket))
    throw usageError(
      WHERE,
      sentence`--socket is ${JSON.stringify(socket)}`,
      'Give it a name that ends in .sock, which dockerd looks for.',
    )
}

async function createPlugin({ socket, daemon, localName, ca }: PluginFlags, context: Context): Promise<AuthzPlugin> {
  const { AuthzPlugin } = await import('../../authz-plugin/server.ts')
  const authorities = ca === undefined ? undefined : await readInput(ca, context.io, { what: 'the CAs' })
  return new AuthzPlugin({
    socket: resolve(socket),
    daemon: resolve(daemon),
    localName,
    ca: authorities?.toString('utf8'),
    onBypass: context.warn,
    onFailure: (error) => context.say(`A request was refused, because this failed: ${describe(error, context)}`),
  })
}

async function followPolicy({ policy: path }: PluginFlags, plugin: AuthzPlugin, context: Context): Promise<PolicyFile> {
  const { PolicyFile } = await import('../../authz-plugin/policy-file.ts')
  return new PolicyFile(resolve(path), {
    onPolicy: (policy) => {
      plugin.policy = policy
      context.say(`The policy of ${escapeText(path)} is in force: ${count(policy)}.`)
    },
    onFailure: (error) => {
      const effect = plugin.policy ? 'the policy before stays in force' : 'every request is refused'
      context.say(`${describe(error, context)}\nUntil the file is correct, ${effect}.`)
    },
  })
}

const count = ({ rules }: Policy): string => (rules.length === 1 ? '1 rule' : `${rules.length} rules`)

async function listen(plugin: AuthzPlugin, { socket }: PluginFlags): Promise<void> {
  const { makeFolder } = await import('../../base/files.ts')
  await makeFolder(dirname(resolve(socket)))
  await plugin.listen()
}

function announce(plugin: AuthzPlugin, { socket, daemon, localName, json }: PluginFlags, context: Context): void {
  const name = /([^/]*)\.sock$/.exec(socket)?.[1] ?? ''
  context.say(
    `The plugin ${escapeText(name)} runs until Ctrl-C. Without it, dockerd refuses every request while its name is in daemon.json.`,
  )
  const data = {
    name,
    socket: resolve(socket),
    daemon: resolve(daemon),
    rules: plugin.policy?.rules.length ?? null,
    localName: localName ?? null,
  }
  context.answer(
    { data, text: `"authorization-plugins": [${JSON.stringify(name)}]\n` },
    json === undefined ? {} : { json },
  )
}

function describe(error: unknown, { typed }: Context): string {
  if (!isDockerMtlsError(error)) return escapeText(String(error))
  const { tried, got } = sentencesOf(error)
  return `${error.code}: ${typed(sentence`${tried}: ${got}`)}`
}

function define(command: Command, context: Context): void {
  command
    .requiredOption('--policy <file>', 'the policy file. Changes take effect within two seconds', once('--policy'))
    .option('--socket <path>', 'the socket to create; its name is the name of the plugin', once('--socket'))
    .option('--daemon <path>', "the daemon's socket, to ask what a request names", once('--daemon'))
    .option(
      '--local-name <name>',
      'who has no certificate, for rules with  who: { socket: NAME } . Without it, such requests are refused',
      once('--local-name'),
    )
    .option('--ca <file>', 'the CAs of the clients, for rules that name the issuer', once('--ca'))
  addJson(command).action((flags: Partial<PluginFlags> & Pick<PluginFlags, 'policy'>) =>
    runPlugin({ socket: '/run/docker/plugins/docker-mtls.sock', daemon: '/run/docker.sock', ...flags }, context),
  )
}

export const authzPlugin: CommandSpec = {
  description:
    "Runs dockerd's authorization plugin: dockerd asks it about every request, and it answers by the policy. Run it as root on " +
    'the host of the daemon. To put it in: start it, add  "authorization-plugins": ["docker-mtls"]  to /etc/docker/daemon.json, ' +
    'and run  systemctl reload docker . To repair a policy that locks everybody out: correct the file; or remove the line, and run ' +
    ' systemctl reload docker  again: a reload never asks a plugin. Keep the plugin running: without it, dockerd refuses every request.',
  examples: [
    [sentence`${SELF} authz-plugin --policy /etc/docker/policy.yaml`, 'run the plugin docker-mtls'],
    [
      sentence`${SELF} authz-plugin --policy /etc/docker/policy.yaml --local-name host`,
      'also allow what the rule for the socket host allows, on the local socket',
    ],
  ],
  json: '{ name, socket, daemon, rules, localName }, printed as soon as it listens',
  define,
}
