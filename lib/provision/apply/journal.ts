import { asScript } from '../host/sh.ts'
import type { HostShell } from '../host/shell.ts'
import { UNIT_NAME } from '../installed-unit.ts'

const LOG = asScript([
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

/** Why dockerd did not start, as far as its log tells. */
export async function whyNotStarted(shell: HostShell): Promise<string | undefined> {
  const { stdout } = await shell.run(LOG)
  const log = stdout.split('\n').toReversed()
  for (const pattern of TELLING) {
    const said = log.map((line) => pattern.exec(line)?.[1]).find((words) => words !== undefined)
    if (said !== undefined) return said.replaceAll('\\"', '"')
  }
  return undefined
}
