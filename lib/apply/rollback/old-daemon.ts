import { LOCAL_SOCKET } from '../../daemon-config/listen.ts'
import { asScript } from '../../host/script.ts'
import { lastWords, type HostShell } from '../../host/shell.ts'
import { UNIT_NAME } from '../../daemon-config/unit/installed-unit.ts'

/** As long as dockerd may take to load its containers. */
const TIMEOUT_MS = 30_000

/**
 * Does the daemon answer on its host, by the local socket? That it is active says much already, since its unit is of the
 * type `notify`: dockerd itself tells systemd that it is ready.
 *
 * @returns undefined where it does, else what was seen instead
 */
export async function silenceOf(shell: HostShell): Promise<string | undefined> {
  const ran = await shell.run(
    asScript([
      `systemctl is-active --quiet ${UNIT_NAME} || { systemctl is-active ${UNIT_NAME} >&2; exit 1; }`,
      `if command -v docker >/dev/null; then timeout 30 docker -H ${LOCAL_SOCKET} version >/dev/null; fi`,
    ]),
  )
  if (ran.code !== 0) return lastWords(ran)
  return shell.isHere ? silenceHere() : undefined
}

async function silenceHere(): Promise<string | undefined> {
  try {
    const { connect } = await import('../../engine/connect.ts')
    const docker = await connect({ host: LOCAL_SOCKET, connectTimeout: TIMEOUT_MS }, {})
    await docker.close()
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}
