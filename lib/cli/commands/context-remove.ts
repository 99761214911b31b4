import { option, ours, SELF, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { Command } from 'commander'
import { EndpointError } from '../../base/errors.ts'
import { DEFAULT_CONTEXT } from '../../endpoint/context-layout.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm } from '../terminal/confirm.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { addJson, addYes } from '../command-line/options.ts'

interface RemoveFlags {
  readonly force?: true
  readonly yes?: true
  readonly json?: true
}

async function runRemove(given: readonly string[], flags: RemoveFlags, context: Context): Promise<void> {
  const [{ removeContext }, { clearCurrentContext }] = await Promise.all([
    import('../../contexts/store.ts'),
    import('../../contexts/current.ts'),
  ])
  const config = dockerConfig(context.io.env)
  const names = [...new Set(given)]
  const users = await checkAll(config, names, flags, context)
  // The docker command doesn't ask, but this may be the only copy of the key.
  await confirm(`Remove ${enumerate(names)}, with certificates and key?`, flags, context, 'Nothing was removed.')
  for (const name of names) {
    await clearCurrentContext(config, name)
    await removeContext(config, name)
  }
  const warnings = users.map((name) => `DOCKER_CONTEXT still names ${name}. Unset it in your shell.`)
  context.answer({ data: { removed: names, warnings }, text: `${names.join('\n')}\n`, warnings }, flags)
}

/**
 * Checks all of them before the first one is removed.
 *
 * @returns those that DOCKER_CONTEXT names
 */
async function checkAll(
  config: string,
  names: readonly string[],
  { force }: RemoveFlags,
  { io: { env } }: Context,
): Promise<string[]> {
  const [{ parseContextName }, { contextExists }, { readCurrentContext }] = await Promise.all([
    import('../../contexts/name.ts'),
    import('../../contexts/store.ts'),
    import('../../endpoint/context.ts'),
  ])
  const used = await readCurrentContext(config)
  for (const name of names) {
    if (name === DEFAULT_CONTEXT) throw notRemovable(name)
    parseContextName(name)
    if (!(await contextExists(config, name))) throw notThere(config, name)
    // DOCKER_HOST only overrides the current context for now.
    const by = name === env['DOCKER_CONTEXT'] ? 'DOCKER_CONTEXT' : name === used ? 'docker context use' : undefined
    if (by !== undefined && force !== true) throw inUse(name, by)
  }
  return names.filter((name) => name === env['DOCKER_CONTEXT'])
}

function notRemovable(name: string): EndpointError {
  return new EndpointError('ERR_CONTEXT_NAME_INVALID', {
    tried: `removing the context ${name}`,
    got: "it can't be removed: the docker command has it for the daemon of this machine",
    todo: sentence`List the contexts that you can remove:  ${ours('context', 'ls')}`,
  })
}

function notThere(config: string, name: string): EndpointError {
  return new EndpointError('ERR_CONTEXT_NOT_FOUND', {
    tried: `removing the context ${name}`,
    got: `there is no such context in ${config}`,
    todo: sentence`List the contexts:  ${ours('context', 'ls')}`,
  })
}

function inUse(name: string, by: string): EndpointError {
  return new EndpointError('ERR_CONTEXT_IN_USE', {
    tried: `removing the context ${name}`,
    got: `it is the current context, set by ${by}`,
    todo: sentence`Select another context first, or remove this one with ${option('force', 'true')}.`,
  })
}

function define(command: Command, context: Context): void {
  command
    .argument('<name...>', 'the contexts to remove')
    .option('--force', 'also remove the current one; docker then uses the local daemon')
  addJson(addYes(command)).action((names: string[], flags: RemoveFlags) => runRemove(names, flags, context))
}

export const contextRemove: CommandSpec = {
  description:
    "Removes contexts from the docker command's store, with their certificates and keys. It asks first; without a terminal, " +
    'confirm with --yes. The current context is removed only with --force.',
  examples: [
    [sentence`${SELF} context rm build01`, 'ask, then remove it'],
    [sentence`${SELF} context rm build01 lab --yes`, 'in a script'],
  ],
  json: '{ removed: [name], warnings }',
  define,
}
