import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Target } from './target.ts'

const FOLDER = fileURLToPath(new URL('./corpus/', import.meta.url))

/** The valid inputs and the earlier findings of a target: its generated seeds and its files in `corpus/NAME/`. */
export async function seedsOf({ name, seeds }: Target): Promise<Buffer[]> {
  const made = seeds ? [...(await seeds())] : []
  return [...made.map((seed) => Buffer.from(seed as Uint8Array)), ...filesOf(name)]
}

function filesOf(name: string): Buffer[] {
  const folder = join(FOLDER, name)
  try {
    return readdirSync(folder)
      .toSorted()
      .map((file) => readFileSync(join(folder, file)))
  } catch {
    return []
  }
}
