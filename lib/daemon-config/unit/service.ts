import { quoteArgument, quoteExecutable } from './words.ts'

/** A systemd unit. */
export interface Unit {
  readonly name: string
  readonly text: string
}

/** The value of ExecStart= for a command. */
export function execLine([file = '', ...args]: readonly string[]): string {
  return [quoteExecutable(file), ...args.map((arg) => quoteArgument(arg))].join(' ')
}

/**
 * What no service of ours that runs on Node needs: systemd.exec(5). Without MemoryDenyWriteExecute=, because V8 writes the code
 * that it runs.
 */
export const HARDENED: readonly string[] = [
  'UMask=0077',
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  // V8 tries pkey_alloc, which isn't in that set, and works without it: it must get an error instead of being killed.
  'SystemCallErrorNumber=EPERM',
]

/** The folders that ProtectHome= hides, and those that PrivateTmp= hides. */
const HOMES = ['/home', '/root', '/run/user']
const TEMPORARY = ['/tmp', '/var/tmp']

/** Hides homes and temporary folders, unless one of these paths is in them. */
export function hiddenFolders(paths: readonly string[]): string[] {
  return [
    `ProtectHome=${paths.some(isBelow(HOMES)) ? 'read-only' : 'yes'}`,
    // A private /tmp would hide files in the shared one.
    ...(paths.some(isBelow(TEMPORARY)) ? [] : ['PrivateTmp=yes']),
  ]
}

/** Is a path one of these folders, or in one? */
export function isBelow(folders: readonly string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
}
