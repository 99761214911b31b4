import { ArgumentError } from '../../../base/errors.ts'
import { checkOptions } from '../../../base/options.ts'
import type { Variables } from '../../../base/terminal/output.ts'
import { shown } from '../../description.ts'
import { checkWritable } from '../../stream/sinks.ts'
import type { ProgressMessage } from '../../types/progress.ts'
import type { BuildEvent } from '../build/events.ts'
import { Items, type View } from './item.ts'
import { LayerReader } from './layers.ts'
import { liveView } from './live.ts'
import type { ShowProgressOptions } from './options.ts'
import { Outlet } from './outlet.ts'
import { plainView } from './plain.ts'
import { StepReader } from './steps.ts'

type ShownEvent = BuildEvent | ProgressMessage
type Checked = Required<ShowProgressOptions>

const CALL = 'showProgress()'
const MODES: ReadonlySet<unknown> = new Set(['auto', 'plain', 'live'])

/** Checks the arguments, and adds the defaults. */
export function checkShown(progress: unknown, options: ShowProgressOptions): Checked {
  if (typeof Object(progress)[Symbol.asyncIterator] !== 'function') {
    throw mistake(
      progress,
      'a call with progress',
      'Pass the call without awaiting it, such as docker.images.pull(NAME).',
    )
  }
  checkOptions(options, ['output', 'mode'], CALL)
  const { output = process.stderr, mode = 'auto' } = options
  checkWritable(`the option output of ${CALL}`, output)
  if (!MODES.has(mode)) throw mistake(mode, 'a mode', "Pass 'auto', 'plain' or 'live'.")
  return { output, mode }
}

function mistake(value: unknown, wanted: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `calling ${CALL} with ${shown(value)}`,
    got: `it is not ${wanted}`,
    todo,
  })
}

/** Implements `showProgress()`. */
export async function show<Result>(
  progress: AsyncIterable<ShownEvent> & PromiseLike<Result>,
  { output, mode }: Checked,
  env: Variables,
): Promise<Result> {
  const outlet = new Outlet(output)
  const view = isLive(outlet, mode, env) ? liveView(outlet, env) : plainView(outlet)
  try {
    await follow(progress, view, outlet)
  } finally {
    outlet.release()
  }
  return progress
}

/** A dumb terminal can't move its cursor. */
function isLive({ isTTY }: Outlet, mode: Checked['mode'], { TERM }: Variables): boolean {
  return TERM !== 'dumb' && (mode === 'live' || (mode === 'auto' && isTTY))
}

/** Reads the events at the pace of the output. */
async function follow(progress: AsyncIterable<ShownEvent>, view: View, outlet: Outlet): Promise<void> {
  const items = new Items(view)
  const [layers, steps] = [new LayerReader(items), new StepReader(items)]
  let failed = true
  try {
    for await (const event of progress) {
      if ('type' in event) steps.read(event)
      else layers.read(event)
      if (outlet.writableNeedDrain) await outlet.flushed()
    }
    failed = false
  } finally {
    layers.end()
    steps.end(failed)
    view.close(failed)
    await outlet.flushed()
  }
}
