/** Judged by tsc alone: how to tell an abort, and what can be closed. */
import { isAborted, type DockerClient } from '../../lib/index.ts'

declare const docker: DockerClient
declare const thrown: unknown
const { signal } = new AbortController()

export const answers: boolean[] = [isAborted(thrown), isAborted(thrown, signal), isAborted(thrown, undefined)]
// @ts-expect-error the signal, not its controller
isAborted(thrown, new AbortController())
// @ts-expect-error an error
isAborted()

/** Openings and calls with progress can be closed, before they have begun and later. */
export async function close(): Promise<void> {
  await using events = docker.system.events()
  await using logs = docker.containers.logs('web')
  await using pull = docker.images.pull('alpine')
  await Promise.all([events.close(), logs.close(), pull.close()])
  // @ts-expect-error an answer that isn't a stream can't be closed
  docker.containers.list().close()
}

/** What `no-floating-promises` reports is a Promise, not only a PromiseLike. */
export const promises: Promise<unknown>[] = [
  docker.images.pull('x'),
  docker.images.build('.'),
  docker.system.events(),
  docker.containers.logs('x'),
]
export const lines: AsyncIterable<string> = docker.containers.logs('x').lines({ maxLength: 100 })
export const text: Promise<string> = docker.containers.logs('x').text()
// @ts-expect-error events aren't text
docker.system.events().text()
