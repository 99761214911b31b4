import type { Command } from 'commander'
import type { HardenedFormat } from '../../audit/harden/formats/render.ts'
import type { HardenedContainer } from '../../audit/harden/plan.ts'
import type { HardeningTrial } from '../../audit/harden/trial/trial.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, choice, many, once, readTime } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import { addConnectOptions, connectBy, localWarning, type ConnectFlags } from '../inputs/connect.ts'
import { hardenData, hardenText } from '../reports/harden.ts'
import { withProgress } from '../terminal/progress.ts'

interface HardenFlags extends ConnectFlags {
  readonly format?: HardenedFormat
  readonly showValues?: true
  readonly skip?: readonly string[]
  readonly try?: true
  readonly wait?: string
  readonly withVolumes?: true
  readonly json?: true
}

/** The copy needs some of its settings: the narrower request is shown. */
const NEEDS_LESS = 3
const EXIT_CODES: Readonly<Record<HardeningTrial['outcome'], number>> = {
  works: 0,
  'needs-less': NEEDS_LESS,
  inconclusive: 1,
}

async function runHarden(container: string, flags: HardenFlags, context: Context): Promise<void> {
  const wait = waitOf(flags)
  const { docker } = await connectBy(flags, context)
  try {
    const trial = flags.try === true ? await tryIt(docker, container, { ...flags, wait }, context) : undefined
    const hardened = trial?.hardened ?? (await plan(docker, container, flags, context))
    const { renderHardened } = await import('../../audit/harden/formats/render.ts')
    const showValues = flags.showValues === true
    const text =
      flags.format === undefined
        ? await hardenText({ hardened, trial, showValues }, context)
        : renderHardened(hardened, flags.format, { showValues })
    const data = await hardenData({ hardened, trial, showValues })
    const exitCode = trial === undefined ? 0 : EXIT_CODES[trial.outcome]
    context.answer({ data, text, warnings: localWarning(docker), exitCode }, flags)
  } finally {
    await docker.close()
  }
}

/** In milliseconds. Without a trial, --wait and --with-volumes would have no effect. */
function waitOf(flags: HardenFlags): number | undefined {
  const given = (['wait', 'withVolumes'] as const).find((name) => flags[name] !== undefined)
  if (given === undefined || flags.try === true)
    return flags.wait === undefined ? undefined : readTime('--wait', flags.wait)
  const flag = given === 'wait' ? '--wait' : '--with-volumes'
  throw usageError(sentence`${SELF} harden`, `${flag} has a meaning only with --try`, 'Add --try, or leave it out.')
}

async function plan(
  docker: DockerClient,
  container: string,
  { skip }: HardenFlags,
  { io }: Context,
): Promise<HardenedContainer> {
  const { hardenContainer } = await import('../../audit/harden/harden-container.ts')
  return hardenContainer(docker, container, { skip: namesIn(skip), signal: io.signal })
}

async function tryIt(
  docker: DockerClient,
  container: string,
  flags: Omit<HardenFlags, 'wait'> & { readonly wait: number | undefined },
  context: Context,
): Promise<HardeningTrial> {
  const { tryHardened } = await import('../../audit/harden/try-hardened.ts')
  return withProgress(context, {}, (onStep) =>
    tryHardened(docker, container, {
      skip: namesIn(flags.skip),
      wait: flags.wait,
      withVolumes: flags.withVolumes === true,
      signal: context.io.signal,
      onStep,
    }),
  )
}

/** `--skip C-RO,C-USER --skip INIT`. */
function namesIn(values: readonly string[] = []): string[] {
  return values.flatMap((value) => value.split(',')).map((name) => name.trim())
}

const FORMATS: readonly HardenedFormat[] = ['run', 'compose', 'api']

function define(command: Command, context: Context): void {
  command
    .argument('<container>', 'its name or id')
    .addOption(choice('--format <format>', `${FORMATS.join(', ')}: only the request, written in this way`, FORMATS))
    .option('--show-values', 'write the values of variables and driver options, which may be secrets')
    .option(
      '--skip <checks>',
      'leave the settings of these checks as they are, such as C-RO; repeatable',
      many('--skip'),
    )
    .option('--try', 'start a hardened copy beside the container, see whether it stays up, and remove it')
    .option('--wait <time>', 'how long to observe each copy (default: 15s)', once('--wait'))
    .option('--with-volumes', 'give the copies the writable volumes and folders of the container')
  addConnectOptions(command)
  addJson(command).action((container: string, flags: HardenFlags) => runHarden(container, flags, context))
}

export const harden: CommandSpec = {
  description:
    'Shows what a container would need to run with fewer rights: each change, the check that asks for it, what is left to ' +
    'you, and the docker run command. It changes nothing.' +
    '\n\n' +
    'With --try it starts a hardened copy. The copy runs for real: it connects to the same databases and queues as the ' +
    'container. It publishes no ports, has no labels and no name in a network, gets new volumes, and can only read folders ' +
    'of the host. If the copy fails, more copies with fewer changes show what the container needs. All of them are removed, ' +
    'also after Ctrl-C.' +
    '\n\n' +
    'Values of environment variables, and of options of logging and volume drivers, may be secrets: without --show-values, ' +
    'variables come from the file NAME.env, and other values are replaced by their names. Arguments of the command are ' +
    'shown.' +
    '\n\n' +
    'Exit codes: 0 done, with --try: the hardened copy stayed up; 1 an error, or a copy without any change failed, too; ' +
    '2 wrong command line; 3 only a copy with fewer changes stayed up, whose request is shown.',
  examples: [
    [sentence`${SELF} harden web`, 'what would change, and why'],
    [sentence`${SELF} harden web --format compose`, 'only a Compose file'],
    [sentence`${SELF} harden web --try --wait 30`, 'try it, and find out what the container needs'],
    [sentence`${SELF} harden web --skip C-RO,C-USER --format api`, 'keep the user and the writable root'],
  ],
  json: '{ id, name, original, body, changes: [{ check, setting, before, after }], remaining: [{ check, status, detail }], notes: [{ code, subject }], missing: { run, compose }, trial: { outcome, needs: [{ check, kind, names }], isCutOff, copies: [{ copy, without, ok, state, exitCode, oomKilled, message, log }], withheld } }; trial only with --try',
  define,
}
