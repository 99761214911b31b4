/** Runs the command lines on stdin as if on a terminal of 80 columns, and prints what each printed. */
import { PassThrough } from 'node:stream'
import { json } from 'node:stream/consumers'
import { run } from '../lib/cli/run.ts'
import type { Run } from './screens.ts'

const TERMINAL = {
  TERM: 'xterm',
  FORCE_COLOR: '1',
  HOME: process.env['HOME'],
  USER: process.env['USER'],
  PATH: process.env['PATH'],
}

async function printedBy({ argv, env, exitCode = 0 }: Run): Promise<string> {
  let printed = ''
  const write = (chunk: string | Uint8Array): void => void (printed += Buffer.from(chunk).toString())
  const output = { write, isTTY: true, columns: 80 }
  const io = {
    stdin: new PassThrough(),
    stdout: output,
    stderr: output,
    env: { ...TERMINAL, ...env },
    signal: new AbortController().signal,
    root: process.cwd(),
  }
  const code = await run(argv, io)
  if (code !== exitCode) throw new Error(`${argv.join(' ')} ended with ${code}: ${printed}`)
  return printed
}

const texts: string[] = []
for (const one of (await json(process.stdin)) as Run[]) texts.push(await printedBy(one))
process.stdout.write(JSON.stringify(texts))
