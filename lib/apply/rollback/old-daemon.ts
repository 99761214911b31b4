import { pause } from '../../base/abort.ts'
import { ProvisionError } from '../../base/errors.ts'
import type { StepTalk } from '../../base/progress.ts'
import { command, sentence } from '../../base/sentence.ts'
import { shellFile } from '../../base/shell-file.ts'
import { LOCAL_SOCKET } from '../../daemon-config/listen.ts'
import { shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell, type ScriptResult } from '../../host/shell.ts'

const DAEMON_ANSWERS_SH: string = shellFile(new URL('./daemon-answers.sh', import.meta.url))

/** As long as dockerd may take to load its containers. */
const TIMEOUT_MS = 30_000

/** The exit code of `daemon-answers.sh` while dockerd starts. */
const STARTS_CODE = 10
/** Its unit limits the start, except for `TimeoutStartSec=0`, as in Docker's own. */
const LONGEST_START_MS = 15 * 60_000
const POLL_MS = 2000

/**
 * Why the daemon doesn't answer on its own host, by the local socket. Waits as long as systemd starts it.
 *
 * @returns undefined if it answers
 */
export async function whyNoAnswer(
  shell: HostShell,
  { wait }: Pick<StepTalk, 'wait'>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + LONGEST_START_MS
  const ask = (): Promise<ScriptResult> => shell.run(shellProgram(DAEMON_ANSWERS_SH))
  let ran = await ask()
  while (ran.code === STARTS_CODE && Date.now() < deadline) {
    wait('dockerd to start')
    await pause(POLL_MS, signal)
    ran = await ask()
  }
  if (ran.code === STARTS_CODE) return 'systemd still starts docker.service'
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
