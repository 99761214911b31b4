/** Prints the scripts of the apply that `daemon apply` would carry out here, as JSON; nobody stands behind it. */
import { planApply } from '../../../lib/apply/plan.ts'
import { findSource } from '../../../lib/apply/source.ts'
import { commitScript, transactionScript } from '../../../lib/apply/transaction.ts'
import { localShell } from '../../../lib/host/local-shell.ts'
import { PREAMBLE } from '../../../lib/host/shell.ts'

/** No process has this number (proc(5), pid_max). */
const GONE = '4194305 1'

const [, , id = '', form] = process.argv
const source = await findSource('/root/docker-mtls')
const plan = await planApply({ ...source, form: form === 'daemon-json' ? form : 'systemd' }, localShell())
/** @param after - seconds until the host goes back by itself */
const transaction = (after: number): string => PREAMBLE + transactionScript(plan, { id, after, owner: GONE })
const scripts = { transaction: transaction(180), hurried: transaction(10), commit: PREAMBLE + commitScript(id) }
process.stdout.write(JSON.stringify(scripts))
