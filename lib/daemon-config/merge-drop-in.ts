/**
 * Puts our `ExecStart=` into a drop-in that somebody may have written by hand: whatever else it sets stays.
 *
 * @param existing - the override.conf that is there
 * @param rendered - ours: a section `[Service]` with the empty and the new `ExecStart=`
 * @returns the text to write
 */
export function mergeDropIn(existing: string | undefined, rendered: string): string {
  if (existing === undefined) return rendered
  const others = withoutExecStart(existing)
  if (others.every((line) => /^\s*(?:[#;].*|\[Service\]\s*)?$/.test(line))) return rendered
  // systemd takes a section that comes twice as one (systemd.syntax(7)).
  const kept = others.join('\n').replace(/\n*$/, '')
  return kept.endsWith(`\n[Service]`) || kept === '[Service]'
    ? `${kept}\n${rendered.replace('[Service]\n', '')}`
    : `${kept}\n\n${rendered}`
}

/** Lines that are continued belong to what they continue, and comments between them too. */
function withoutExecStart(text: string): string[] {
  let inside = false
  return text.split(/\r\n|\n|\r/).filter((line) => {
    const isComment = /^\s*[#;]/.test(line)
    if (inside && isComment) return false
    const isPart = inside || /^\s*ExecStart\s*=/.test(line)
    inside = isPart && /(?:^|[^\\])(?:\\\\)*\\$/.test(line)
    return !isPart
  })
}
