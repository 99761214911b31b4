import { enumerate } from '../../base/text.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import type { Warning } from '../../base/warning.ts'
import { furtherFactsScript, type FactCall } from '../../host/facts-script.ts'
import { lines, parseFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { rulesThatBuild } from '../../policy/builders.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { Conflict } from '../conflicts.ts'
import { GATEWAY_FILES, hasGateway } from './files.ts'

/** Asks which SSH keys the dockerd of root would use to fetch a repository. */
export const SSH_KEYS_QUESTION: FactCall = sshKeysQuestion(0)

function sshKeysQuestion(uid: number): FactCall {
  return ['said', 'ssh-keys', 'ssh_keys_of', String(uid)]
}

/** Builds could use a key of the user of dockerd. */
interface OpenKey {
  readonly what: string
  readonly got: string
  readonly todo: Sentence
}

function openKeys({ fact }: HostFacts, policy: string | Policy): OpenKey[] {
  const keys = lines(fact('ssh-keys'))
  if (keys.length === 0) return []
  const builders = rulesThatBuild(typeof policy === 'string' ? parsePolicy(policy, GATEWAY_FILES.policy) : policy)
  if (builders.length === 0) return []
  const user = fact('ssh-user') || 'root'
  const got = `dockerd fetches the repositories of a build with this key of ${user}, and these rules let callers build: ${enumerate(builders)}`
  return keys.map((what) => ({
    what,
    got,
    todo: sentence`Rename it, and name it in ~/.ssh/config of ${user}, which builds don't read; or give it a passphrase:  ${command('ssh-keygen', '-p', '-f', what)}  Or deny images.build in a policy file.`,
  }))
}

/** A new gateway isn't put in front of such a host. */
export function sshKeyConflicts(facts: HostFacts, policy: string): Conflict[] {
  if (hasGateway(facts)) return []
  return openKeys(facts, policy).map((one) => ({ code: 'ERR_APPLY_CONFLICT', kind: 'ssh-key', ...one }))
}

/** One that is there has to get its new lists and certificates whatever keys root has. */
export function sshKeyWarnings(facts: HostFacts, policy: string): Warning[] {
  return hasGateway(facts) ? warningsOf(facts, policy) : []
}

/**
 * The same for a gateway that root starts on the host of a daemon. A host that can't be asked has no warnings.
 *
 * @param uid - the user of the daemon, who isn't root if it runs rootless
 */
export async function askForSshKeys(
  policy: Policy,
  uid: number,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<Warning[]> {
  if (rulesThatBuild(policy).length === 0) return []
  const more: FactCall[] = [sshKeysQuestion(uid), ['said', 'ssh-user', 'passwd_field', String(uid), '1']]
  try {
    const { stdout } = await shell.run(furtherFactsScript({ more }), { signal })
    return warningsOf(parseFacts(stdout), policy)
  } catch {
    return []
  }
}

function warningsOf(facts: HostFacts, policy: string | Policy): Warning[] {
  return openKeys(facts, policy).map(({ what, got, todo }) => ({
    code: 'ssh-key',
    text: sentence`${what}: ${got}. ${todo}`,
  }))
}
