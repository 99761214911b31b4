import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EndpointError } from '../base/errors.ts'
import { fileReason } from '../base/files.ts'
import type { Sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import { parseObject, type JsonObject } from './json-object.ts'

/** Where the Docker CLI keeps what it was told once, `config.json` in DOCKER_CONFIG. */
export function configFile(config: string): string {
  return join(config, 'config.json')
}

/**
 * Reads the Docker CLI's `config.json`; one that isn't there is empty.
 *
 * @param config - the folder
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export async function readConfigFile(config: string): Promise<JsonObject> {
  const path = configFile(config)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return '{}'
    const got = codeOf(cause) === 'ENOTDIR' ? `${config} is a file, not a folder` : fileReason(cause)
    throw unusable(path, got, 'Set DOCKER_CONFIG to a folder that you can read.', cause)
  })
  const parsed = parseObject(text)
  // The Docker CLI warns and goes on without: the local daemon, and no credentials. What was meant can't be known.
  if (parsed === undefined) throw unusable(path, 'it does not contain a JSON object', 'Correct or remove the file.')
  return parsed
}

/** A `config.json` that can't be taken as it is. */
export function unusable(path: string, got: string, todo: Sentence, cause?: unknown): EndpointError {
  return new EndpointError('ERR_CONFIG_INVALID', { tried: `reading ${path}`, got, todo, cause })
}
