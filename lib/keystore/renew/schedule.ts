import { dirname } from 'node:path'
import { shellLine } from '../../base/quoting/posix.ts'
import { execLine, HARDENED, hiddenFolders, type Unit } from '../../daemon-config/unit/service.ts'
import { quoteArgument } from '../../daemon-config/unit/words.ts'
import { ArgumentError } from '../../base/errors.ts'
import { option, sentence } from '../../base/sentence.ts'

/** The daily job, and its user. All paths are absolute: a timer has neither our PATH nor our working directory. */
export interface Schedule {
  /** Node, and the script to run. */
  readonly program: readonly [node: string, script: string]
  /** The folder that `init` created. */
  readonly folder: string
  /** The job fails if a certificate expires within this time: `30d`. */
  readonly within: string
  /** First renew certificates that are due? */
  readonly renew: boolean
  /** The file for metrics. */
  readonly prometheus?: string
  /** The file with the passphrase of the CA key; only for renewals. */
  readonly passphraseFile?: string
  /** The user id of the folder's owner. */
  readonly uid: number
}

const NAME = 'docker-mtls-certificates'

/** The command lines, in the order in which they run. */
function commands({ program, folder, within, renew, prometheus, passphraseFile }: Schedule): string[][] {
  const secret = passphraseFile === undefined ? [] : ['--ca-passphrase-file', passphraseFile]
  const metrics = prometheus === undefined ? [] : ['--prometheus', prometheus]
  return [
    ...(renew ? [[...program, 'cert', 'renew', '--due', '--dir', folder, ...secret]] : []),
    [...program, 'cert', 'list', '--dir', folder, '--expiring', within, ...metrics],
  ]
}

/**
 * Renders a systemd service and its timer, which runs once a day and catches up on missed days. The service fails if a
 * certificate expires soon, so that monitoring of failed units reports it. It is sandboxed: no network, no devices, and
 * only the folders that it needs are writable.
 *
 * @throws {@link DaemonError} ERR_PATH_INVALID for a path that a unit can't contain
 */
export function renderTimer(schedule: Schedule): Unit[] {
  return [
    { name: `${NAME}.service`, text: service(schedule) },
    { name: `${NAME}.timer`, text: timer(schedule) },
  ]
}

function service(schedule: Schedule): string {
  const { folder, renew, prometheus, uid } = schedule
  const writes = [...(renew ? [folder] : []), ...(prometheus === undefined ? [] : [dirname(prometheus)])]
  const lines = [
    '[Unit]',
    `Description=${description(schedule)}`,
    '',
    '[Service]',
    'Type=oneshot',
    ...(uid === 0 ? [] : [`User=${uid}`]),
    ...commands(schedule).map((command) => `ExecStart=${execLine(command)}`),
    ...HARDENED,
    'CapabilityBoundingSet=',
    'PrivateNetwork=yes',
    'RestrictAddressFamilies=AF_UNIX',
    ...hiddenFolders(pathsOf(schedule)),
    ...writes.map((path) => `ReadWritePaths=${quoteArgument(path, { variables: false })}`),
  ]
  return `${lines.join('\n')}\n`
}

function timer(schedule: Schedule): string {
  const lines = [
    '[Unit]',
    `Description=Daily: ${description(schedule)}`,
    '',
    '[Timer]',
    'OnCalendar=daily',
    'RandomizedDelaySec=2h',
    // A machine that was off at that time catches up.
    'Persistent=true',
    '',
    '[Install]',
    'WantedBy=timers.target',
  ]
  return `${lines.join('\n')}\n`
}

function description({ renew, within }: Schedule): string {
  return renew
    ? `docker-mtls: renew certificates that are due, and fail if one expires within ${within}`
    : `docker-mtls: fail if a certificate expires within ${within}`
}

function pathsOf({ program, folder, prometheus, passphraseFile }: Schedule): string[] {
  return [...program, folder, prometheus, passphraseFile].filter((path) => path !== undefined)
}

/**
 * Renders a line for `crontab -e` of the folder's owner. cron mails the output of a job, and these commands print something
 * only if there is something to report.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a path with a line break
 */
export function renderCron(schedule: Schedule): string {
  const line = commands(schedule)
    .map((command) => shellLine(...command))
    .join(' ; ')
  if (/[\r\n]/.test(line)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'rendering a line of a crontab',
      got: 'a path contains a line break',
      todo: sentence`Rename that folder or file, or use a systemd timer:  ${option('systemd')}`,
    })
  }
  // crontab(5): a % that isn't escaped ends the command.
  return `${minuteOf(schedule.folder)} 6 * * * ${line.replaceAll('%', String.raw`\%`)}\n`
}

/** Not on the hour, when many jobs run; always the same for one folder. */
function minuteOf(folder: string): number {
  let sum = 0
  for (const byte of Buffer.from(folder)) sum = (31 * sum + byte) % 59
  return sum + 1
}
