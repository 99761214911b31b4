/** `@`, also percent-encoded, unless a digest follows it: `name@sha256:...`. */
const END_OF_LOGIN = /(?:@|%(?:25)*40)(?!sha\d{3}(?::|%(?:25)*3a)[\da-f]{32,}(?:\/|$))/gi

/** Almost no target has any of these, and searching for logins takes time. */
const UNUSUAL = /[?@%]|\/\//

/** Stands for a login. */
const HIDDEN = '*'

/**
 * What is logged of a request's target: its path, without logins, which an image can have in front of its registry, and a URL in front
 * of its host.
 */
export function loggedPath(target: string): string {
  if (!UNUSUAL.test(target)) return target
  const path = target.replace(/\?.*/s, '')
  const [before = '', ...urls] = path.split('//')
  const segments = before.split('/').map(hideLogin).join('/')
  // A password that nobody has encoded can contain slashes.
  return urls.length === 0 ? segments : `${segments}//${hideLogin(urls.join('//'))}`
}

function hideLogin(text: string): string {
  const end = [...text.matchAll(END_OF_LOGIN)].at(-1)
  return end === undefined ? text : `${HIDDEN}${text.slice(end.index)}`
}
