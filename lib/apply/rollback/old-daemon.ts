import { ProvisionError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'
import { shellFile } from '../../base/shell-file.ts'
import { LOCAL_SOCKET } from '../../daemon-config/listen.ts'
import { shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'

const DAEMON_ANSWERS_SH: string = shellFile(new URL('./daemon-answers.sh', import.meta.url))

/** As long as dockerd may take to load its containers. */
const TIMEOUT_MS = 30_000

/**
 * Why the daemon doesn't answer on its own host, by the local socket.
 *
 * @returns undefined if it answers
 */
export async function whyNoAnswer(shell: HostShell): Promise<string | undefined> {
  const ran = await shell.run(shellProgram(DAEMON_ANSWERS_SH))
  if (ran.code !== 0) return stderrSummary(ran)
  return shell.isHere ? whyNoAnswerHere() : undefined
}

async function whyNoAnswerHere(): Promise<string | undefined> {
  try {
    const { connect } = await import('../../engine/connect.ts')
    const docker = await connect({ host: LOCAL_SOCKET, connectTimeout: TIMEOUT_MS }, {})
    await docker.close()
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

/** Everything is rolled back, but the daemon doesn't answer: another rollback would undo an earlier apply. */
export function noAnswer(host: string, why: string, cause?: unknown): ProvisionError {
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `checking that the daemon answers on ${host} after a complete rollback`,
    got: why,
    todo: sentence`Fix what its log names (${command('journalctl', '-u', 'docker.service')}), then start Docker:  ${command('systemctl', 'restart', 'docker.service')}`,
    cause,
  })
}
