import { shellWord } from '../../base/shell-quote.ts'
import { dirname } from 'node:path'
import { quoteArgument, quoteExecutable } from '../../daemon-config/unit/words.ts'
import { ArgumentError } from '../../base/errors.ts'

/** What is to run every day, and as whom. All paths are absolute: a timer has neither our PATH nor our folder. */
export interface Schedule {
  /** Node, and the script that it runs. */
  readonly program: readonly [node: string, script: string]
  /** The folder that `init` made. */
  readonly folder: string
  /** What ends within it fails: `30d`. */
  readonly within: string
  /** Renew what is due before that? */
  readonly renew: boolean
  /** Where metrics are written. */
  readonly prometheus?: string
  /** Where the passphrase of the authority's key is; only for renewing. */
  readonly passphraseFile?: string
  /** The user's id that owns the folder. */
  readonly uid: number
}

/** A unit of systemd. */
export interface TimerUnit {
  readonly name: string
  readonly text: string
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
 * Renders a service and its timer for systemd: every day, at a moment of systemd's choice, and after a day that was slept
 * through. The service fails where something ends soon, which is what monitoring of units looks at. It may write where it
 * has to, and reach nothing: no network, no devices, no other files.
 *
 * @throws {@link DaemonError} ERR_PATH_INVALID, for a path that no unit can hold
 */
export function renderTimer(schedule: Schedule): TimerUnit[] {
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
    `ProtectHome=${pathsOf(schedule).some(isBelow(HOMES)) ? 'read-only' : 'yes'}`,
    // With a /tmp of its own it would not see what is in everybody's.
    ...(pathsOf(schedule).some(isBelow(TEMPORARY)) ? [] : ['PrivateTmp=yes']),
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
    ? `docker-mtls renews certificates that are due, and fails where one ends within ${within}`
    : `docker-mtls fails where a certificate ends within ${within}`
}

function execLine([node = '', ...args]: readonly string[]): string {
  return [quoteExecutable(node), ...args.map((arg) => quoteArgument(arg))].join(' ')
}

/** systemd.exec(5). MemoryDenyWriteExecute= is not among them: V8 writes the code that it runs. */
const HARDENED = [
  'UMask=0077',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'ProtectSystem=strict',
  'PrivateNetwork=yes',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'RestrictAddressFamilies=AF_UNIX',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  // V8 asks for memory protection keys (pkey_alloc), which are not among them, and does without: it must not be killed.
  'SystemCallErrorNumber=EPERM',
] as const

/** What ProtectHome= hides, and PrivateTmp=. */
const HOMES = ['/home', '/root', '/run/user']
const TEMPORARY = ['/tmp', '/var/tmp']

function isBelow(folders: readonly string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path.startsWith(`${folder}/`))
}

function pathsOf({ program, folder, prometheus, passphraseFile }: Schedule): string[] {
  return [...program, folder, prometheus, passphraseFile].filter((path) => path !== undefined)
}

/**
 * Renders a line for `crontab -e` of the user whom the folder belongs to. cron mails what a job prints, and these print
 * where there is something to tell.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, for a path with a line break in it
 */
export function renderCron(schedule: Schedule): string {
  const lines = commands(schedule).map((command) => command.map(shellWord).join(' '))
  const line = lines.join(' ; ')
  if (/[\r\n]/.test(line)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'rendering a line of a crontab',
      got: 'a path has a line break in it',
      todo: 'Take  --systemd , or a folder with another name.',
    })
  }
  // crontab(5): a % that isn't escaped ends the command.
  return `${minuteOf(schedule.folder)} 6 * * * ${line.replaceAll('%', String.raw`\%`)}\n`
}

/** Not the full hour, when everybody's jobs run; always the same for one folder. */
function minuteOf(folder: string): number {
  let sum = 0
  for (const byte of Buffer.from(folder)) sum = (31 * sum + byte) % 59
  return sum + 1
}
