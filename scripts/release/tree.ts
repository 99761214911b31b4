import { Refusal } from './refusal.ts'
import { attempt, git } from './run.ts'

export interface Tree {
  readonly commit: string
  /** When it was committed, in RFC 3339. */
  readonly date: string
}

/**
 * Checks that the working tree is a commit of main, without changes.
 *
 * @param tag - the tag of the version, if it exists already. Then HEAD may be detached, as in CI
 */
export async function checkTree(root: string, tag?: string): Promise<Tree> {
  const changes = await git(root, 'status', '--porcelain')
  if (changes !== '') {
    const lines = changes.split('\n')
    throw new Refusal(
      `The working tree has ${lines.length} uncommitted or untracked files, such as ${lines[0]?.slice(3)}.`,
      'Commit, ignore or remove them:  git status',
    )
  }
  await (tag === undefined ? checkBranch(root) : checkTag(root, tag))
  const [commit = '', seconds = ''] = (await git(root, 'show', '--no-patch', '--format=%H %ct', 'HEAD')).split(' ')
  return { commit, date: new Date(Number(seconds) * 1000).toISOString() }
}

async function checkBranch(root: string): Promise<void> {
  const branch = await git(root, 'branch', '--show-current')
  if (branch === 'main') return
  throw new Refusal(
    `${branch === '' ? 'No branch' : `The branch ${branch}`} is checked out; a release is made from main.`,
    'Merge it, and change to main:  git switch main',
  )
}

async function checkTag(root: string, tag: string): Promise<void> {
  const head = await git(root, 'rev-parse', 'HEAD')
  const tagged = await attempt(['git', 'rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`], { cwd: root })
  if (tagged.stdout.trim() !== head) {
    const state = tagged.code === 0 ? 'names another commit than HEAD' : "doesn't exist"
    throw new Refusal(`The tag ${tag} ${state}.`, `Check out the tag:  git switch --detach ${tag}`)
  }
  for (const main of ['main', 'origin/main']) {
    const { code } = await attempt(['git', 'merge-base', '--is-ancestor', head, main], { cwd: root })
    if (code === 0) return
  }
  throw new Refusal(`The tag ${tag} is on a commit that isn't on main.`, 'Merge the commit to main, and tag it there.')
}
