import { quoted } from '../../../base/text.ts'
import { plainFault, refused, type Kind } from './value.ts'

/** Visible ASCII: two keys that look alike are one. */
const KEY = /^[!-~]+$/

/** The key of a label, or the beginning of keys: `traefik.*`. */
export const LABEL: Kind<string> = {
  expected: 'the key of a label, such as com.example.team or traefik.*',
  read: (text) => {
    if (text === '*') return refused(text, 'is every label', 'To allow none, write only: { labels: [] }.')
    const plain = plainFault(text)
    if (plain !== undefined) return refused(text, plain, `Write ${LABEL.expected}.`)
    const [key, ...values] = text.split('=')
    if (values.length > 0) return refused(text, 'has a value', `Write the key alone: ${quoted(key ?? '')}.`)
    if (text.slice(0, -1).includes('*')) return refused(text, 'has a * within', 'Write * only at the end.')
    return KEY.test(text) ? text : refused(text, 'is not the key of a label', `Write ${LABEL.expected}.`)
  },
}

/** Does a policy mean this key? */
export function matchesLabel(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern
}

/** Programs that read labels differ in what they take for the same key: Traefik ignores its case. */
export function mayMeanLabel(pattern: string, key: string): boolean {
  return !KEY.test(key) || matchesLabel(pattern.toLowerCase(), key.toLowerCase())
}
