import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EndpointError } from '../base/errors.ts'
import { fileReason } from '../base/files.ts'
import type { Sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import { parseObject, type JsonObject } from './json-object.ts'

/** The path of the Docker CLI's `config.json` in DOCKER_CONFIG. */
export function configFile(config: string): string {
  return join(config, 'config.json')
}

/**
 * Reads the Docker CLI's `config.json`. A missing file counts as an empty one.
 *
 * @param config - the folder
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export async function readConfigFile(config: string): Promise<JsonObject> {
  const path = configFile(config)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return '{}'
    const got = codeOf(cause) === 'ENOTDIR' ? `${config} is a file, not a folder` : fileReason(cause)
    throw invalidConfig(path, got, 'Set DOCKER_CONFIG to a folder that you can read.', cause)
  })
  const parsed = parseObject(text)
  // The Docker CLI warns and continues with the local daemon and without credentials. The user may have meant another
  // daemon, so this is an error here.
  if (parsed === undefined)
    throw invalidConfig(path, 'it does not contain a JSON object', 'Correct or remove the file.')
  return parsed
}

/** The error for a `config.json` that can't be used. */
export function invalidConfig(path: string, got: string, todo: Sentence, cause?: unknown): EndpointError {
  return new EndpointError('ERR_CONFIG_INVALID', { tried: `reading ${path}`, got, todo, cause })
}
