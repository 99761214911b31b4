import type { FolderLeafResult } from '../pki/index.ts'

/** The note of a key that stays names the command that replaces it; it needs the type that was asked for, too. */
export function withKeyType(result: FolderLeafResult, keyType: string | undefined): FolderLeafResult {
  if (keyType === undefined) return result
  const notes = result.notes.map((note) =>
    /^Its key stays .* --force$/.test(note) ? `${note} --key-type ${keyType}` : note,
  )
  return { ...result, notes }
}
