import { z } from 'zod'
import { readHistory } from './history.ts'
import { HISTORY, IMAGE, RUNNING_IMAGE_FACTS } from './image-schema.ts'
import { read, type Collection } from './read.ts'
import type { RunningImage, Snapshot } from './snapshot.ts'

/** Reads the list of images. */
export function collectImages(on: Collection): Promise<Snapshot['images']> {
  return read(z.array(IMAGE), on, () => on.docker.images.list(on.limits))
}

/** Reads the images of running containers, each once. */
export async function collectRunningImages(
  on: Collection,
  containers: Snapshot['containers'],
): Promise<Snapshot['runningImages']> {
  if ('unknown' in containers) return containers
  const names = new Map<string, string>()
  for (const { inspect } of containers.value) {
    if ('unknown' in inspect || inspect.value.State?.Running !== true) continue
    const { Image, Config } = inspect.value
    if (Image !== undefined && !names.has(Image)) names.set(Image, Config?.Image ?? Image)
  }
  return { value: await Promise.all([...names].map(([id, name]) => collectRunningImage(on, id, name))) }
}

async function collectRunningImage(on: Collection, id: string, name: string): Promise<RunningImage> {
  const [inspect, history] = await Promise.all([
    read(RUNNING_IMAGE_FACTS, on, () => on.docker.images.inspect(id, on.limits)),
    read(HISTORY, on, async () => readHistory(await on.docker.images.history(id, on.limits))),
  ])
  return { id, name, inspect, history }
}
