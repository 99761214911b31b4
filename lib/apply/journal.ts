import { STATE_FOLDER } from '../host/facts-script.ts'
import { asScript } from '../host/script.ts'
import type { HostShell } from '../host/shell.ts'
import { UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'

/** Of an apply that has not come to the restart the log has nothing to say. */
const logOf = (id: string): string =>
  asScript([
    `test -e ${STATE_FOLDER}/${id}/restarted || exit 0`,
    `journalctl --unit=${UNIT_NAME} --since=-3min --output=cat --no-pager --lines=60 2>/dev/null || true`,
  ])

/** Words of dockerd's log that say why it does not start, the most telling first. */
const TELLING = [
  /failed to start daemon: (.*)/,
  /unable to configure the Docker daemon[^:]*: (.*)/,
  // What dockerd ends with comes without a time and a level.
  /^(failed to .*)$/,
  /level=(?:fatal|error) msg="((?:[^"\\]|\\.)*)"/,
]

/** Why dockerd did not start with what an apply has written, as far as its log tells. */
export async function whyNotStarted(shell: HostShell, id: string): Promise<string | undefined> {
  const { stdout } = await shell.run(logOf(id))
  const log = stdout.split('\n').toReversed()
  for (const pattern of TELLING) {
    const said = log.map((line) => pattern.exec(line)?.[1]).find((words) => words !== undefined)
    if (said !== undefined) return said.replaceAll('\\"', '"')
  }
  return undefined
}
