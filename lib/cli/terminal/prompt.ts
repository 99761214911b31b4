import { StringDecoder } from 'node:string_decoder'
import { Interrupted, SIGINT_CODE, type Io } from './io.ts'
import { withoutLive } from '../../base/terminal/live.ts'

/** Can a person be asked? The question goes to stderr, so that has to be a terminal too. */
export function canAsk({ stdin, stderr }: Io): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/**
 * Asks on the terminal without showing the input. Afterwards, the terminal is in its previous mode in any case.
 *
 * @throws {@link Interrupted} for Ctrl-C, Ctrl-D and the end of the input
 */
export function askSecret(question: string, io: Io): Promise<string> {
  return withoutLive(io.stderr, () => readSecret(question, io))
}

async function readSecret(question: string, io: Io): Promise<string> {
  const { stdin, stderr, signal } = io
  signal.throwIfAborted()
  stderr.write(question)
  // In its usual mode, the terminal itself shows every key (termios(3), ECHO).
  stdin.setRawMode?.(true)
  try {
    return await readLine(io)
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/**
 * Asks a yes-or-no question on the terminal. Only a clear yes counts.
 *
 * @param question - ends in `?`
 * @throws {@link Interrupted} for Ctrl-C, Ctrl-D and the end of the input
 */
export function askYes(question: string, io: Io): Promise<boolean> {
  return withoutLive(io.stderr, () => readYes(question, io))
}

async function readYes(question: string, io: Io): Promise<boolean> {
  io.signal.throwIfAborted()
  io.stderr.write(`${question} (yes or no): `)
  try {
    return /^\s*y(?:es)?\s*$/i.test(await readLine(io))
  } catch (error) {
    // Without an answer, the line has not been ended.
    io.stderr.write('\n')
    throw error
  } finally {
    io.stdin.pause()
  }
}

function readLine({ stdin, signal }: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    let typed = ''
    const stop = (): void => {
      stdin.off('data', onData).off('end', onEnd)
      signal.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: Error): void => {
      stop()
      reject(reason)
    }
    const onEnd = (): void => giveUp(new Interrupted(SIGINT_CODE))
    const onAbort = (): void => giveUp(signal.reason as Error)
    const onData = (chunk: Buffer | string): void => {
      const line = edit(typed, typeof chunk === 'string' ? chunk : decoder.write(chunk))
      typed = line.typed
      if (line.end === 'cancel') return giveUp(new Interrupted(SIGINT_CODE))
      if (line.end === undefined) return
      stop()
      if (line.rest !== '') stdin.unshift(line.rest)
      resolve(typed)
    }
    stdin.on('data', onData).on('end', onEnd)
    signal.addEventListener('abort', onAbort, { once: true })
    stdin.resume()
  })
}

interface Line {
  readonly typed: string
  readonly end?: 'enter' | 'cancel'
  /** Input after the end of the line, such as pasted text. */
  readonly rest: string
}

const ENTER = /^[\r\n]$/
/** Ctrl-C and Ctrl-D: a terminal in raw mode hands over the keys and raises no signal. */
const CANCEL = new Set(['\u0003', '\u0004'])
const CTRL_U = '\u0015'
const ERASE = new Set(['\u0008', '\u007F'])
const ESCAPE = '\u001B'

/** The line after these keys. */
function edit(before: string, keys: string): Line {
  // An arrow key or the like, which nobody wants in a passphrase.
  if (keys.startsWith(ESCAPE)) return { typed: before, rest: '' }
  let typed = Array.from(before)
  const characters = Array.from(keys)
  for (const [index, character] of characters.entries()) {
    if (CANCEL.has(character)) return { typed: '', end: 'cancel', rest: '' }
    if (ENTER.test(character)) {
      return { typed: typed.join(''), end: 'enter', rest: characters.slice(index + 1).join('') }
    }
    if (character === CTRL_U) typed = []
    else if (ERASE.has(character)) typed = typed.slice(0, -1)
    else typed.push(character)
  }
  return { typed: typed.join(''), rest: '' }
}
