import { DEFAULT_FOLDER } from '../command-line/options.ts'

/** Replaces each line `@@NAME@@` of a script by lines, and the name of the default folder. */
export function fillIn(script: string, values: Readonly<Record<string, readonly string[]>>): string {
  return script
    .split('\n')
    .flatMap((line) => values[/^\s*# @@([A-Z]+)@@$/.exec(line)?.[1] ?? ''] ?? [line])
    .map((line) => line.replace('@@FOLDER@@', () => DEFAULT_FOLDER))
    .join('\n')
}
