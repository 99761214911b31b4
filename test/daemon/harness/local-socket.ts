import { request } from 'node:http'

export interface LocalAnswer {
  readonly status: number
  readonly body: string
}

/**
 * A request over the daemon's own socket, past all that is tested: the harness must not depend on what it helps to test.
 *
 * @param socketPath - the daemon's socket
 * @param path - with or without an API version
 */
export function askLocally(socketPath: string, path: string, method = 'GET'): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method, timeout: 5_000 }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.once('error', reject).once('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    asked.once('timeout', () => asked.destroy(new Error(`${socketPath} is silent`)))
    asked.once('error', reject).end()
  })
}

/** Whether the daemon answers there. */
export async function answersLocally(socketPath: string): Promise<boolean> {
  try {
    return (await askLocally(socketPath, '/_ping')).status === 200
  } catch {
    return false
  }
}

/** Kills every container: one that ignores SIGTERM would hold dockerd's own end up for 10 s. */
export async function killContainers(socketPath: string): Promise<void> {
  try {
    const { body } = await askLocally(socketPath, '/containers/json')
    const containers = JSON.parse(body) as { Id: string }[]
    await Promise.all(containers.map(({ Id }) => askLocally(socketPath, `/containers/${Id}/kill`, 'POST')))
  } catch {
    // No daemon that answers has no containers that wait.
  }
}
