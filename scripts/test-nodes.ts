/**
 * `npm run test:nodes [-- --node=VERSION... FILE...]`: runs the tests on other versions of Node, from the npm package
 * `node`: on each other release line, or those that are named. The oldest supported versions are --node=20.19.0 and
 * --node=22.12.0. Continues with the next version after a failure.
 */
import { spawn } from 'node:child_process'
import { exitCodeOf } from './child.ts'
import { NODE_LINES } from './runtimes/runtimes.ts'

interface Outcome {
  readonly version: string
  readonly code: number
  readonly seconds: number
  /** The last line of test/run.ts: `120 passed, 0 failed, 0 skipped`. */
  readonly counts: string
}

async function runOn(version: string, files: readonly string[]): Promise<Outcome> {
  const start = Date.now()
  const command = ['-y', '-p', `node@${version}`, '--', 'node', '--import', 'tsx', 'test/run.ts', ...files]
  const child = spawn('npx', command, { stdio: ['inherit', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    process.stdout.write(chunk)
  })
  const code = await exitCodeOf(child)
  return { version, code, seconds: Math.round((Date.now() - start) / 1000), counts: countsIn(output) }
}

function countsIn(output: string): string {
  return /^\d+ passed, \d+ failed, \d+ skipped$/m.exec(output)?.[0] ?? ''
}

const args = process.argv.slice(2)
const asked = args.filter((arg) => arg.startsWith('--node=')).map((arg) => arg.slice('--node='.length))
const files = args.filter((arg) => !arg.startsWith('--node='))
const outcomes: Outcome[] = []
for (const version of asked.length > 0 ? asked : NODE_LINES) {
  console.log(`\n== Node ${version}`)
  outcomes.push(await runOn(version, files))
}
console.log('\nThe suite on other versions of Node:')
for (const { version, code, seconds, counts } of outcomes) {
  console.log(
    `  Node ${version.padEnd(8)} ${code === 0 ? 'passed' : 'FAILED'}  ${counts || 'no summary'}  ${seconds} s`,
  )
}
process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1
