import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { daemonWarnings } from './warnings.ts'
import { renderDaemonJson, renderDaemonJsonOverride } from './render-daemon-json.ts'
import { FileError } from '../base/errors.ts'
import { PUBLIC_MODE, isFolder } from '../base/files.ts'
import { findDaemonSource, guessWarning, type DaemonSource, type SourceOptions } from './source.ts'
import { optionsFor, namingDaemonJson, parseRequested, renderDropInFor, type RequestedSettings } from './requested-settings.ts'
import { differs, planFile, putFile, refuseFolder, type FileResult } from '../base/rendered-file.ts'

/** What {@link renderDaemon} is told. */
export interface RenderOptions extends RequestedSettings, SourceOptions {
  /** `systemd`: all in the drop-in. `daemon-json`: in daemon.json, and a drop-in that leaves it there. */
  readonly form: 'systemd' | 'daemon-json'
}

/** A file for the server. */
export interface RenderedFile {
  readonly name: 'override.conf' | 'daemon.json'
  /** Where it belongs on the server. */
  readonly place: string
  readonly text: string
}

/** What was rendered. */
export interface RenderReport {
  readonly files: readonly RenderedFile[]
  /** The files that the command of dockerd was taken from; none: docker-ce's line. */
  readonly unit: readonly string[]
  /** Sentences for a person. */
  readonly warnings: readonly string[]
}

export const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
export const DAEMON_JSON = '/etc/docker/daemon.json'

/**
 * Renders the daemon's configuration for a machine whose unit is named, or for this one. Nothing is written.
 *
 * @throws {@link DaemonError} as the renderers do, and ERR_UNIT_NOT_FOUND
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function renderDaemon(options: RenderOptions): Promise<RenderReport> {
  const requested = parseRequested(options)
  const source = await findDaemonSource(options)
  const unit = source.found?.paths ?? []
  const guess = guessWarning(source, 'SERVER', '--unit docker.service')
  if (options.form === 'daemon-json') {
    const rendered = renderBothFor(optionsFor(requested, source), source)
    return { ...rendered, unit, warnings: [...guess, ...rendered.warnings] }
  }
  const { text, warnings } = renderDropInFor(requested, source)
  return { files: [{ name: 'override.conf', place: DROP_IN, text }], unit, warnings: [...guess, ...warnings] }
}

/**
 * Renders the second form: daemon.json, and the drop-in that leaves everything there.
 *
 * @throws {@link DaemonError} as {@link renderDaemonJson} does, naming the file that is there
 */
export function renderBothFor(
  options: ReturnType<typeof optionsFor>,
  source: DaemonSource,
): Omit<RenderReport, 'unit'> {
  try {
    return {
      files: [
        { name: 'daemon.json', place: DAEMON_JSON, text: renderDaemonJson(options) },
        { name: 'override.conf', place: DROP_IN, text: renderDaemonJsonOverride(options) },
      ],
      warnings: [...source.warnings, ...daemonWarnings(options)],
    }
  } catch (cause) {
    throw namingDaemonJson(cause, source)
  }
}

/**
 * Writes what was rendered: one file to a path, several into a folder. All are looked at first, and what is there and says
 * something else is replaced by force alone; the old file is kept beside the new one.
 *
 * @param path - of the file, or of the folder for several
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_WRITE, ERR_FILE_READ
 */
export async function writeRendered(
  files: readonly RenderedFile[],
  path: string,
  force: boolean,
): Promise<FileResult[]> {
  const [first, second] = files
  if (second !== undefined) await isFolder(path)
  else if (first !== undefined) await refuseFolder(path, first.name)
  const planned = await Promise.all(
    files.map(({ name, text }) => planFile(second === undefined ? path : join(path, name), text, PUBLIC_MODE)),
  )
  const taken = planned.find(differs)
  if (taken !== undefined && !force) throw exists(taken.path)
  const results: FileResult[] = []
  for (const file of planned) {
    await makePublicFolder(dirname(file.path))
    results.push(await putFile(file, force))
  }
  return results
}

/** With the mode that a folder below /etc has: what goes there is configuration, and no secret. */
async function makePublicFolder(path: string): Promise<void> {
  try {
    await fs.mkdir(path, { recursive: true })
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `making the folder ${path}`,
      got: (cause as Error).message,
      todo: 'Choose a folder that you may write to.',
      cause,
    })
  }
}

function exists(path: string): FileError {
  return new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'a file of that name is there already, and says something else',
    todo: 'Let  --force  replace it (the old file is kept beside it), or choose another name.',
  })
}
