import { command as commandPart, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { promises as fs } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Schedule } from '../../keystore/renew/schedule.ts'
import type { CommandSpec, Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJson, once } from '../command-line/options.ts'
import { textsOf } from '../reports/data.ts'
import { INSTALL_FIRST, isInNpxCache } from '../../base/npx-cache.ts'
import { scriptPath } from '../inputs/script.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface ScheduleFlags extends FolderFlags {
  readonly systemd?: true
  readonly cron?: true
  readonly expiring?: string
  readonly renew?: true
  readonly prometheus?: string
  readonly caPassphraseFile?: string
  readonly write?: string
  readonly force?: true
  readonly json?: true
}

const WHERE = sentence`${SELF} cert schedule`
const WITHIN = '30d'

async function runSchedule(flags: ScheduleFlags, context: Context): Promise<void> {
  const { renderCron, renderTimer } = await import('../../keystore/renew/schedule.ts')
  refuse(flags)
  const schedule = await scheduleOf(flags, context)
  const warnings = await warningsOf(schedule)
  if (flags.cron === true) {
    const line = renderCron(schedule)
    context.answer({ data: { cron: line.trimEnd(), warnings: textsOf(warnings) }, text: line, warnings }, flags)
    return
  }
  const units = renderTimer(schedule)
  if (flags.write === undefined) {
    const text = units.map(({ name, text: unit }) => `# /etc/systemd/system/${name}\n${unit}`).join('\n')
    context.answer({ data: { files: units, warnings: textsOf(warnings) }, text, warnings }, flags)
    return
  }
  const { writeUnits } = await import('../reports/units.ts')
  const steps = ['systemctl daemon-reload', `systemctl enable --now ${units.at(-1)?.name ?? ''}`]
  await writeUnits(units, { ...flags, write: flags.write, steps, warnings }, context)
}

function refuse({ cron, write, renew, caPassphraseFile }: ScheduleFlags): void {
  if (cron === true && write !== undefined) {
    throw usageError(
      WHERE,
      '--write works only with systemd units',
      sentence`Edit the crontab:  ${commandPart('crontab', '-e')}`,
    )
  }
  if (caPassphraseFile !== undefined && renew !== true) {
    throw usageError(WHERE, '--ca-passphrase-file has no effect without --renew', 'Add  --renew , or leave it out.')
  }
}

async function scheduleOf(flags: ScheduleFlags, context: Context): Promise<Schedule> {
  const { parseDuration } = await import('../../keystore/renew/known.ts')
  const { checkPrometheusPath } = await import('../../keystore/renew/prometheus.ts')
  const { PkiFolder } = await import('../../keystore/keystore.ts')
  const { expiring = WITHIN, prometheus, caPassphraseFile } = flags
  parseDuration(expiring, '--expiring')
  if (prometheus !== undefined) checkPrometheusPath(prometheus)
  const { dir } = await withFolder(flags, context)
  const folder = resolve(dir)
  // A wrong folder is reported now, not by the timer.
  await new PkiFolder(folder).list()
  return {
    program: [process.execPath, await scriptPath()],
    folder,
    within: expiring,
    renew: flags.renew === true,
    uid: (await fs.stat(folder)).uid,
    ...(prometheus !== undefined && { prometheus: resolve(prometheus) }),
    ...(caPassphraseFile !== undefined && { passphraseFile: resolve(caPassphraseFile) }),
  }
}

async function warningsOf(schedule: Schedule): Promise<Sentence[]> {
  const { program, renew } = schedule
  const [, script] = program
  return [
    ...(isInNpxCache(script)
      ? [sentence`${script} is in the cache of npx, which npm may empty. ${INSTALL_FIRST}`]
      : []),
    ...(renew ? await lockedWarnings(schedule) : []),
    ...(renew
      ? ['Renewed certificates stay in this folder: copy them to the server and to each client yourself.']
      : []),
  ]
}

/** Nobody is there at night to type a passphrase. */
async function lockedWarnings({ folder, passphraseFile }: Schedule): Promise<string[]> {
  const { caPaths, nextCaPaths } = await import('../../keystore/layout.ts')
  const { readIfThere } = await import('../../base/files.ts')
  const { isEncryptedKey } = await import('../../pki/load-ca.ts')
  if (passphraseFile !== undefined) return []
  const paths = [caPaths(folder).key, nextCaPaths(folder).key]
  const keys = await Promise.all(paths.map((path) => readIfThere(path)))
  const locked = paths.find((_, index) => isEncryptedKey(keys[index] ?? ''))
  if (locked === undefined) return []
  return [`${locked} is encrypted, so the job can't renew without its passphrase. Add  --ca-passphrase-file FILE`]
}

function define(command: Command, context: Context): void {
  command
    .addOption(command.createOption('--systemd', 'a systemd service and its timer (default)').conflicts('cron'))
    .option('--cron', 'a line for crontab -e')
  addFolder(command)
  command
    .option(
      '--expiring <time>',
      `fail if a certificate expires within this time (default: ${WITHIN})`,
      once('--expiring'),
    )
    .option('--renew', 'also renew certificates that are due')
    .option(
      '--prometheus <file>',
      "write metrics for node_exporter's textfile collector to this file, NAME.prom",
      once('--prometheus'),
    )
    .option(
      '--ca-passphrase-file <file>',
      'with --renew: a file with the passphrase of the CA key',
      once('--ca-passphrase-file'),
    )
    .option('--write <dir>', 'write both units into this folder', once('--write'))
    .option('--force', 'replace units that differ; the old ones are kept beside them, with a date')
  addJson(command).action((flags: ScheduleFlags) => runSchedule(flags, context))
}

export const certSchedule: CommandSpec = {
  description:
    'Prints a systemd timer or a cron line that checks the certificates every day. The job fails if a certificate expires ' +
    'soon; with --renew it first renews those that are due. Nothing is installed; --write creates the unit files.',
  examples: [
    [sentence`${SELF} cert schedule`, 'print the units'],
    [sentence`${SELF} cert schedule --write /etc/systemd/system`, 'as root; then enable the timer as the output shows'],
    [
      sentence`${SELF} cert schedule --cron --expiring 2w`,
      'a cron line that fails two weeks before a certificate expires',
    ],
    [sentence`${SELF} cert schedule --renew --ca-passphrase-file /etc/ca-passphrase`, 'also renew automatically'],
  ],
  json: '{ files: [{ name, text }], warnings }, with --write each file has path, action and keptAside too; with --cron { cron, warnings }',
  define,
}
