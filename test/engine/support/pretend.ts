import type { ServerResponse } from 'node:http'
import type { DockerClient } from '../../../lib/index.ts'
import type { Cleanable } from '../../support/temporary.ts'
import { startFakeScene, type Asked } from './fake-engine.ts'

/** A daemon that only pretends, and a client of it. */
export interface Pretender {
  readonly docker: DockerClient
  readonly asked: Asked[]
}

/** How it answers, whatever is asked: with a text, or in its own way. */
export type Answer = string | ((response: ServerResponse) => void)

/** A fake engine with one answer to everything. */
export async function pretend(t: Cleanable, version: string, answer: Answer): Promise<Pretender> {
  const reply = typeof answer === 'string' ? (response: ServerResponse) => void response.end(answer) : answer
  const { docker, fake } = await startFakeScene(t, { version, answer: (_, response) => reply(response) })
  return { docker, asked: fake.asked }
}
