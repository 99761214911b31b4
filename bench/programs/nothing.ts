/** What starting Node costs by itself. */
process.stdout.write('OK')
