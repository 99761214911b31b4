import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Made } from './agreement.ts'

/** Makes, inspects and removes containers over a daemon's socket, with bodies that no client writes. */
export interface Containers {
  /** @returns its id, or undefined if dockerd refuses the body */
  create(body: string): Promise<string | undefined>
  inspect(id: string): Promise<Made>
  remove(id: string): Promise<void>
}

export function containersOf(socketPath: string): Containers {
  const ask = async (method: string, path: string, body?: string): Promise<{ status: number; text: string }> => {
    const sent = request({
      socketPath,
      agent: false,
      method,
      path,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' } }),
    })
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      sent.once('error', reject).once('response', (answer) => {
        text(answer).then((all) => resolve({ status: answer.statusCode ?? 0, text: all }), reject)
      })
    })
    sent.end(body)
    return answered
  }
  return {
    create: async (body) => {
      // dockerd closes the connection if its handler panics, as for HostConfig without a field of Config.
      const answer = await ask('POST', '/v1.45/containers/create', body).catch(() => ({ status: 0, text: '' }))
      return answer.status === 201 ? (JSON.parse(answer.text) as { Id: string }).Id : undefined
    },
    inspect: async (id) => {
      const { Config, HostConfig } = JSON.parse((await ask('GET', `/v1.45/containers/${id}/json`)).text) as Record<
        'Config' | 'HostConfig',
        Made
      >
      return { ...Config, ...HostConfig }
    },
    remove: async (id) => {
      await ask('DELETE', `/v1.45/containers/${id}?force=1`)
    },
  }
}
