import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../support/command.ts'

const CAPTURE_BASH = fileURLToPath(new URL('capture.bash', import.meta.url))
const CAPTURE_ZSH = fileURLToPath(new URL('capture.zsh', import.meta.url))

/** A script, the folder to complete in, and the PATH of the shell. */
export interface Completing {
  readonly script: string
  readonly cwd: string
  readonly path: string
}

/** What a real shell offers at the end of each line: words, in zsh and fish with their descriptions behind them. */
export type Complete = (where: Completing, lines: readonly string[]) => Promise<string[][]>

let count = 0

async function save({ cwd, script }: Completing, shell: string): Promise<{ folder: string; file: string }> {
  const folder = join(cwd, `.${shell}-${++count}`)
  await mkdir(folder)
  await writeFile(join(folder, 'script'), script)
  return { folder, file: join(folder, 'script') }
}

async function run(where: Completing, [file, ...args]: readonly [string, ...string[]]): Promise<string> {
  const env = { PATH: where.path, HOME: where.cwd, LC_ALL: 'C.UTF-8', TERM: 'xterm' }
  const { code, stdout, stderr } = await runCommand(file, args, { cwd: where.cwd, env })
  if (code !== 0 || stderr !== '') throw new Error(`${file} exited with ${code}: ${stderr}`)
  return stdout
}

async function inBash(where: Completing, lines: readonly string[]): Promise<string[][]> {
  const { file } = await save(where, 'bash')
  return split(await run(where, ['bash', '--norc', '--noprofile', '-u', CAPTURE_BASH, file, ...lines]))
}

async function inFish(where: Completing, lines: readonly string[]): Promise<string[][]> {
  const { file } = await save(where, 'fish')
  const program = 'source $argv[1]; for line in $argv[2..]; complete -C $line; echo ---; end'
  return split((await run(where, ['fish', '--no-config', '-c', program, file, ...lines])).replaceAll('\t', ' '))
}

async function inZsh(where: Completing, lines: readonly string[]): Promise<string[][]> {
  const { folder, file } = await save(where, 'zsh')
  await run(where, ['zsh', '-f', CAPTURE_ZSH, file, folder, ...lines])
  const results = lines.map((_, index) => readFile(join(folder, String(index)), 'utf8').catch(() => ''))
  return (await Promise.all(results)).map(linesOf)
}

function split(output: string): string[][] {
  return output.split('---\n').slice(0, -1).map(linesOf)
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

export const COMPLETE: Readonly<Record<'bash' | 'zsh' | 'fish', Complete>> = { bash: inBash, zsh: inZsh, fish: inFish }
