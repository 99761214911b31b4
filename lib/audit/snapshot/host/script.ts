import { shellFile } from '../../../base/shell-file.ts'
import { LOAD_PATH } from '../../../daemon-config/unit/installed-unit.ts'
import { FUNCTIONS_SH } from '../../../host/facts-script.ts'
import { assignments, shellProgram } from '../../../host/script.ts'
import { SOCKETS_SH } from '../../../host/sockets.ts'

const LOOK_SH: string = shellFile(new URL('./look.sh', import.meta.url))
const LOOK_AT_HOST_SH: string = shellFile(new URL('./look-at-host.sh', import.meta.url))

/** What is known of the daemon before its host is looked at. */
export interface KnownDaemon {
  readonly isRootless: boolean
  /** Its local socket; empty if unknown. */
  readonly socket: string
  /** Its data folder; empty if unknown. */
  readonly dataRoot: string
}

/** Where the script looks. Tests have a host in a folder. */
export interface HostPlace {
  /** @defaultValue the root folder */
  readonly root?: string
  /** @defaultValue `/proc` */
  readonly proc?: string
}

/** Renders the script that looks at a host. */
export function hostScript(daemon: KnownDaemon, { root = '', proc = '/proc' }: HostPlace = {}): string {
  const values = {
    root,
    proc,
    rootless: daemon.isRootless ? 'yes' : 'no',
    socket: daemon.socket,
    data_root: daemon.dataRoot,
    unit_folders: LOAD_PATH.map((folder) => `/${folder}`).join(' '),
  }
  return shellProgram(assignments(values), FUNCTIONS_SH, SOCKETS_SH, LOOK_SH, LOOK_AT_HOST_SH)
}
