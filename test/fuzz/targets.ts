import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Target } from './target.ts'

const FOLDER = fileURLToPath(new URL('./targets/', import.meta.url))

/** A target, and the module that exports it. */
export interface PlacedTarget {
  readonly file: string
  readonly target: Target
}

/** All targets of a folder, by name. */
export async function loadTargets(folder = FOLDER): Promise<PlacedTarget[]> {
  const files = readdirSync(folder).map((name) => join(folder, name))
  const loaded = await Promise.all(
    files.map(async (file) => {
      const { targets } = (await import(pathToFileURL(file).href)) as { targets: readonly Target[] }
      return targets.map((target) => ({ file, target }))
    }),
  )
  return loaded.flat().toSorted((one, other) => one.target.name.localeCompare(other.target.name))
}
