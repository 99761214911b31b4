import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EndpointError, isDockerMtlsError, sentencesOf } from '../base/errors.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import { TLS_FILES } from './context-layout.ts'
import type { Environment, Variable } from './environment.ts'
import { absolutePath } from './folders.ts'

/**
 * The host of the image docker:cli if nothing else names one, and the folder in which docker:dind writes client certificates
 * (docker-library/docker, docker-entrypoint.sh and dockerd-entrypoint.sh).
 */
export const DIND_HOST = 'tcp://docker:2376'

/** The folder of the client certificates below DOCKER_TLS_CERTDIR. */
export function clientFolder({ value, source }: Variable, env: Environment): string {
  return join(absolutePath({ text: value, source, code: 'ERR_CERT_PATH_INVALID' }, env), 'client')
}

/** Whether a folder has all three files. docker:dind creates empty files before it fills them. */
export async function hasTlsFiles(folder: string): Promise<boolean> {
  const isFilled = async (name: string): Promise<boolean> => {
    const found = await stat(join(folder, name)).catch(() => undefined)
    return found !== undefined && found.isFile() && found.size > 0
  }
  return (await Promise.all(TLS_FILES.map(isFilled))).every(Boolean)
}

/** The remedy if DOCKER_TLS_CERTDIR is empty, which turns TLS off in docker:dind. */
export function turnedOff(env: Environment): Sentence | undefined {
  if (env['DOCKER_TLS_CERTDIR'] !== '') return undefined
  const [, host = 'docker'] = /^tcp:\/\/([\w.-]+)(?::\d+)?$/.exec(env['DOCKER_HOST'] ?? '') ?? []
  return sentence`DOCKER_TLS_CERTDIR is empty, which turns TLS off in docker:dind. Set it for the service and for this job, and use the TLS port:  ${command('export', 'DOCKER_TLS_CERTDIR=/certs', `DOCKER_HOST=tcp://${host}:2376`)}`
}

/** An error about plaintext says that TLS was turned off, if it was. */
export function withTurnedOff(error: unknown, env: Environment): unknown {
  const todo = turnedOff(env)
  if (todo === undefined || !isDockerMtlsError(error, 'ERR_PLAINTEXT_PORT')) return error
  const { tried, got } = sentencesOf(error)
  return new EndpointError(error.code, { tried, got, todo, cause: error.cause })
}
