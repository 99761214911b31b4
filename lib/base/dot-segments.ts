/** `.` or `..` as a segment, also before path parameters (`..;x`), which some servers remove first. */
// eslint-disable-next-line no-control-regex
const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:;[^/\\?#]*)?(?:[/\\?#]|[\u0000- ]*$)/

/** No server decodes a path so often. The limit keeps the check linear. */
const LONGEST_DECODING = 8

/**
 * Whether a path, or a part of one, has a dot segment for any server on its way. Proxies decode `%2e`, `%2f` and `%5c`
 * before or after they resolve dot segments (RFC 3986, section 5.2.4), and each proxy in a row decodes once more. Some take
 * a backslash for a slash. A WHATWG URL parser removes tabs and line breaks, and spaces and control characters at the end.
 */
export function hasDotSegment(path: string): boolean {
  // Most paths have neither, and this is asked for each request.
  if (!path.includes('.') && !path.includes('%')) return false
  let text = path
  for (let round = 0; round < LONGEST_DECODING; round++) {
    text = text.replaceAll(/[\t\n\r]/g, '')
    if (DOT_SEGMENT.test(text)) return true
    const decoded = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    if (decoded === text) return false
    text = decoded
  }
  return true
}
