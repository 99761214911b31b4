/**
 * `npm run fuzz:properties [-- OPTION... FILE...]`: runs `npm test` with a fresh seed, on all test files with properties or
 * on the given files. Options:
 *
 *     --runs=N   the minimum number of runs of each property
 *     --seed=N   use this seed instead of a fresh one
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const OPTIONS = { runs: { type: 'string', default: '2000' }, seed: { type: 'string' } } as const

/** The test files below a folder that import `test/support/properties.ts`. */
function filesWithProperties(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesWithProperties(path)
      return entry.name.endsWith('.test.ts') && /from '.*\/support\/properties\.ts'/.test(readFileSync(path, 'utf8'))
        ? [path]
        : []
    })
    .toSorted()
}

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
const seed = values.seed ?? String(randomInt(2 ** 31))
const files = positionals.length > 0 ? positionals : filesWithProperties('test')
console.log(`Seed ${seed}: each property of ${files.length} files runs at least ${values.runs} times.`)
const env = { ...process.env, FUZZ_SEED: seed, FUZZ_RUNS: values.runs }
const { status } = spawnSync('npm', ['test', '--', ...files], { stdio: 'inherit', env })
if (status !== 0)
  console.log(`To run all of them again:  npm run fuzz:properties -- --seed=${seed} --runs=${values.runs}`)
process.exitCode = status ?? 1
