/** Writes docs/attacks.md: what can happen to a host with Docker, what stops it, and which check tells. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Attack, AuditSign, DoctorSign } from '../examples/attacks/attack.ts'
import { ATTACKS, GROUPS } from '../examples/attacks/attacks.ts'
import { CHECK_FACTS } from '../lib/audit/facts.ts'
import { escaped } from './check-pages.ts'

export const ATTACK_PAGE: string = fileURLToPath(new URL('../docs/attacks.md', import.meta.url))

const CHECKS = new Map(CHECK_FACTS.map((check) => [check.id, check]))

const COMMENT = '<!-- Written by `npm run docs:attacks` from examples/attacks/. Edit the attack there. -->'

const INTRODUCTION = `What can happen to a Docker host, what stops it, and how you know whether it can happen to yours.

docker-mtls replays each of these attacks in its tests, with evidence: first at daemons that were set up wrongly, where it
works, then at a daemon that was set up with \`docker-mtls init --userns-remap\`. To see it yourself, run
\`npm ci && npm run attacks\` in a checkout, as root on Linux. It takes about 20 seconds, and attacks only daemons that it starts
itself, in their own namespaces.

## Can it happen to you?

Audit your daemons. The last column of the table says which checks tell you that an attack works.

\`\`\`sh
npx docker-mtls audit --host build01.example.com --cert-path ~/.docker/ci
npx docker-mtls audit --host ssh://root@build01.example.com    # if it has no TLS yet
\`\`\``

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

const linkTo = ({ title }: Attack): string => `[${title}](#${anchorOf(title)})`
const checkLink = (id: string): string => `[${id}](checks/${id}.md)`

function signLinks({ signs }: Attack): string[] {
  return signs.map((sign) => ('check' in sign ? checkLink(sign.check) : '[doctor](doctor.md)'))
}

/** Code in a cell stays code; only the border of the cell is special. */
function rowOf(attack: Attack): string {
  return `| ${linkTo(attack)} | ${attack.wrong} | ${attack.stoppedBy} | ${signLinks(attack).join(', ')} |`
}

function sectionOf({ title, id, attacker, wrong, how, defence, remains, signs }: Attack): string {
  const facts = [
    ['Who can do it', `${attacker}.`],
    ['When it works', `${wrong}.`],
    ['What stops it', defence],
    ['How you know', signs.map(knowledge).join(' ')],
    ...(remains === undefined ? [] : [['What remains', remains]]),
    ['Name in `npm run attacks`', `\`${id}\``],
  ]
  return `### ${title}\n\n${how}\n\n${facts.map(([name, text]) => `- **${name}:** ${text}`).join('\n')}`
}

/** Checks of the daemon tell before an attack; those of containers, when there is one. */
function knowledge(sign: AuditSign | DoctorSign): string {
  if (!('check' in sign)) return `\`docker-mtls doctor\` fails at the step \`${sign.step}\` while the attacker answers.`
  const check = CHECKS.get(sign.check)
  if (check === undefined) throw new Error(`there is no check ${sign.check}`)
  const result = sign.wrong === 'warn' ? 'gives a warning' : 'fails'
  const whose = check.family === 'container' ? ' for the container' : ''
  return `${checkLink(check.id)}, "${escaped(check.title)}", ${result}${whose}.`
}

/** The whole page. */
export function renderAttackPage(): string {
  const open = ATTACKS.filter(({ refusal }) => refusal === undefined)
  const sections = GROUPS.map(([title, group]) => `## ${title}\n\n${group.map(sectionOf).join('\n\n')}`)
  return `# Attacks

${COMMENT}

${INTRODUCTION}

| attack | works if | stopped by | checks |
|---|---|---|---|
${ATTACKS.map(rowOf).join('\n')}

Neither TLS nor user namespaces stop these:

${open.map((attack) => `- ${linkTo(attack)}. ${attack.remains ?? ''}`).join('\n')}

${sections.join('\n\n')}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(ATTACK_PAGE, renderAttackPage())
