import { KEY_MODE, readIfThere, writeFileAtomically } from '../base/files.ts'
import { parseJsonDocument } from '../base/json.ts'

/** Writes a JSON file beside the files of a server. */
export async function writeRecord(path: string, record: object): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(record, undefined, 2)}\n`, { mode: KEY_MODE })
}

/** @returns undefined if the file is missing or damaged */
export async function readRecord<T>(path: string, isRecord: (value: unknown) => value is T): Promise<T | undefined> {
  const text = await readIfThere(path)
  try {
    const value = parseJsonDocument(text ?? 'null')
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
