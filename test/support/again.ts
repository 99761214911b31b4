/**
 * The command that runs a file, or one test of it, again.
 *
 * @param name - the test's own name, without its suites
 */
export function againCommand(file: string, name?: string): string {
  // What `npm run fuzz:properties` has set decides which values the properties get.
  const fuzzed = ['FUZZ_SEED', 'FUZZ_RUNS'].flatMap((key) => {
    const value = process.env[key]
    return value === undefined ? [] : [`${key}=${shellQuoted(value)} `]
  })
  // On what the tests ran.
  const on = process.argv.filter((arg) => arg.startsWith('--engine=') || arg === '--through-gateway')
  const pattern = name === undefined ? [] : [`--test-name-pattern=${shellQuoted(patternOf(name))}`]
  return `${fuzzed.join('')}npm test -- ${[...on, file, ...pattern].join(' ')}`
}

/** node:test takes a pattern for a regular expression. */
function patternOf(name: string): string {
  return `^${name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}$`
}

function shellQuoted(word: string): string {
  return /^\d+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
