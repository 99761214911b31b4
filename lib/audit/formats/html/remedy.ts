import { html, type Html } from './markup.ts'

const GROUPS =
  'cert|client|daemon|gateway|container|image|network|volume|plugin|swarm|node|service|secret|config|compose'
const ALONE = 'setup|update|restart|pull|run|exec|build'
/** After a flag, these words go on with the sentence. */
const VALUE = String.raw`(?!(?:and|or|with|without|from|by|for|to|in|on|if|it|that|only)(?![\w-]))[\w./:@=*-]*\w(?!:/)`
const FLAG = String.raw`--?[A-Za-z][\w-]*(?:=[^\s,;)]*[^\s,;).])?(?: ${VALUE})?`
const FLAGS = String.raw`(?<![\w-])${FLAG}(?: ${FLAG})*`
const PLACEHOLDER = String.raw`[A-Z]{2,}(?:@[\w:]+|\.\.\.)?(?![\w-])`
const DOCKER = String.raw`docker(?:-mtls)? (?:(?:${GROUPS}) [a-z][a-z-]*|(?:${ALONE})\b)(?: (?:${FLAG}|${PLACEHOLDER}))*`
const OTHERS = String.raw`(?:apt-get|npm) install(?: [a-z][\w.@-]*\w)+|timedatectl set-ntp true|dockerd-rootless-setuptool\.sh install|systemctl [a-z-]+ docker`
const INSTRUCTION = String.raw`(?:RUN|ADD) (?:--|apt-get)[^;]*?(?=;| and |$)`
const SETTING = String.raw`"[a-z][a-z-]+"(?:: (?:"[^"]*"|true|false|\{[^}]*\}))?`
const VARIABLE = String.raw`\b[A-Z]+(?:_[A-Z0-9]+)+(?:=[^\s,;]*\w)?`
const PATH = String.raw`(?<![\w/.:])/(?:etc|var|usr)/[\w./:-]*\w`
const CODE = new RegExp([INSTRUCTION, DOCKER, OTHERS, SETTING, VARIABLE, PATH, FLAGS].join('|'), 'g')

/**
 * A remedy, with its commands and settings as code: a click selects one. This is for the eye alone, and no character is lost if
 * a command isn't recognized.
 */
export function remedyHtml(remedy: string): Html {
  const parts: Html[] = []
  let end = 0
  for (const { 0: found, index } of remedy.matchAll(CODE)) {
    parts.push(html`${remedy.slice(end, index)}<code class="copy">${found}</code>`)
    end = index + found.length
  }
  return html`${parts}${remedy.slice(end)}`
}
