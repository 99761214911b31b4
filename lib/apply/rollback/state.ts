import { shellFile } from '../../base/shell-file.ts'
import { LOAD_PATH } from '../../daemon-config/unit/installed-unit.ts'
import { assignments, shellProgram } from '../../host/script.ts'

const HOST_STATE_SH: string = shellFile(new URL('./state.sh', import.meta.url))
const TIMER_SH: string = shellFile(new URL('./timer.sh', import.meta.url))

/** Comes before all other programs of this folder and of an apply. */
export const STATE_SH: string = HOST_STATE_SH + TIMER_SH

/** Reverts all changes of one apply: see `rollback.sh`, which is a file on the host. */
export const ROLLBACK_PROGRAM: string = shellProgram(
  assignments({ unit_folders: LOAD_PATH.map((folder) => `/${folder}`).join(' ') }),
  STATE_SH,
  shellFile(new URL('./rollback.sh', import.meta.url)),
)

/** Exit codes of the programs, as `state.sh` lists them: another apply is unfinished. */
export const PENDING_CODE = 75
/** The host was rolled back already. */
export const ROLLED_BACK_CODE = 76
/** Running containers would be left behind; nothing was changed. */
export const LEFT_BEHIND_CODE = 77
/** A file has changed since the plan; nothing was changed. */
export const CHANGED_CODE = 78
/** The gateway doesn't start. */
export const GATEWAY_CODE = 79
/** The unit, program or user of the gateway before the apply is gone; nothing was changed. */
export const GATEWAY_GONE_CODE = 80
/** dockerd was still starting when the time of the apply was over. */
export const SLOW_CODE = 81
/** docker.socket, without which dockerd doesn't start, doesn't start. */
export const SOCKET_CODE = 82
