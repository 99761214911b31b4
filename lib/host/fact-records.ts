import { ProvisionError } from '../base/errors.ts'

/** A file on the host. */
export interface HostFile {
  readonly path: string
  readonly mode: number
  /** `root:root` */
  readonly owner: string
  /** Absent for a key: only its {@link HostFile.sha256} leaves the host. */
  readonly text?: string
  readonly sha256?: string
}

/** The output of `fact-functions.sh`. */
export interface FactRecords {
  readonly values: ReadonlyMap<string, string>
  readonly files: readonly HostFile[]
}

/** As `longest_file` in `fact-functions.sh`, which a hostile host doesn't use. */
const LONGEST_FILE = 8_000_000
/** `file` and `secret` have this many words. */
const MOST_WORDS = 5
/** All values together may have this many lines, since most of them are split into lines. */
const MOST_LINES = 1_000_000

/**
 * Parses the output of the scripts for facts.
 *
 * @param name - the name of the host, for the message
 * @throws {@link ProvisionError} ERR_HOST_UNREADABLE, if the values have too many lines
 */
export function parseRecords(printed: string, name: string): FactRecords {
  const values = new Map<string, string>()
  const files: HostFile[] = []
  let lines = 0
  for (const line of printed.split('\n')) {
    const [kind, ...encoded] = line.split(' ', MOST_WORDS)
    if (kind !== 'fact' && kind !== 'file' && kind !== 'secret') continue
    const words = encoded.map(decodeWord)
    lines += words.reduce((sum, word) => sum + countLines(word), 0)
    if (lines > MOST_LINES) throw tooManyLines(name)
    if (kind === 'fact') values.set(words[0] ?? '', words[1] ?? '')
    else files.push(readFile(kind, words))
  }
  return { values, files }
}

/** Decodes a word that `fact-functions.sh` has encoded. */
export function decodeWord(word: string): string {
  return word.startsWith('=') ? word.slice(1) : Buffer.from(word, 'base64').toString('utf8')
}

function readFile(kind: 'file' | 'secret', words: readonly string[]): HostFile {
  const [path = '', mode = '0', owner = '', contents = ''] = words
  const about = { path, mode: Number.parseInt(mode, 8), owner }
  if (kind === 'secret') return { ...about, sha256: contents }
  return contents.length > LONGEST_FILE ? about : { ...about, text: contents }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}

function tooManyLines(name: string): ProvisionError {
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried: `inspecting ${name}`,
    got: `its files and settings have more than ${MOST_LINES} lines`,
    todo: 'Log in there and look for files in /etc/docker and /etc/systemd/system that are not configuration.',
  })
}
