import { pathFault } from '../../../base/absolute-path.ts'
import { withoutEnd } from '../../../base/text.ts'
import { plainFault, refused, type Kind, type Refused } from './value.ts'

/** A folder or file of the host. */
export const HOST_PATH: Kind<string> = {
  expected: 'an absolute path, such as /srv/app',
  read: (text) => {
    if (/^.+\/\*{1,2}$/.test(text)) {
      const folder = withoutEnd(text, '/*') || '/'
      return refused(text, 'is a pattern', `Write ${folder}: containers can mount this folder, but no folder in it.`)
    }
    return readPath(text, 'Write each folder.')
  },
}

export const DEVICE: Kind<string> = {
  expected: 'the absolute path of a device, such as /dev/fuse',
  read: (text) => readPath(text, 'Write each device.'),
}

function readPath(text: string, forPatterns: string): string | Refused {
  if (text === '/') return text
  const plain = plainFault(text)
  if (plain !== undefined) return refused(text, plain, 'Write the absolute path, such as /srv/app.')
  if (text.startsWith('~')) return refused(text, 'begins with ~', 'Write the absolute path, such as /home/ann/app.')
  if (/[$%]/.test(text)) return refused(text, 'has a variable', 'Write the absolute path: nothing is expanded.')
  if (/[*?[{]/.test(text)) return refused(text, 'is a pattern', forPatterns)
  const bare = withoutEnd(text, '/')
  if (bare !== text && pathFault(bare) === undefined) return refused(text, 'ends with a slash', `Write ${bare}.`)
  const fault = pathFault(text)
  if (fault === undefined) return text
  return refused(text, `is not a normalised absolute path: ${fault}`, 'Write the absolute path, such as /srv/app.')
}
