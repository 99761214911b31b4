import { Readable, type Writable } from 'node:stream'
import { ByteList } from '../../base/byte-list.ts'
import type { ConversationOptions, Input } from './options.ts'
import type { AttachedStream } from '../stream/attached.ts'
import type { OutputChunk } from '../stream/frames.ts'
import type { Output } from '../stream/output.ts'
import { closeInput, openInput } from '../stream/input.ts'
import { Sinks } from '../stream/sinks.ts'

/** Runs a call with its input opened, and closes the input in the end. */
export async function withStdin<Result>(
  of: string,
  { stdin: given }: ConversationOptions,
  run: (opened: Pick<ConversationOptions, 'stdin'>) => Promise<Result>,
): Promise<Result> {
  const stdin = openInput(given, `the option stdin of ${of}`)
  try {
    return await run(stdin === undefined ? {} : { stdin })
  } finally {
    closeInput(stdin)
  }
}

/**
 * Sends a program its input and reads its output to the end. Always closes the connection.
 *
 * @param watch - called with each chunk of the output
 */
export async function converse(
  stream: AttachedStream,
  options: ConversationOptions,
  watch: (chunk: OutputChunk) => void = () => {},
): Promise<Output> {
  const output = readOutput(stream, options, watch)
  try {
    const [collected] = await Promise.all([output, feed(stream, options.stdin, output)])
    return collected
  } finally {
    await stream.close()
  }
}

async function readOutput(
  stream: AttachedStream,
  { stdout, stderr }: ConversationOptions,
  watch: (chunk: OutputChunk) => void,
): Promise<Output> {
  const targets = { stdout, stderr }
  const kept = { stdout: new ByteList(), stderr: new ByteList() }
  const sinks = new Sinks(...[stdout, stderr].filter((target) => target !== undefined))
  try {
    for await (const chunk of stream) {
      watch(chunk)
      const { stream: name, data } = chunk
      const target = targets[name]
      if (target) await sinks.write(target, data)
      else kept[name].push(data)
    }
    await sinks.check()
  } finally {
    sinks.release()
  }
  return { stdout: kept.stdout.take(), stderr: kept.stderr.take() }
}

/** A program that has exited doesn't read the rest of its input, which is no error. */
async function feed(stream: AttachedStream, input: Input | undefined, ended: Promise<unknown>): Promise<void> {
  if (input === undefined) return
  const whole = typeof input === 'string' || input instanceof Uint8Array
  const source = input instanceof Readable ? input : Readable.from(whole ? [input] : input)
  try {
    await Promise.race([writeAll(source, stream), ended])
  } finally {
    source.destroy()
  }
}

async function writeAll(source: Readable, { stdin, inputProgress }: AttachedStream): Promise<void> {
  inputProgress.await()
  for await (const chunk of source as AsyncIterable<string | Uint8Array>) {
    inputProgress.move()
    if (!(await isWritten(stdin, chunk))) return
    inputProgress.await()
  }
  inputProgress.move()
  stdin.end()
}

/** Whether the chunk was written. If the connection has ended, reading the output fails with the reason. */
function isWritten(stdin: Writable, chunk: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    stdin.write(chunk, (error) => resolve(!error))
  })
}
