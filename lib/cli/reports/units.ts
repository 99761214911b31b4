import { join, resolve } from 'node:path'
import { FileError } from '../../base/errors.ts'
import { PUBLIC_MODE } from '../../base/files.ts'
import { differs, planFile, putFile } from '../../base/rendered-file.ts'
import { option, sentence, type Sentence } from '../../base/sentence.ts'
import { intoSystemFolder } from '../../base/system-folder.ts'
import type { Unit } from '../../daemon-config/unit/service.ts'
import type { Context } from '../command.ts'
import { textsOf } from './data.ts'
import { oldFiles, summaryText } from './summary.ts'

/** Where units are written, and what to say about them. */
export interface UnitFlags {
  readonly write: string
  readonly force?: true
  readonly json?: true
  /** What root does next, once they are in /etc/systemd/system. */
  readonly steps: readonly string[]
  readonly warnings: readonly Sentence[]
}

/** Writes units into a folder, and says what comes next. */
export async function writeUnits(units: readonly Unit[], flags: UnitFlags, context: Context): Promise<void> {
  const { write, force, steps, warnings } = flags
  const planned = await Promise.all(units.map(({ name, text }) => planFile(join(write, name), text, PUBLIC_MODE)))
  const taken = planned.find(differs)
  if (taken !== undefined && force !== true) {
    throw new FileError('ERR_FILE_EXISTS', {
      tried: `writing ${taken.path}`,
      got: 'a different file of that name exists',
      todo: sentence`Replace it with ${option('force', 'true')} (the old file is kept).`,
    })
  }
  const written = []
  for (const file of planned) written.push(await intoSystemFolder(file.path, () => putFile(file, force === true)))
  const summaries = written.map(({ action, path, keptAside }) =>
    summaryText({ action, path, about: oldFiles(keptAside) }, context),
  )
  const title = units.length === 1 ? 'Once it is' : 'Once they are'
  const next = `\n${context.paint('bold', `${title} in /etc/systemd/system, as root:`)}\n${steps.map((step) => `  ${step}\n`).join('')}`
  const files = written.map((file, index) => ({ ...units[index], ...file, path: resolve(file.path) }))
  const data = { files, warnings: textsOf(warnings) }
  context.answer({ data, text: `${summaries.join('\n')}\n${next}`, warnings }, flags)
}
