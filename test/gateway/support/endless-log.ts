// Writes to an audit log until it is killed.
import { openAuditLog } from '../../../lib/gateway.ts'

const log = await openAuditLog({ path: process.argv[2] ?? '', maxBytes: 200_000 })
process.stdout.write('open\n')
for (;;) {
  for (let index = 0; index < 50; index++) log.write({ event: 'cut', identity: 'CN=client', reason: 'X' })
  await new Promise(setImmediate)
}
